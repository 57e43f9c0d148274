import { expect, it } from "vitest";
import { dashboard, expectAccessible, expectGood, shoot, tabTo, unexpected } from "./dashboard.ts";
import { paidInvoice, payInvoice } from "./fill.ts";

const stage = dashboard({ config: "operations:\n  refund_limits:\n    usd: {single: 20.00}\n" });

it("the card: a charge is made, paid by a customer in a window of their own, and seen live", async () => {
  const { page, faults } = await stage.visit("/", "olga");
  await page.getByText("SANDBOX").first().waitFor();
  await page.getByLabel("E-mail of who pays").fill("ops@example.com");
  await page.getByRole("button", { name: "Create" }).click();
  const link = await page.getByRole("link", { name: "Open the page to pay on" }).getAttribute("href");
  const customer = await stage.browser.newPage();
  await customer.goto(link ?? "");
  await customer.getByLabel("Card number").fill("4242 4242 4242 4242");
  await customer.getByLabel("Expiry").fill("12 / 34");
  await customer.getByLabel("CVC").fill("123");
  await customer.getByRole("button", { name: /Pay/ }).click();
  expect(await customer.locator("[data-status]").textContent()).toContain("paid");
  await customer.close();
  await page.getByRole("region", { name: "Live" }).last().getByText("charge.succeeded").waitFor();
  expect(faults).toEqual([]);
});

it("a refund with no mouse: to the list, into the payment, through the dialog, until Stripe's event confirms it", async () => {
  await paidInvoice(stage, 0.5, "keys@example.com");
  const { page, faults } = await stage.visit("/", "olga");
  await page.getByRole("heading", { name: "Overview" }).waitFor({ state: "attached" });
  await page.locator("#main").focus();
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.getByRole("row").filter({ hasText: "keys@example.com" }).waitFor();
  await page.locator("#main").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.getByText("Payment of $0.50 succeeded").waitFor();
  expect(new URL(page.url()).pathname).toMatch(/^\/payments\/pi_/);
  await tabTo(page, page.getByRole("button", { name: "Refund…" }));
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Refund a payment" });
  await dialog.getByText("keys@example.com").waitFor();
  await expectGood(page, "refund dialog");
  await shoot(page, "refund-dialog");
  expect(await dialog.textContent()).toContain("cannot be undone");
  await tabTo(page, dialog.getByRole("button", { name: "Refund $0.50" }));
  await page.keyboard.press("Enter");
  await page.keyboard.press("Enter");
  await dialog.getByText("$0.50 goes back to keys@example.com.").waitFor();
  await dialog.getByText(/Confirmed by Stripe at \d\d:\d\d:\d\d UTC/).waitFor();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByText("Refund $0.50 asked for by olga: Confirmed by Stripe").waitFor();
  await page.getByText("Refunded $0.50 (succeeded)").waitFor();
  expect(await stage.ask("/api/operations?kind=refund")).toMatchObject({ count: 1 });
  await page.goto(`${stage.service.url}/events?type=charge.*`);
  await page.getByRole("row").filter({ hasText: "charge.refunded" }).getByRole("link").click();
  await page.getByText("What changed since the event before").waitFor();
  await page.getByRole("row").filter({ hasText: "amount_refunded" }).first().waitFor();
  expect(faults).toEqual([]);
});

it("a refund above the limit waits for a second person: not for who asked, and sent when another approves", async () => {
  const [payment, other] = [await paidInvoice(stage, 25, "big@example.com"), await paidInvoice(stage, 30, "bigger@example.com")];
  const olga = await stage.visit(`/payments/${payment}`, "olga");
  await olga.page.getByRole("button", { name: "Refund…" }).click();
  const dialog = olga.page.getByRole("dialog", { name: "Refund a payment" });
  await dialog.getByText(/A second person has to approve it/).waitFor();
  // Sent twice before the page could be drawn anew, as by a hasty double Enter: one request.
  await dialog.locator("form").evaluate((form: HTMLFormElement) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  await dialog.getByText("Stored. Somebody else must approve it before anything is sent.").waitFor();
  await olga.page.goto(`${stage.service.url}/operations`);
  await olga.page.getByText("You asked for this yourself").waitFor();
  expect(await olga.page.getByRole("button", { name: "Approve and send" }).isDisabled()).toBe(true);
  await expectAccessible(olga.page, "approvals, own");

  const otto = await stage.visit("/operations", "otto");
  await otto.page.getByText("asked by olga").waitFor();
  // The navigation says that somebody is wanted here.
  await otto.page.getByRole("link", { name: /^Operations\s*1$/ }).waitFor();
  await shoot(otto.page, "approvals");
  await otto.page.getByRole("button", { name: "Approve and send" }).click();
  await otto.page.getByRole("button", { name: "Approve and send" }).waitFor({ state: "detached" });
  await otto.page.getByRole("row").filter({ hasText: "$25.00" }).getByText("Confirmed by Stripe").waitFor();
  await otto.page.goto(`${stage.service.url}/payments/${payment}`);
  await otto.page.getByText("Refunded $25.00 (succeeded)").waitFor();

  // The other one is rejected, with the reason, and nothing is sent.
  await stage.ask("/api/payments/refund", { payment_id: other, amount: 30 });
  await otto.page.goto(`${stage.service.url}/operations`);
  await otto.page.getByLabel("Why (optional)").fill("not their money");
  await otto.page.getByRole("button", { name: "Reject" }).click();
  await otto.page.getByRole("row").filter({ hasText: "$30.00" }).getByText("Rejected").waitFor();
  expect(await stage.ask(`/api/payments/${other}`)).toMatchObject({ data: { refunded: 0 } });
  for (const { faults } of [olga, otto]) expect(faults).toEqual([]);
});

it("an invoice is made in its dialog, paid, and followed until Stripe confirms it", async () => {
  const { page, faults } = await stage.visit("/operations", "olga");
  await page.getByRole("button", { name: "New invoice…" }).click();
  const dialog = page.getByRole("dialog", { name: "Make an invoice" });
  await dialog.getByLabel("Amount in USD").fill("12.345");
  await dialog.getByLabel("E-mail of who pays").fill("ivy@example.com");
  await dialog.getByRole("button", { name: "Make the invoice" }).click();
  // What is no amount of this currency is refused in words, and nothing was made.
  await dialog.getByText("No invoice was made.").waitFor();
  await dialog.getByLabel("Amount in USD").fill("18.00");
  await expectGood(page, "invoice dialog");
  await shoot(page, "invoice-dialog");
  await dialog.locator("form").evaluate((form: HTMLFormElement) => {
    form.requestSubmit();
    form.requestSubmit();
  });
  await dialog.getByText("An invoice of $18.00 for ivy@example.com can be paid now.").waitFor();
  await payInvoice((await dialog.getByRole("link", { name: "Open the page to pay on" }).getAttribute("href")) ?? "");
  await dialog.getByRole("button", { name: "Close" }).last().click();
  const row = page.getByRole("row").filter({ hasText: "$18.00" });
  await row.getByText("Confirmed by Stripe").waitFor();
  await row.getByRole("link").first().click();
  await page.getByText("What happened").waitFor();
  expect(faults.filter(unexpected("400"))).toEqual([]);
});

it("a refund whose answer is lost: it is not known, and the same request goes again with the same key", async () => {
  const payment = await paidInvoice(stage, 5, "lost@example.com");
  const { page, faults } = await stage.visit("/operations", "olga");
  const keys: (string | undefined)[] = [];
  await page.route("**/api/payments/refund", async (route) => {
    keys.push(route.request().headers()["idempotency-key"]);
    // It reaches the service, and its answer does not come back.
    if (keys.length === 1) await route.fetch();
    await (keys.length === 1 ? route.abort("connectionreset") : route.continue());
  });
  await page.getByRole("button", { name: "Refund…" }).click();
  await page.getByLabel("Payment id").fill(payment);
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Refund $5.00" }).click();
  await page.getByText("It is not known whether Stripe did it.").waitFor();
  await page.getByRole("button", { name: "Ask again" }).click();
  await page.getByText("$5.00 goes back to lost@example.com.").waitFor();
  expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
  expect(keys).toEqual([keys[0], keys[0]]);
  expect(await stage.ask(`/api/operations?payment_id=${payment}`)).toMatchObject({ count: 1 });
  expect(faults.filter((fault) => !fault.includes("ERR_CONNECTION_RESET"))).toEqual([]);
});

it("the palette knows people, ids, amounts and pages; ? shows the keys; Escape gives the focus back", async () => {
  const payment = await paidInvoice(stage, 7, "pal@example.com");
  const { page, faults } = await stage.visit("/tasks", "vera");
  await page.getByRole("heading", { name: "Tasks", level: 1 }).waitFor();
  const type = async (words: string): Promise<void> => {
    await page.keyboard.press("ControlOrMeta+k");
    await page.getByPlaceholder("An id, an e-mail address, a page…").fill(words);
    await page.keyboard.press("Enter");
  };
  await type("pal@example.com");
  await page.waitForURL(/payments\?q=pal/);
  await page.getByRole("row").filter({ hasText: "$7.00" }).waitFor();
  await type(payment);
  await page.waitForURL(`**/payments/${payment}`);
  await type("slos");
  await page.waitForURL("**/slos");
  await page.keyboard.press("ControlOrMeta+k");
  await expectGood(page, "palette");
  await page.keyboard.press("Escape");
  await page.locator("#main").focus();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard" }).waitFor();
  await expectGood(page, "keys");
  await shoot(page, "keys");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
  expect(faults).toEqual([]);
});
