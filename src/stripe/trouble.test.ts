import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Sandbox, startSandbox } from "../../sandbox/index.ts";
import { minor } from "../money/index.ts";
import { httpStatus, Secret } from "../platform/index.ts";
import { openStripe, type StripeApi } from "./client.ts";
import { StripeTrouble } from "./trouble.ts";

let sandbox: Sandbox;
let api: StripeApi;
const client = (key: string): StripeApi => openStripe({ secretKey: new Secret(key), apiBase: sandbox.url, live: false, timeoutMs: 300 });

beforeAll(async () => {
  sandbox = await startSandbox({ startMs: Date.UTC(2026, 0, 1), restrictedKeys: { rk_test_readonly: ["charge_read"], rk_test_nothing: [] } });
  api = client("sk_test_trouble");
});
afterAll(() => sandbox.close());

async function paid(method = "pm_card_visa", capture: "automatic" | "manual" = "automatic"): Promise<string> {
  return (await api.sdk.paymentIntents.create({ amount: 1000, currency: "usd", payment_method: method, confirm: true, capture_method: capture })).id;
}

async function control(path: string, body: object): Promise<void> {
  const response = await fetch(`${sandbox.url}/_sandbox${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(await response.text());
}
const fault = (effect: object): Promise<void> => control("/faults", { method: "POST", path: "/v1/refunds", effect });

let keys = 0;
const refund = (payment: string, amount = 100, key = `key_${(keys += 1)}`, by = api) => by.refund({ payment, amount: minor(amount), reason: null, operation: "op_0" }, key);

/** Each way in which Stripe says no (STRIPE.md 16), and what our caller is told. */
const CASES: { name: string; call(): Promise<unknown>; code: string; status: number; effect: StripeTrouble["effect"]; passing?: boolean; says: RegExp }[] = [
  { name: "charge_already_refunded", call: async () => { const id = await paid(); await refund(id, 1000); return await refund(id, 1); }, code: "already_refunded", status: 409, effect: "none", says: /refunded in full/ },
  { name: "too much, which has no code", call: async () => await refund(await paid(), 1001), code: "more_than_left", status: 400, effect: "none", says: /more than what is left.*\$10\.00/ },
  { name: "parameter_invalid_integer", call: async () => await refund(await paid(), 0), code: "amount_not_accepted", status: 400, effect: "none", says: /does not take this amount/ },
  { name: "resource_missing", call: () => refund("pi_none"), code: "not_at_stripe", status: 404, effect: "none", says: /other mode/ },
  { name: "charge_not_refundable", call: async () => await refund(await paid("pm_card_visa", "manual")), code: "not_refundable", status: 409, effect: "none", says: /cannot refund/ },
  { name: "charge_disputed", call: async () => { const id = await paid("pm_card_createDispute"); await sandbox.advance(60_000); return await refund(id); }, code: "charge_disputed", status: 409, effect: "none", says: /disputes this payment/ },
  { name: "refund_disputed_payment", call: async () => { await fault({ kind: "error", status: 400, code: "refund_disputed_payment" }); return await refund(await paid()); }, code: "dispute_open", status: 409, effect: "none", says: /pay the customer twice/ },
  { name: "balance_insufficient", call: async () => { const id = await paid(); await control("/settings", { checkBalance: true }); try { return await refund(id); } finally { await control("/settings", { checkBalance: false }); } }, code: "balance_insufficient", status: 409, effect: "none", says: /add funds/ },
  { name: "idempotency_error", call: async () => { const id = await paid(); await refund(id, 100, "same"); return await refund(id, 200, "same"); }, code: "stripe_key_reused", status: 409, effect: "unclear", says: /different request/ },
  { name: "idempotency_key_in_use", call: async () => { const id = await paid(); await fault({ kind: "delay", delayMs: 150 }); const first = refund(id, 100, "busy"); const second = refund(id, 100, "busy"); await Promise.allSettled([first, second]); return await Promise.all([first, second]); }, code: "stripe_key_in_use", status: 409, effect: "unanswered", passing: true, says: /still under way/ },
  { name: "lock_timeout", call: async () => { await fault({ kind: "error", status: 429, code: "lock_timeout" }); return await refund(await paid()); }, code: "stripe_locked", status: 429, effect: "none", passing: true, says: /for someone else/ },
  { name: "rate_limit", call: async () => { await fault({ kind: "error", status: 429, code: "rate_limit" }); return await refund(await paid()); }, code: "stripe_rate_limit", status: 429, effect: "none", passing: true, says: /too many calls/ },
  { name: "a 403 that names the permission", call: async () => await refund(await paid(), 100, "rk", client("rk_test_readonly")), code: "stripe_permission", status: 502, effect: "none", says: /rak_charge_write.*"Charges and Refunds" to Write/ },
  { name: "a key that Stripe does not know", call: async () => { await control("/keys", { key: "sk_test_gone", revoked: true }); return await refund(await paid(), 100, "gone", client("sk_test_gone")); }, code: "stripe_key_expired", status: 502, effect: "none", says: /make a new one/ },
  { name: "an error of Stripe's own", call: async () => { await fault({ kind: "error", status: 500 }); return await refund(await paid()); }, code: "stripe_failed", status: 502, effect: "unclear", passing: true, says: /error of its own/ },
  { name: "no answer in time", call: async () => { await fault({ kind: "timeout_after", holdMs: 1000 }); return await refund(await paid()); }, code: "stripe_unreachable", status: 502, effect: "unanswered", passing: true, says: /did not answer/ },
  { name: "an error that nobody foresaw", call: async () => { await fault({ kind: "error", status: 400, code: "brand_new", message: "Sorry, sk_test_abcdef123456 may not." }); return await refund(await paid()); }, code: "stripe_refused", status: 422, effect: "none", says: /Sorry, .*\*\*\* may not/ },
];

describe("errors of Stripe", () => {
  it.each(CASES)("$name", async ({ call, code, status, effect, passing = false, says }) => {
    const trouble = await call().then(
      () => null,
      (error: unknown) => error,
    );
    expect(trouble).toBeInstanceOf(StripeTrouble);
    if (!(trouble instanceof StripeTrouble)) return;
    expect({ code: trouble.code, effect: trouble.effect, passing: trouble.passing, status: httpStatus(trouble) }).toEqual({ code, effect, passing, status });
    expect(trouble.message).toMatch(says);
    // No key, not even a masked one, and nothing of the call hangs on the error.
    expect(`${trouble.stack ?? ""}${JSON.stringify(trouble)}${String(trouble.cause)}`).not.toMatch(/(sk|rk)_(test|live)_[A-Za-z0-9*]/);
  });

  it("each has a code and words of its own", () => {
    expect(new Set(CASES.map(({ code }) => code)).size).toBe(CASES.length);
  });

  it("what can be looked up is looked up when the connection was cut, once: the SDK does not send again by itself", async () => {
    const id = await paid();
    await fault({ kind: "drop_before" });
    await expect(refund(id)).rejects.toMatchObject({ code: "stripe_unreachable", effect: "unanswered" });
    expect(await api.refundsOf(id)).toEqual([]);
  });
});
