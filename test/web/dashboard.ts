/**
 * The stage of the browser tests. A file calls `dashboard()` once, at its top, and has one service and one browser for
 * all its tests:
 *
 *     const stage = dashboard({ filled: true });
 *     it("shows …", async () => {
 *       const { page, faults } = await stage.visit("/oncall", "operator");
 *       await page.getByRole("heading", { name: "On-call", level: 1 }).waitFor();
 *       await expectGood(page, "/oncall");
 *       expect(faults).toEqual([]);
 *     });
 *
 * The service runs on the sandbox with a signing secret of the test's own, so that its traffic stays away and
 * `stage.send(body)` delivers what one likes. `filled` puts a day of a shop in it (see fill.ts). `visit` opens a window
 * that is signed in already. Every page is walked by pages.test.ts for accessibility, phone and policy without being
 * named anywhere: a file for a page tests what one does on it.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { beforeAll, expect, onTestFinished, vi } from "vitest";
import { openBrowser } from "../chromium.ts";
import { DASHBOARD_KEY, type Environment, sender, type Sent, type Service, startService } from "../service.ts";
import { fill } from "./fill.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** On the sandbox with a signing secret of our own: its traffic stays away, and what we sign is taken. */
const SECRET = "whsec_0123456789abcdef0123";

type Role = "viewer" | "operator" | "admin";
/** Who opens a window; an own key each, so that two operators can approve each other's refunds. */
export type Person = "vera" | "olga" | "otto" | "admin";

const ROLE: Record<Person, Role> = { vera: "viewer", olga: "operator", otto: "operator", admin: "admin" };

export interface Visit {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What must not happen: violations of the page's policy, faults of its script, requests to other hosts, errors on the console. */
  readonly faults: string[];
}

export interface Stage {
  readonly service: Service;
  readonly browser: Browser;
  readonly env: Environment;
  /** The key of a person. */
  key(person: Person): string;
  /** Delivers an event as Stripe does. */
  send(body: string): Promise<Sent>;
  /** Asks the API as the admin. @throws Error for an answer that is no success */
  ask(path: string, body?: object): Promise<Record<string, unknown>>;
  /** A window of one person, signed in, at an address; it closes with the test. Null is nobody. */
  visit(path: string, person?: Person | null, size?: { width: number; height: number }): Promise<Visit>;
  /** The service ends as if the machine had lost power, and `start` starts it again at the same address. */
  kill(): Promise<void>;
  start(): Promise<void>;
}

interface StageOptions {
  /** `tillwatch.yaml` of the service. */
  readonly config?: string;
  /** A day of a shop in it. */
  readonly filled?: boolean;
}

/** One service and one browser for a file; see above. */
export function dashboard({ config = "", filled = false }: StageOptions = {}): Stage {
  let service: Service;
  let browser: Browser;
  let env: Environment;
  let line: ReturnType<typeof sender>;
  const keys = new Map<Person, string>([["admin", DASHBOARD_KEY]]);
  const cleaning: (() => Promise<void>)[] = [];
  const start = async (): Promise<void> => {
    service = await startService(env, [], (clean) => cleaning.push(clean));
    // Where it is found again after a restart.
    env = { ...env, PORT: new URL(service.url).port };
    line = sender(service.url, SECRET);
  };
  // A browser on a machine that does ten other things is slow and not wrong.
  vi.setConfig({ testTimeout: 240_000 });
  const stage: Stage = {
    get service() {
      return service;
    },
    get browser() {
      return browser;
    },
    get env() {
      return env;
    },
    key: (person) => keys.get(person) ?? "",
    send: (body) => line.send(body),
    ask: async (path, body) => {
      const headers = { "x-dash-key": DASHBOARD_KEY, ...(body === undefined ? {} : { "content-type": "application/json" }) };
      const response = await fetch(service.url + path, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
      const text = await response.text();
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`);
      return JSON.parse(text) as Record<string, unknown>;
    },
    visit: async (path, person = "admin", size = { width: 1280, height: 800 }) => {
      const opened = await visit(browser, service.url, size);
      onTestFinished(() => opened.context.close());
      if (person !== null) {
        const answer = await opened.context.request.post(`${service.url}/api/session`, { headers: { "x-tillwatch": "1" }, data: { key: stage.key(person) } });
        if (answer.status() !== 201) throw new Error(`signing in answered ${answer.status()}: ${await answer.text()}`);
      }
      await opened.page.goto(service.url + path);
      return opened;
    },
    kill: async () => {
      line.end();
      await service.kill("SIGKILL");
    },
    start,
  };
  beforeAll(async () => {
    buildDashboard();
    const dir = mkdtempSync(join(tmpdir(), "tillwatch-web-"));
    cleaning.push(async () => rmSync(dir, { recursive: true, force: true }));
    if (config !== "") writeFileSync(join(dir, "tillwatch.yaml"), config);
    env = { PATH: process.env["PATH"] ?? "", DASHBOARD_KEY, DATA_DIR: dir, LOG_DIR: join(dir, "logs"), STRIPE_WEBHOOK_SECRET: SECRET, ...(config === "" ? {} : { TILLWATCH_CONFIG: join(dir, "tillwatch.yaml") }) };
    [browser] = await Promise.all([openBrowser((clean) => cleaning.push(clean)), start()]);
    for (const [name, role] of Object.entries(ROLE)) if (name !== "admin") keys.set(name as Person, String((await stage.ask("/api/keys", { name, role }))["key"]));
    if (filled) await fill(stage);
    return async () => {
      line.end();
      for (const clean of cleaning.toReversed()) await clean();
    };
  }, 600_000);
  return stage;
}

/** Builds the dashboard where it is not up to date; make knows. */
export function buildDashboard(): void {
  execFileSync("make", ["--silent", "dashboard"], { cwd: ROOT, stdio: "ignore" });
}

/** A browser window of one person. What the page must never do is written down as it happens. */
export async function visit(browser: Browser, url: string, size = { width: 1280, height: 800 }): Promise<Visit> {
  const context = await browser.newContext({ viewport: size, locale: "en-US", timezoneId: "UTC", reducedMotion: "reduce" });
  context.setDefaultTimeout(60_000);
  const page = await context.newPage();
  const faults: string[] = [];
  const { host } = new URL(url);
  page.on("request", (request) => {
    if (new URL(request.url()).host !== host) faults.push(`a request left for ${request.url()}`);
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("console", (message) => {
    // Who is signed in is asked before anybody is.
    if (message.location().url.endsWith("/api/whoami") && message.text().includes("401")) return;
    if (message.type() === "error" || /Content Security Policy|Refused to/i.test(message.text())) faults.push(`console: ${message.text()} ${message.location().url}`);
  });
  await page.addInitScript(() => {
    // oxlint-disable-next-line no-console -- how the page tells the test
    document.addEventListener("securitypolicyviolation", (event) => console.error(`Content Security Policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
  });
  return { page, context, faults };
}

/** For a fault: whether it is not the browser's note of an answer that the test itself wanted to be refused. */
export function unexpected(status: string): (fault: string) => boolean {
  const wanted = new RegExp(`Failed to load resource.*(${status})`);
  return (fault) => !wanted.test(fault);
}

/** As a person does, with the key; `stage.visit` is quicker. */
export async function signIn(page: Page, url: string, key: string): Promise<void> {
  await page.goto(url);
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("link", { name: "Overview" }).first().waitFor();
}

/** The page has its heading and shows what it asked for; nothing waits. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main#main h1").first().waitFor({ state: "attached" });
  await page.waitForFunction(() => document.querySelector("[aria-busy=true], [data-waiting]") === null);
}

/** To another page as a link leads there, without loading the dashboard anew. */
export async function go(page: Page, path: string): Promise<void> {
  await page.evaluate((to) => window.history.pushState(null, "", to), path);
}

interface Axe {
  run(context: Document, options: object): Promise<{ violations: { id: string; impact: string | null; nodes: { html: string; failureSummary?: string }[] }[] }>;
}

/** Nothing serious or critical by axe. */
async function expectAxe(page: Page, name: string): Promise<void> {
  // By the debugger, not as a script of the page, which the policy would refuse; once per document.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const found = await page.evaluate(async () => {
    const { axe } = window as unknown as { axe: Axe };
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.filter(({ impact }) => impact === "serious" || impact === "critical").map(({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 160)} ${failureSummary ?? ""}`).slice(0, 3).join(" | ")}`);
  });
  expect([name, found]).toEqual([name, []]);
}

/** Nothing is cut at the side, and no word is pushed out of its box beyond it. */
export async function expectFits(page: Page, name: string): Promise<void> {
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect([name, beyond]).toEqual([name, 0]);
}

/** As it stands: nothing serious or critical by axe, and nothing cut at the side. */
export async function expectAccessible(page: Page, name: string): Promise<void> {
  await expectAxe(page, name);
  await expectFits(page, name);
}

/** Two frames: what a change of scheme or size made is painted. */
async function painted(page: Page): Promise<void> {
  await page.evaluate(async () => await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
}

/** Wide in light and on a phone in dark: axe finds nothing serious, nothing is cut. The window is as before afterwards. */
export async function expectGood(page: Page, name: string): Promise<void> {
  const size = page.viewportSize() ?? { width: 1280, height: 800 };
  await expectAccessible(page, `${name}, light`);
  await page.emulateMedia({ colorScheme: "dark" });
  await page.setViewportSize({ width: 390, height: 844 });
  await painted(page);
  await expectAccessible(page, `${name}, dark on a phone`);
  await page.setViewportSize(size);
  await page.emulateMedia({ colorScheme: "light" });
}

/** Presses Tab until the element has the focus, as somebody without a mouse does. */
export async function tabTo(page: Page, target: ReturnType<Page["getByRole"]>, most = 60): Promise<void> {
  for (let steps = 0; steps < most; steps += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press("Tab");
  }
  throw new Error(`${most} times Tab, and the focus is not on ${target.toString()}`);
}

/** Keeps pictures where WEB_SHOTS says, for people to look at: light, dark, and on a phone. */
export async function shoot(page: Page, name: string): Promise<void> {
  const folder = process.env["WEB_SHOTS"];
  if (folder === undefined || folder === "") return;
  mkdirSync(folder, { recursive: true });
  const size = page.viewportSize() ?? { width: 1280, height: 800 };
  for (const scheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.screenshot({ path: join(folder, `${name}-${scheme}.png`), fullPage: true });
  }
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.screenshot({ path: join(folder, `${name}-phone.png`), fullPage: true });
  await page.setViewportSize(size);
}
