import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { eventually } from "../service.ts";
import { dashboard, expectAccessible, expectFits, go, settled, signIn, unexpected, visit } from "./dashboard.ts";
import { pagePaths } from "./pages.ts";

const stage = dashboard();

const LONG = "x".repeat(10_000);
const HOSTILE = ['<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>', LONG, "\u202Eأهلا بالعالم\u202C", "👩‍👩‍👧‍👦🏳️‍🌈", "${7*7}{{7*7}}"];

function charge(id: string, amount: number, email: unknown, description: unknown): string {
  const created = Math.floor(Date.now() / 1000);
  const object = {
    id: `ch_${id}`,
    object: "charge",
    amount,
    amount_captured: 0,
    amount_refunded: 0,
    captured: false,
    created,
    currency: "usd",
    description,
    livemode: false,
    paid: false,
    payment_intent: `pi_${id}`,
    status: "failed",
    failure_code: "card_declined",
    billing_details: { email, name: null },
    outcome: { type: "issuer_declined", network_status: "declined_by_network", reason: typeof description === "string" ? description.slice(0, 200) : null },
    payment_method_details: { type: "card", card: { brand: "<b>visa</b>", country: null, last4: "4242" } },
  };
  return JSON.stringify({ id: `evt_${id}`, object: "event", api_version: "2026-10-28.endive", created, livemode: false, type: "charge.failed", data: { object } });
}

/**
 * How much what stands on the page has moved by itself since it was loaded (Cumulative Layout Shift). Rows of the two
 * lists that grow at their top make room for each other, within boxes that stand; that is not counted.
 */
async function shiftOf(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    let sum = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean; sources: { node: Node | null }[] })[]) {
        const row = (node: Node | null): boolean => (node instanceof Element ? node : (node?.parentElement ?? null))?.closest("main ol") !== null;
        if (!entry.hadRecentInput && !entry.sources.every(({ node }) => row(node))) sum += entry.value;
      }
    }).observe({ type: "layout-shift", buffered: true });
    await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
    return sum;
  });
}

it("hostile data is text everywhere, and the layout stands", async () => {
  for (const [number, words] of HOSTILE.entries()) expect(await stage.send(charge(`hostile${number}`, 1000 + number, number === 3 ? null : `${words.slice(0, 60)}@example.com`, words))).toMatchObject({ status: 200 });
  expect(await stage.send(charge("hostile9", 1009, 5, { not: "text" }))).toMatchObject({ status: 200 });
  await eventually(() => stage.ask("/api/payments?limit=10"), ({ count }) => count === HOSTILE.length + 1);
  // What people write is no less foreign: reasons, names, comments.
  for (const words of HOSTILE.slice(0, 1)) await stage.ask("/api/silences", { kind: "silence", matchers: [{ label: "rule", op: "=", value: "nothing" }], reason: words, duration: "1h" });
  await stage.ask("/api/silences", { kind: "silence", matchers: [{ label: "rule", op: "=", value: "x".repeat(200) }], reason: `${"y".repeat(900)}\u202Eأهلا👩‍👩‍👧‍👦`, duration: "1h" });
  await stage.ask("/api/keys", { name: '<script>document.title="owned"</script>', role: "viewer" });
  const { page, faults } = await stage.visit("/payments");
  await page.getByRole("row").filter({ hasText: "$10.04" }).waitFor();
  await expectAccessible(page, "hostile payments");
  const numbers = [...HOSTILE.keys(), 9];
  for (const number of numbers) {
    await page.goto(`${stage.service.url}/payments/pi_hostile${number}`);
    await page.getByText(/Attempt failed/).waitFor();
    await (number < 2 ? expectAccessible : expectFits)(page, `hostile payment ${number}`);
    await page.goto(`${stage.service.url}/events/evt_hostile${number}`);
    await page.getByRole("heading", { name: "charge.failed" }).waitFor();
    await (number < 2 ? expectAccessible : expectFits)(page, `hostile event ${number}`);
  }
  await page.setViewportSize({ width: 390, height: 844 });
  for (const path of ["/", "/payments", "/events", "/silences", "/settings", "/audit", "/payments/pi_hostile1", "/events/evt_hostile1", `/payments?q=${encodeURIComponent(HOSTILE[0] ?? "")}`, `/events?q=${encodeURIComponent(HOSTILE[0] ?? "")}`]) {
    await page.goto(stage.service.url + path);
    await settled(page);
    await expectFits(page, `hostile ${path.slice(0, 40)} on a phone`);
    expect([path, await page.title()]).toEqual([path, expect.not.stringContaining("owned")]);
    expect([path, await page.locator("img[src=x], main script").count()]).toEqual([path, 0]);
  }
  expect(faults).toEqual([]);
});

it("what comes in live moves nothing that stands", async () => {
  const { page, faults } = await stage.visit("/");
  await settled(page);
  const feed = page.getByRole("region", { name: "Live" }).last();
  await feed.getByText("charge.failed").first().waitFor();
  const before = await shiftOf(page);
  for (let number = 0; number < 12; number += 1) expect(await stage.send(charge(`live${number}`, 2000 + number, "live@example.com", "live"))).toMatchObject({ status: 200 });
  await feed.getByText("$20.11").waitFor();
  // The figures are asked for anew after the events, and the card of the last ten events as well.
  await page.waitForResponse((response) => response.url().endsWith("/api/overview"));
  expect((await shiftOf(page)) - before).toBeLessThan(0.01);
  expect(before).toBeLessThan(0.1);
  expect(faults).toEqual([]);
});

it("an answer that is an error stands in words on every page, with the request's id; the next try shows what was asked for", async () => {
  const { page, faults } = await stage.visit("/");
  const frame = /\/api\/(whoami|about|live|wants|system-health)\b/;
  await page.route("**/api/**", async (route) => {
    if (frame.test(route.request().url())) await route.continue();
    else await route.fulfill({ status: 409, contentType: "application/json", body: JSON.stringify({ ok: false, error: "the index is being built", code: "building", request_id: "req-1" }) });
  });
  for (const path of pagePaths()) {
    await go(page, path.replace(/\$\w+/, "pi_1"));
    await page.getByText("the index is being built").first().waitFor().catch(() => expect.fail(`${path} does not say what went wrong`));
    await page.getByText("req-1").first().waitFor();
    expect([path, await page.locator("main h1").count()]).toEqual([path, 1]);
    if (path === "/payments") await expectAccessible(page, "an error");
  }
  await page.goto(`${stage.service.url}/payments`);
  await page.getByText("the index is being built").waitFor();
  await page.unroute("**/api/**");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("row").filter({ hasText: "$10.04" }).waitFor();
  expect(faults.filter(unexpected("409"))).toEqual([]);
});

it("a slow answer: its shape at once, then what is asked for in words, and the heading stands", async () => {
  const { page, faults } = await stage.visit("/settings");
  const held = Promise.withResolvers<void>();
  const frame = /\/api\/(whoami|about|live|wants|system-health)\b/;
  await page.route("**/api/**", async (route) => {
    if (!frame.test(route.request().url())) await held.promise;
    await route.continue().catch(() => {});
  });
  for (const path of pagePaths()) {
    await go(page, path.replace(/\$\w+/, "pi_hostile0"));
    await page.locator("[data-waiting]").first().waitFor();
    expect([path, await page.locator("main h1").count()]).toEqual([path, 1]);
  }
  await page.goto(`${stage.service.url}/payments?status=failed`);
  await page.getByText("Asking for payments…").waitFor();
  held.resolve();
  await page.getByRole("row").filter({ hasText: "$10.04" }).waitFor();
  expect(faults).toEqual([]);
});

it("no network: the page says so and keeps what it has; back again, it goes on by itself", async () => {
  const { page, context, faults } = await stage.visit("/payments");
  await page.getByRole("row").filter({ hasText: "$10.04" }).waitFor();
  // The code of the other pages is there soon after this one stands.
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => /\/assets\/validation-[^/]*\.js$/.test(name)));
  await context.setOffline(true);
  await page.getByRole("link", { name: "Events" }).first().click();
  await page.getByText("The service does not answer. It may be restarting, or your connection is down.").waitFor();
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByRole("row").filter({ hasText: "charge.failed" }).first().waitFor();
  expect(faults.filter((fault) => !/ERR_INTERNET_DISCONNECTED|Failed to load resource/.test(fault))).toEqual([]);
});

it("the way in: a wrong key in words, no key in the browser, strict policy, and script within its limit before the first paint", async () => {
  const { page, faults } = await stage.visit("/", null);
  let script = 0;
  page.on("response", (response) => {
    if (response.url().endsWith(".js")) script += Number(response.headers()["content-length"] ?? 0);
  });
  const first = await page.reload();
  await page.getByLabel("Key", { exact: true }).waitFor();
  expect(script).toBeGreaterThan(50_000);
  // Compressed bytes; what is linked from the page or needed for it to show.
  expect(script).toBeLessThan(250_000);
  expect(first?.headers()["content-security-policy"]).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'/);
  await expectAccessible(page, "sign-in");
  await page.getByText("SANDBOX").first().waitFor();
  await page.getByLabel("Key", { exact: true }).fill("wrong-wrong-wrong");
  await page.keyboard.press("Enter");
  await page.getByText("this key is not known").waitFor();
  await signIn(page, stage.service.url, stage.key("olga"));
  expect(await page.evaluate(() => [document.cookie, JSON.stringify([Object.entries(window.localStorage), Object.entries(window.sessionStorage)]), window.location.href].join(" "))).not.toMatch(/tw_|tillwatch=/);
  const [cookie] = await page.context().cookies();
  expect(cookie).toMatchObject({ httpOnly: true, sameSite: "Strict" });
  expect(faults.filter(unexpected("401"))).toEqual([]);
});

it("another site's page cannot act with the session, and a role is asked for by the service too", async () => {
  const { page, faults } = await stage.visit("/", "vera");
  const statuses = await page.evaluate(async () => {
    const post = async (path: string, body: object, headers: Record<string, string>): Promise<number> => (await fetch(path, { method: "POST", headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) })).status;
    const own = { "x-tillwatch": "1" };
    return {
      unmarked: (await fetch("/api/session", { method: "DELETE" })).status,
      invoice: await post("/api/payments/create-invoice", { amount: 1, email: "a@example.com" }, own),
      refund: await post("/api/payments/refund", { payment_id: "pi_1" }, own),
      key: await post("/api/keys", { name: "mine", role: "admin" }, own),
      task: await post("/api/tasks/production_alerts/run", {}, own),
      silence: await post("/api/silences", { kind: "silence", matchers: [{ label: "rule", op: "=", value: "*" }], reason: "why not", duration: "1h" }, own),
      audit: (await fetch("/api/audit")).status,
    };
  });
  expect(statuses).toEqual({ unmarked: 403, invoice: 403, refund: 403, key: 403, task: 403, silence: 403, audit: 403 });
  const cookies = (await page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
  const foreign = await fetch(`${stage.service.url}/api/session`, { method: "DELETE", headers: { cookie: cookies, "x-tillwatch": "1", "sec-fetch-site": "cross-site", origin: "https://evil.example" } });
  expect(foreign.status).toBe(403);
  expect(faults.filter(unexpected("403"))).toEqual([]);
});

it("a session that ends says so, and signing in again leads back to where one was; everywhere means everywhere", async () => {
  const { id, key } = (await stage.ask("/api/keys", { name: "short", role: "viewer" })) as { id?: string; key: string; data?: { id: string } };
  const keyId = id ?? ((await stage.ask("/api/keys"))["data"] as { id: string; name: string }[]).find(({ name }) => name === "short")?.id ?? "";
  const short = await visit(stage.browser, stage.service.url);
  await signIn(short.page, stage.service.url, key);
  await short.page.getByRole("link", { name: "Events" }).first().click();
  await short.page.getByRole("row").filter({ hasText: "charge.failed" }).first().waitFor();
  expect((await fetch(`${stage.service.url}/api/keys/${keyId}`, { method: "DELETE", headers: { "x-dash-key": stage.key("admin") } })).status).toBe(200);
  await short.page.getByRole("link", { name: "Payments" }).first().click();
  await short.page.getByText("Your session has ended. Sign in again to go on.").waitFor();
  await short.page.getByLabel("Key", { exact: true }).fill(stage.key("vera"));
  await short.page.keyboard.press("Enter");
  await short.page.getByRole("row").filter({ hasText: "$10.04" }).waitFor();
  expect(new URL(short.page.url()).pathname).toBe("/payments");
  await short.context.close();

  const [one, two] = [await stage.visit("/", "otto"), await stage.visit("/", "otto")];
  await one.page.getByRole("button", { name: /Account$/ }).click();
  await one.page.getByRole("menuitem", { name: "Sign out everywhere" }).click();
  await one.page.getByLabel("Key", { exact: true }).waitFor();
  await two.page.reload();
  await two.page.getByLabel("Key", { exact: true }).waitFor();
  for (const { faults } of [short, one, two]) expect(faults.filter(unexpected("401"))).toEqual([]);
});

it("the service dies underneath: the page says since when, keeps what it has, and comes back with everything in between", async () => {
  const { page, faults } = await stage.visit("/");
  const feed = page.getByRole("region", { name: "Live" }).last();
  await feed.getByText("charge.failed").first().waitFor();
  const shown = await feed.getByRole("listitem").count();
  await stage.kill();
  await page.getByText(/Not live since \d\d:\d\d:\d\d UTC/).waitFor();
  expect(await feed.getByRole("listitem").count()).toBe(shown);
  await stage.start();
  for (let number = 0; number < 10; number += 1) expect(await stage.send(charge(`after${number}`, 3000 + number, null, "after"))).toMatchObject({ status: 200 });
  await page.getByText(/Back\. \d+ events? came in meanwhile\.|^Live$/).last().waitFor();
  await expect.poll(async () => await feed.getByRole("listitem").count(), { timeout: 20_000 }).toBe(shown + 10);
  expect(faults.filter((fault) => !/Failed to load resource|ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/.test(fault))).toEqual([]);
});
