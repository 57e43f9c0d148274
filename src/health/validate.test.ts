import { describe, expect, it, onTestFinished } from "vitest";
import { AppError, createHttp, type HttpRequest, virtualClock } from "../platform/index.ts";
import { type Grade, validate, type Validated, type Validation, verdictOf } from "./validate.ts";
import { validationPage } from "./validation-page.ts";
import { validationReport } from "./validation-report.ts";
import { validationRoutes } from "./validation-routes.ts";

const NOON = Date.UTC(2026, 9, 20, 12);
const ABOUT = { version: "0.1.0", mode: "test", sandbox: false, merchant: "Shop <b>&</b>", time_zone: "Europe/Berlin" } as const;

function question(name: string, run: () => Promise<Validated>, area = "Data"): Validation {
  return { name, area, title: `The ${name}`, timeoutMs: 500, run };
}

const grade = (name: string, of: Grade, area?: string) => question(name, async () => ({ grade: of, found: `${name} was seen` }), area);
const options = { clock: virtualClock(NOON), monotonicMs: () => 0 };

describe("validation", () => {
  it.each<[Grade[], Grade]>([
    [[], "WARN"],
    [["PASS"], "PASS"],
    [["PASS", "WARN"], "WARN"],
    [["PASS", "FAIL", "WARN"], "FAIL"],
  ])("of %j is %s", (grades, verdict) => {
    expect(verdictOf(grades)).toBe(verdict);
  });

  it("answers every question in order, a few at a time, and goes on past one that throws or hangs", async () => {
    let [running, most] = [0, 0];
    const slow = (name: string) =>
      question(name, async () => {
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return { grade: "PASS", found: name };
      });
    const limits: AbortController[] = [];
    const asked = validate(
      [
        ...Array.from({ length: 10 }, (_, index) => slow(`q${index}`)),
        question("throws", () => Promise.reject(new AppError("unavailable", "the database is away"))),
        question("hangs", () => new Promise(() => {})),
      ],
      {
        ...options,
        timeout: () => {
          const limit = new AbortController();
          limits.push(limit);
          return limit.signal;
        },
      },
    );
    await expect.poll(() => limits.length).toBe(12);
    for (const limit of limits) limit.abort();
    const graded = await asked;
    expect(most).toBeLessThanOrEqual(4);
    expect(graded.map(({ name }) => name)).toEqual([...Array.from({ length: 10 }, (_, index) => `q${index}`), "throws", "hangs"]);
    expect(graded.slice(10)).toMatchObject([
      { grade: "WARN", found: "could not be found out: the database is away" },
      { grade: "WARN", found: "no answer in time; it was not found out" },
    ]);
  });

  it("tells no secret that an answer brought along", async () => {
    const graded = await validate([question("leaks", async () => ({ grade: "FAIL", found: "key sk_live_abcdef0123456789 refused", details: ["postgres://user:hunter2@db/x"] }))], options);
    expect(JSON.stringify(validationReport(ABOUT, graded, NOON))).not.toMatch(/abcdef0123456789|hunter2/);
  });
});

describe("the page", () => {
  const report = async () => validationReport(ABOUT, await validate([grade("one", "PASS", "Stripe"), question("two", async () => ({ grade: "FAIL", found: '<img src=x onerror="alert(1)"> `code`', todo: ["<script>"] })), grade("three", "WARN", "Stripe")], options), NOON);

  it("shows every answer as text, whatever stands in it, and needs nothing from anywhere", async () => {
    const page = validationPage(await report(), "key");
    expect(page).toContain("&lt;img src=x onerror=&quot;alert(1)&quot;&gt; <code>code</code>");
    expect(page).toContain("Shop &lt;b&gt;&amp;&lt;/b&gt;");
    expect(page).toContain("20 October 2026 at 14:00 (Europe/Berlin)");
    expect(page).not.toMatch(/<script|<img|<link|https?:\/\/|url\(|@import/);
    // What belongs together stands together, in the order it came.
    expect(page.indexOf("The one")).toBeLessThan(page.indexOf("The three"));
    expect(page.indexOf("The three")).toBeLessThan(page.indexOf("The two"));
  });

  it("shows totals alone to the public", async () => {
    const page = validationPage(await report(), "public");
    expect(page).toContain("1 warn · 1 pass");
    expect(page).not.toMatch(/The (one|two|three)|was seen|onerror/);
  });

  it("is served with a policy that allows its own style and nothing else", async () => {
    const ages: number[] = [];
    const http = await createHttp({ clock: virtualClock(NOON), version: "0.1.0" });
    const guard = async (request: HttpRequest) => {
      if (request.headers["x-dash-key"] === undefined && request.url.startsWith("/api/validation?")) throw new AppError("unauthenticated", "no key");
    };
    validationRoutes(http, {
      viewer: guard,
      entrance: guard,
      audience: (request) => (request.headers["x-dash-key"] === "key" ? "key" : "public"),
      report: async (maxAgeMs) => {
        ages.push(maxAgeMs);
        return await report();
      },
    });
    const url = await http.listen({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => http.close());
    const page = await fetch(`${url}/api/validation/html`, { headers: { "x-dash-key": "key" } });
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; /);
    expect(await page.text()).toContain("The two");
    expect(await (await fetch(`${url}/api/validation/html`)).text()).not.toContain("The two");
    const json = (await (await fetch(`${url}/api/validation?fresh=true`, { headers: { "x-dash-key": "key" } })).json()) as { counts: object };
    expect(json).toMatchObject({ ok: false, verdict: "FAIL", counts: { pass: 1, warn: 1, fail: 1 } });
    expect(ages).toEqual([300_000, 3_600_000, 0]);
    expect((await fetch(`${url}/api/validation?fresh=1`, { headers: { "x-dash-key": "key" } })).status).toBe(400);
  });
});
