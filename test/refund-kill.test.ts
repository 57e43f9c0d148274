import { expect, it, onTestFinished } from "vitest";
import { startSandbox } from "../sandbox/index.ts";
import { minor } from "../src/money/index.ts";
import { Secret } from "../src/platform/index.ts";
import { openStripe } from "../src/stripe/index.ts";
import { temporaryDirectory } from "./databases.ts";
import { DASHBOARD_KEY, eventually, serviceEnvironment, startService } from "./service.ts";

/** Killed for good with two refunds under way: one that Stripe is still working on, one whose answer never comes. */
it("kill -9 between the call and the answer: after a restart each refund has moved its money once, and says so", async () => {
  const sandbox = await startSandbox({ seed: "kill" });
  onTestFinished(() => sandbox.close());
  const shop = openStripe({ secretKey: new Secret("sk_test_shop"), apiBase: sandbox.url, live: false });
  const pay = async (): Promise<string> => (await shop.sdk.paymentIntents.create({ amount: 1000, currency: "usd", payment_method: "pm_card_visa", confirm: true, return_url: "https://shop.example/" })).id;
  const payments = [await pay(), await pay()];
  for (const effect of [{ kind: "delay", delayMs: 2500 }, { kind: "timeout_after", holdMs: 10_000 }]) {
    await fetch(`${sandbox.url}/_sandbox/faults`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ method: "POST", path: "/v1/refunds", effect }) });
  }
  const env = serviceEnvironment({ DATA_DIR: temporaryDirectory(), STRIPE_API_BASE: sandbox.url });
  const first = await startService(env);
  const asked = payments.map((payment_id) =>
    fetch(`${first.url}/api/payments/refund`, { method: "POST", headers: { "content-type": "application/json", "x-dash-key": DASHBOARD_KEY }, body: JSON.stringify({ payment_id, amount: 2.5 }) }).catch(() => null),
  );
  // Both calls are with Stripe: one has done its work, the other has not begun it.
  await eventually(async () => (await Promise.all(payments.map((id) => shop.refundsOf(id)))).flat(), (refunds) => refunds.length === 1);
  await first.kill("SIGKILL");
  expect(await Promise.all(asked)).toEqual([null, null]);

  const second = await startService(env);
  const operations = await eventually(
    async () => (await second.get("/api/operations")).body["data"] as { state: string; object_id: string; payment_id: string; amount_minor: number }[],
    (list) => list.length === 2 && list.every(({ state }) => state === "submitted"),
    45_000,
  );
  for (const id of payments) {
    const refunds = await shop.refundsOf(id);
    expect(refunds.map(({ amount }) => amount)).toEqual([minor(250)]);
    expect(operations).toContainEqual(expect.objectContaining({ payment_id: id, state: "submitted", object_id: refunds[0]?.id, amount_minor: 250 }));
  }
}, 90_000);
