import { expect, it, onTestFinished } from "vitest";
import { bench } from "../../sandbox/with-sdk.ts";
import { PERMISSIONS, probePermission } from "./probe.ts";
import { reachStripe } from "./reach.ts";

const GRANTS: Readonly<Record<string, string>> = {
  events_read: "event_read",
  webhook_endpoints_read: "webhook_read",
  charges_read: "charge_read",
  payment_intents_read: "payment_intent_read",
  disputes_read: "dispute_read",
  payouts_read: "payout_read",
  balance_read: "balance_read",
  charges_write: "charge_write",
  customers_write: "customer_write",
  invoices_write: "invoice_write",
  webhook_endpoints_write: "webhook_write",
};

it("finds each permission by itself, names the box of those that are missing, and changes nothing", async () => {
  const all = Object.values(GRANTS);
  const keys = Object.fromEntries(Object.entries(GRANTS).map(([id, grant]) => [`rk_test_only_${id}`, [grant]]));
  const sandbox = await bench({ restrictedKeys: { ...keys, rk_test_all: all, rk_test_none: [] } });
  onTestFinished(() => sandbox.close());
  const before = await sandbox.control("/");
  for (const permission of PERMISSIONS) {
    const probed = async (key: string) => await probePermission({ sdk: sandbox.client(key) }, permission);
    expect(await probed("rk_test_all"), permission.id).toEqual({ kind: "allowed" });
    expect(await probed("sk_test_full"), permission.id).toEqual({ kind: "allowed" });
    expect(await probed(`rk_test_only_${permission.id}`), permission.id).toEqual({ kind: "allowed" });
    expect(await probed("rk_test_none"), permission.id).toMatchObject({ kind: "denied", text: expect.stringContaining(`set "${permission.box}" to ${permission.access}`) });
  }
  expect(await sandbox.control("/")).toEqual(before);
});

it("does not take a Stripe that is away, or a key it does not know, for a missing permission", async () => {
  const sandbox = await bench();
  onTestFinished(() => sandbox.close());
  const [first] = PERMISSIONS;
  if (first === undefined) throw new Error("no permission");
  await sandbox.control("/faults", { times: 1, effect: { kind: "error", status: 500 } });
  expect(await probePermission({ sdk: sandbox.stripe }, first)).toMatchObject({ kind: "unknown" });
  await sandbox.control("/keys", { key: "sk_test_gone", revoked: true });
  expect(await probePermission({ sdk: sandbox.client("sk_test_gone") }, first)).toMatchObject({ kind: "unknown", text: expect.stringContaining("expired or was revoked") });
});

it("reaches Stripe with one cheap question, and says what failed", async () => {
  const sandbox = await bench();
  onTestFinished(() => sandbox.close());
  expect(await reachStripe({ sdk: sandbox.stripe }, () => 5)).toMatchObject({ tookMs: 0, serverTimeMs: expect.any(Number) });
  await sandbox.control("/faults", { times: 1, effect: { kind: "error", status: 401 } });
  await expect(reachStripe({ sdk: sandbox.stripe }, () => 5)).rejects.toMatchObject({ code: "stripe_key_refused" });
});
