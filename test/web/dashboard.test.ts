import { join } from "node:path";
import { expect, it } from "vitest";
import { openBrowser } from "../chromium.ts";
import { temporaryDirectory } from "../databases.ts";
import { freePort } from "../postgres.ts";
import { DASHBOARD_KEY, type Environment, eventually, runCommand, sender, startService } from "../service.ts";
import { buildDashboard, expectAccessible, shoot, signIn, visit } from "./dashboard.ts";

/** On the sandbox with a signing secret of our own: its traffic stays away, and what we sign is taken. */
const SECRET = "whsec_0123456789abcdef0123";

function environment(): Environment {
  const dir = temporaryDirectory();
  return { PATH: process.env["PATH"] ?? "", DASHBOARD_KEY, DATA_DIR: dir, LOG_DIR: join(dir, "logs"), STRIPE_WEBHOOK_SECRET: SECRET };
}

async function makeKey(env: Environment, name: string, role: string): Promise<string> {
  const { stdout } = await runCommand(env, "keys", "create", name, "--role", role, "--json");
  return (JSON.parse(stdout) as { key: string }).key;
}

/** Pays on the hosted page as a customer does, in a window of their own. */
async function pay(browser: Awaited<ReturnType<typeof openBrowser>>, url: string): Promise<void> {
  const page = await browser.newPage();
  await page.goto(url);
  await page.getByLabel("Card number").fill("4242 4242 4242 4242");
  await page.getByLabel("Expiry").fill("12 / 34");
  await page.getByLabel("CVC").fill("123");
  await page.getByRole("button", { name: /Pay/ }).click();
  expect(await page.locator("[data-status]").textContent()).toContain("paid");
  await page.close();
}

/** Compressed script before the first paint, bytes. */
const SCRIPT_MAX = 250_000;

it("charge, pay, refund by keyboard alone, and every page on the way, as operator, viewer and admin", { timeout: 240_000 }, async () => {
  buildDashboard();
  const env = environment();
  const service = await startService(env);
  const browser = await openBrowser();
  const operator = await visit(browser, service.url);
  const { page } = operator;

  let script = 0;
  page.on("response", (response) => {
    if (response.url().endsWith(".js")) script += Number(response.headers()["content-length"] ?? 0);
  });
  const first = await page.goto(service.url);
  await page.getByLabel("Key", { exact: true }).waitFor();
  expect(script).toBeGreaterThan(50_000);
  expect(script).toBeLessThan(SCRIPT_MAX);
  expect(first?.headers()["content-security-policy"]).toMatch(/default-src 'none'; script-src 'self'; style-src 'self'/);
  await expectAccessible(page, "sign-in");
  await shoot(page, "sign-in");
  await page.getByLabel("Key", { exact: true }).fill("wrong-wrong-wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("this key is not known").waitFor();
  await signIn(page, service.url, await makeKey(env, "olga", "operator"));
  expect(await page.evaluate(() => [document.cookie, JSON.stringify([Object.entries(window.localStorage), Object.entries(window.sessionStorage)])].join(" "))).not.toMatch(/tw_|tillwatch=/);
  expect(await page.getByText("SANDBOX").first().isVisible()).toBe(true);

  // The card: a charge, paid by a customer, seen in the live feed without asking again.
  await page.getByLabel("E-mail of who pays").fill("ops@example.com");
  await page.getByRole("button", { name: "Create" }).click();
  const link = await page.getByRole("link", { name: "Open the page to pay on" }).getAttribute("href");
  await pay(browser, link ?? "");
  const feed = page.getByRole("region", { name: "Live" }).last();
  await feed.getByText("charge.succeeded").waitFor();
  await expectAccessible(page, "overview");
  await shoot(page, "overview");

  // Refund with no mouse: g p to the list, j and Enter into the payment, Tab and Enter through the dialog.
  await page.getByRole("heading", { name: "Overview" }).waitFor({ state: "attached" });
  await page.locator("#main").focus();
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.getByRole("row").filter({ hasText: "Succeeded" }).waitFor();
  await expectAccessible(page, "payments");
  await shoot(page, "payments");
  await page.locator("#main").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByText("Payment of $0.50 succeeded").waitFor();
  expect(new URL(page.url()).pathname).toMatch(/^\/payments\/pi_/);
  const refund = page.getByRole("button", { name: "Refund…" });
  for (let steps = 0; steps < 40 && !(await refund.evaluate((button) => button === document.activeElement)); steps += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Refund a payment" });
  await dialog.getByText("ops@example.com").waitFor();
  await expectAccessible(page, "refund dialog");
  await shoot(page, "refund");
  expect(await dialog.textContent()).toContain("cannot be undone");
  const submit = dialog.getByRole("button", { name: "Refund $0.50" });
  for (let steps = 0; steps < 20 && !(await submit.evaluate((button) => button === document.activeElement)); steps += 1) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await dialog.getByText("$0.50 goes back to ops@example.com.").waitFor();
  await dialog.getByText(/Confirmed by Stripe at \d\d:\d\d:\d\d UTC/).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  // The dialog gave the focus back, or left it on a button that can no longer be pressed.
  await page.getByText("Refund $0.50 asked for by olga: Confirmed by Stripe").waitFor();
  await page.getByText("Refunded $0.50 (succeeded)").waitFor();
  const refunds = await service.get("/api/operations?kind=refund");
  expect(refunds.body["count"]).toBe(1);
  await expectAccessible(page, "payment");
  await shoot(page, "payment");

  await page.goto(`${service.url}/events?type=charge.*`);
  await page.getByRole("row").filter({ hasText: "charge.refunded" }).getByRole("link").click();
  await page.getByText("What changed since the event before").waitFor();
  await page.getByRole("row").filter({ hasText: "amount_refunded" }).first().waitFor();
  await expectAccessible(page, "event");
  await shoot(page, "event");
  for (const [path, heading] of [["/events", "Events"], ["/operations", "Operations"], ["/set-up", "Set up"]] as const) {
    await page.goto(service.url + path);
    await page.getByRole("heading", { name: heading, level: 1 }).waitFor();
    await expectAccessible(page, path);
    await shoot(page, path.slice(1));
  }
  const csv = await page.evaluate(async () => await (await fetch("/api/exports/payments?format=csv&q=ops@example.com")).text());
  expect(csv.split("\r\n")[1]).toContain("ops@example.com");

  // The palette knows ids, pages and people.
  await page.keyboard.press("ControlOrMeta+k");
  await page.getByPlaceholder("An id, an e-mail address, a page…").fill("ops@example.com");
  await page.keyboard.press("Enter");
  await page.waitForURL(/payments\?q=ops/);
  await page.getByRole("row").filter({ hasText: "Refunded" }).waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#main").focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await page.keyboard.press("Escape");

  // A viewer sees the same, and who may do what they may not.
  const viewer = await visit(browser, service.url);
  await signIn(viewer.page, service.url, await makeKey(env, "vera", "viewer"));
  expect(await viewer.page.getByRole("button", { name: "Create" }).isDisabled()).toBe(true);
  await viewer.page.getByText("This needs the role Operator; yours is Viewer.").waitFor();
  expect(await viewer.page.evaluate(async () => (await fetch("/api/payments/create-invoice", { method: "POST", headers: { "content-type": "application/json", "x-tillwatch": "1" }, body: JSON.stringify({ amount: 1, email: "a@example.com" }) })).status)).toBe(403);
  expect(await viewer.page.evaluate(async () => (await fetch("/api/session", { method: "DELETE" })).status)).toBe(403);

  // The admin signs out everywhere: both windows ask for the key again.
  const [one, two] = [await visit(browser, service.url), await visit(browser, service.url)];
  for (const window of [one, two]) await signIn(window.page, service.url, DASHBOARD_KEY);
  await one.page.getByRole("button", { name: /Account$/ }).click();
  await one.page.getByRole("menuitem", { name: "Sign out everywhere" }).click();
  await one.page.getByLabel("Key", { exact: true }).waitFor();
  await two.page.reload();
  await two.page.getByLabel("Key", { exact: true }).waitFor();
  for (const { faults } of [operator, viewer, one, two]) expect(faults).toEqual([]);
});

const LONG = "x".repeat(10_000);

function hostile(number: number, email: unknown, description: string): string {
  const created = Math.floor(Date.now() / 1000);
  return JSON.stringify({
    id: `evt_hostile${number}`,
    object: "event",
    api_version: "2026-10-28.endive",
    created,
    livemode: false,
    type: "charge.failed",
    data: {
      object: {
        id: `ch_hostile${number}`,
        object: "charge",
        amount: 1000 + number,
        amount_captured: 0,
        amount_refunded: 0,
        captured: false,
        created,
        currency: "usd",
        description,
        livemode: false,
        paid: false,
        payment_intent: `pi_hostile${number}`,
        status: "failed",
        failure_code: "card_declined",
        billing_details: { email, name: null },
        outcome: { type: "issuer_declined", network_status: "declined_by_network", reason: description.slice(0, 200) },
        payment_method_details: { type: "card", card: { brand: "<b>visa</b>", country: null, last4: "4242" } },
      },
    },
  });
}

it("shows hostile data as text, says when it is stale, catches up without gaps, and words what fails", { timeout: 240_000 }, async () => {
  buildDashboard();
  const env = { ...environment(), PORT: String(await freePort()) };
  const first = await startService(env);
  const browser = await openBrowser();
  const visitor = await visit(browser, first.url);
  const { page } = visitor;
  await signIn(page, first.url, DASHBOARD_KEY);
  const { send, end } = sender(first.url, SECRET);
  const texts = ['<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>', LONG, "\u202Eأهلا بالعالم\u202C", "👩‍👩‍👧‍👦🏳️‍🌈", "${7*7}{{7*7}}"];
  for (const [number, words] of texts.entries()) expect(await send(hostile(number, number === 3 ? null : `${words.slice(0, 60)}@example.com`, words))).toMatchObject({ status: 200 });
  await eventually(() => first.get("/api/payments?limit=10"), ({ body }) => body["count"] === texts.length);
  await page.goto(`${first.url}/payments`);
  await page.getByRole("row").filter({ hasText: "$10.04" }).waitFor();
  await expectAccessible(page, "hostile payments");
  for (const number of texts.keys()) {
    await page.goto(`${first.url}/payments/pi_hostile${number}`);
    await page.getByText(/Attempt failed/).waitFor();
    await expectAccessible(page, `hostile payment ${number}`);
    await page.goto(`${first.url}/events/evt_hostile${number}`);
    await page.getByRole("heading", { name: "charge.failed" }).waitFor();
    await expectAccessible(page, `hostile event ${number}`);
  }
  expect(await page.title()).not.toContain("owned");
  expect(await page.locator("img[src=x]").count()).toBe(0);

  // The service dies underneath: the page says since when, keeps what it has, and comes back with everything in between.
  await page.goto(first.url);
  const feed = page.getByRole("region", { name: "Live" }).last();
  await feed.getByText("charge.failed").first().waitFor();
  const shown = await feed.getByRole("listitem").count();
  await first.kill("SIGKILL");
  await page.getByText(/Not live since \d\d:\d\d:\d\d UTC/).waitFor();
  expect(await feed.getByRole("listitem").count()).toBe(shown);
  const second = await startService(env);
  const again = sender(second.url, SECRET);
  for (let number = 10; number < 20; number += 1) expect(await again.send(hostile(number, null, "after"))).toMatchObject({ status: 200 });
  await page.getByText(/Back\. \d+ events? came in meanwhile\.|^Live$/).last().waitFor();
  await expect.poll(async () => await feed.getByRole("listitem").count(), { timeout: 20_000 }).toBe(shown + 10);

  // An API error in words, with what to do; and a slow one says what it waits for.
  await page.route("**/api/payments?*", (route) => void route.fulfill({ status: 409, contentType: "application/json", body: JSON.stringify({ ok: false, error: "the index is being built", code: "building", request_id: "req-1" }) }));
  await page.goto(`${second.url}/payments`);
  await page.getByText("the index is being built").waitFor();
  await page.getByText("req-1").waitFor();
  await page.unroute("**/api/payments?*");
  const held = Promise.withResolvers<void>();
  await page.route("**/api/payments?*", (route) => void held.promise.then(() => route.continue()));
  await page.getByRole("button", { name: "Try again" }).click();
  await page.goto(`${second.url}/payments?status=failed`);
  await page.getByText("Asking for payments…").waitFor();
  held.resolve();
  await page.getByRole("row").filter({ hasText: "$10.04" }).waitFor();

  // A refund whose answer is lost: the page says it is not known, and the same request is sent again with the same key.
  const keys: (string | undefined)[] = [];
  await page.route("**/api/payments/*/refundable", (route) => void route.fulfill({ contentType: "application/json", body: JSON.stringify({ ok: true, data: { payment_id: "pi_lost", charge: "ch_lost", mode: "test", currency: "usd", captured: 5, refunded: 0, left: 5, left_minor: 500, fee_not_returned: null, disputed: false, disputes: [], email: "lost@example.com", card: null, refunds: [], in_progress: null, awaiting_approval: [], needs_approval: null } }) }));
  await page.route("**/api/payments/refund", (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    void route.abort("connectionreset");
  });
  await page.goto(`${second.url}/operations`);
  await page.getByRole("button", { name: "Refund…" }).click();
  await page.getByLabel("Payment id").fill("pi_lost");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Refund $5.00" }).click();
  await page.getByText("It is not known whether Stripe did it.").waitFor();
  await page.getByRole("button", { name: "Ask again" }).click();
  await expect.poll(() => keys.length).toBe(2);
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(visitor.faults).toEqual([]);
  end();
  again.end();
});
