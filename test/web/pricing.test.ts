import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { startSandbox } from "../../sandbox/index.ts";
import { Secret } from "../../src/platform/index.ts";
import { openStripe } from "../../src/stripe/index.ts";
import { openBrowser } from "../chromium.ts";
import { temporaryDirectory } from "../databases.ts";
import { DASHBOARD_KEY, runCommand, serviceEnvironment, startService } from "../service.ts";
import { buildDashboard, expectAccessible, shoot, signIn, unexpected, visit } from "./dashboard.ts";

it("a proposed price is approved as it was seen, made at Stripe and rolled back; another is rejected; nobody else may", { timeout: 120_000 }, async () => {
  buildDashboard();
  const sandbox = await startSandbox({ seed: "pricing" });
  onTestFinished(() => sandbox.close());
  const { sdk } = openStripe({ secretKey: new Secret("sk_test_shop"), apiBase: sandbox.url, live: false });
  const product = await sdk.products.create({ name: "Tea", default_price_data: { currency: "usd", unit_amount: 2000 } });
  const old = product.default_price;
  if (typeof old !== "string") throw new Error("the product has no default price");
  const dir = temporaryDirectory();
  writeFileSync(join(dir, "tillwatch.yaml"), "pricing: {enabled: on}\n");
  const env = serviceEnvironment({ DATA_DIR: dir, STRIPE_API_BASE: sandbox.url, TILLWATCH_CONFIG: join(dir, "tillwatch.yaml") });
  const [service, browser] = [await startService(env), await openBrowser()];
  const olga = (JSON.parse((await runCommand(env, "keys", "create", "olga", "--role", "operator", "--json")).stdout) as { key: string }).key;
  const propose = async (amount: string): Promise<string> => {
    const response = await fetch(`${service.url}/api/pricing/suggestions`, { method: "POST", headers: { "content-type": "application/json", "x-dash-key": olga }, body: JSON.stringify({ price_id: old, amount, reason: "rents rose" }) });
    return ((await response.json()) as { data: { id: string } }).data.id;
  };
  const admin = await visit(browser, service.url);
  const { page } = admin;
  await signIn(page, service.url, DASHBOARD_KEY);
  await page.getByRole("link", { name: "Pricing" }).first().click();
  await page.getByText("Nothing was looked at yet").waitFor();
  await expectAccessible(page, "pricing, empty");

  const [first, second] = [await propose("20.50"), await propose("21.00")];
  await page.goto(`${service.url}/pricing`);
  await page.getByText("Waits for an admin").first().waitFor();
  await expectAccessible(page, "pricing");
  await shoot(page, "pricing");
  await page.goto(`${service.url}/pricing/${first}`);
  await page.getByRole("heading", { name: "Your decision" }).waitFor();
  await expectAccessible(page, "suggestion");
  await shoot(page, "suggestion");
  expect(await page.getByRole("button", { name: "Reject" }).isDisabled()).toBe(true);
  await page.getByRole("button", { name: "Approve" }).focus();
  await page.keyboard.press("Enter");
  await page.getByText("Applied, watched").waitFor();
  const made = (await sdk.prices.list({ product: product.id })).data.find(({ id }) => id !== old);
  expect(made).toMatchObject({ unit_amount: 2050, active: true, metadata: { tillwatch_suggestion: first } });

  // Seen twice is not applied twice: the other change of the same price is refused, in words.
  await page.goto(`${service.url}/pricing/${second}`);
  await page.getByRole("button", { name: "Approve" }).click();
  await page.getByText(/price was changed less than 30 days ago|is being watched/).waitFor();
  await page.getByLabel("Reason", { exact: true }).fill("one at a time");
  await page.getByRole("button", { name: "Reject" }).click();
  await page.getByText("Rejected").first().waitFor();

  await page.goto(`${service.url}/pricing/${first}`);
  await page.getByLabel("Reason", { exact: true }).fill("customers complained");
  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByText("Rolled back").first().waitFor();
  expect((await sdk.products.retrieve(product.id)).default_price).toBe(old);
  expect((await sdk.prices.retrieve(made?.id ?? "")).active).toBe(false);
  await shoot(page, "rolled-back");
  // Refused on purpose; and a service without deliveries is not well, which its health says with a 503.
  expect(admin.faults.filter(unexpected("409|503"))).toEqual([]);

  const operator = await visit(browser, service.url);
  await signIn(operator.page, service.url, olga);
  await operator.page.goto(`${service.url}/pricing/${await propose("19.50")}`);
  await operator.page.getByRole("button", { name: "Approve" }).waitFor();
  expect(await operator.page.getByRole("button", { name: "Approve" }).isDisabled()).toBe(true);
  await browser.close();
});
