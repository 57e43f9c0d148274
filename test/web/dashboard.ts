import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";

const ROOT = join(import.meta.dirname, "..", "..");
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** Builds the dashboard where it is not up to date; make knows. */
export function buildDashboard(): void {
  execFileSync("make", ["--silent", "dashboard"], { cwd: ROOT, stdio: "ignore" });
}

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What must not happen: violations of the page's policy, faults of its script, requests to other hosts. */
  readonly faults: string[];
}

/** A browser window of one person. What the page must never do is written down as it happens. */
export async function visit(browser: Browser, url: string, size = { width: 1280, height: 800 }): Promise<Visit> {
  const context = await browser.newContext({ viewport: size, locale: "en-US", timezoneId: "UTC" });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  const faults: string[] = [];
  const { host } = new URL(url);
  page.on("request", (request) => {
    if (new URL(request.url()).host !== host) faults.push(`a request left for ${request.url()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    if (/Content Security Policy|Refused to/i.test(message.text())) faults.push(message.text());
  });
  await page.addInitScript(() => {
    // oxlint-disable-next-line no-console -- how the page tells the test
    document.addEventListener("securitypolicyviolation", (event) => console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
  });
  return { page, context, faults };
}

export async function signIn(page: Page, url: string, key: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Overview" }).first().waitFor();
}

/** Nothing serious or critical by axe, and nothing cut at the side. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  // By the debugger, not as a script of the page, which the policy would refuse.
  await page.evaluate(await (await import("node:fs/promises")).readFile(AXE, "utf8"));
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: { run(context: Document, options: object): Promise<{ violations: { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] }[] }> } };
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary ?? ""}`).slice(0, 3).join(" | ")}`);
  });
  expect([name, found]).toEqual([name, []]);
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect([name, beyond]).toEqual([name, 0]);
}

/** Keeps pictures where WEB_SHOTS says, for people to look at: light, dark, and on a phone. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env["WEB_SHOTS"];
  if (folder === undefined || folder === "") return;
  mkdirSync(folder, { recursive: true });
  const size = page.viewportSize() ?? { width: 1280, height: 800 };
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.screenshot({ path: join(folder, `${name}-${scheme}.png`) });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: join(folder, `${name}-phone.png`), fullPage: true });
  await page.setViewportSize(size);
}
