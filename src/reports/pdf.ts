import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { AppError } from "../platform/index.ts";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome", "/usr/bin/google-chrome-stable", "/opt/google/chrome/chrome", "/snap/bin/chromium", "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"];
const LIMIT_MS = 60_000;

/** The browser that makes PDFs: the one that `CHROMIUM_PATH` names, or one where it usually is; null: there is none. */
export function findBrowser(env: Readonly<Record<string, string | undefined>>): string | null {
  const named = env["CHROMIUM_PATH"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : null;
  return PLACES.find((place) => existsSync(place)) ?? null;
}

export const NO_BROWSER = "a PDF is made by Chromium, and none was found here; install it (on Debian: apt-get install chromium), or name one with CHROMIUM_PATH, or print the HTML page from a browser";

/**
 * Prints a page of ours as PDF. It has no script and loads nothing, so that a browser without its own sandbox (as root
 * and in most containers it cannot make one) meets nothing foreign.
 *
 * @throws AppError `unavailable` when there is no browser or it fails.
 */
export async function printPdf(page: string, browser: string | null): Promise<Buffer> {
  if (browser === null) throw new AppError("unavailable", NO_BROWSER, { code: "pdf_unavailable" });
  const directory = await mkdtemp(join(tmpdir(), "tillwatch-pdf-"));
  try {
    const [source, target] = [join(directory, "report.html"), join(directory, "report.pdf")];
    await writeFile(source, page, { mode: 0o600 });
    const root = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    const options = ["--headless", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking", "--no-first-run", `--user-data-dir=${join(directory, "profile")}`, "--no-pdf-header-footer", `--print-to-pdf=${target}`];
    await promisify(execFile)(browser, [...root, ...options, pathToFileURL(source).href], { timeout: LIMIT_MS, killSignal: "SIGKILL" });
    return await readFile(target);
  } catch (error) {
    throw new AppError("unavailable", "Chromium could not print the report; print the HTML page from a browser instead", { code: "pdf_failed", cause: error });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
