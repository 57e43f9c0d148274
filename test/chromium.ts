import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";
import { onTestFinished } from "vitest";
import type { AtEnd } from "./service.ts";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];

function present(): string | null {
  const named = process.env["CHROMIUM_PATH"];
  if (named !== undefined && named !== "") return named;
  return PLACES.find((place) => existsSync(place)) ?? null;
}

/** The browser's program: the one that is there, or Debian's, installed when we may. @throws Error that says what to do. */
function findChromium(): string {
  const found = present();
  if (found !== null) return found;
  if (process.getuid?.() === 0 && existsSync("/usr/bin/apt-get")) {
    const options = { stdio: "ignore", env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } } as const;
    execFileSync("apt-get", ["update"], options);
    execFileSync("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], options);
    const installed = present();
    if (installed !== null) return installed;
  }
  throw new Error("a test needs a browser: install Chromium (on Debian: apt-get install chromium), or name one with CHROMIUM_PATH=/path/to/chromium");
}

/** A headless browser that ends with the test, or when `atEnd` says. */
export async function openBrowser(atEnd: AtEnd = onTestFinished): Promise<Browser> {
  // As root, and in most containers, Chromium's own sandbox cannot be made; what it opens here is our own page.
  const browser = await chromium.launch({ executablePath: findChromium(), args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  atEnd(() => browser.close());
  return browser;
}
