import { expect, it } from "vitest";
import { idOf } from "../../sandbox/with-sdk.ts";
import { onBothDatabases } from "../../test/databases.ts";
import { scene, type Scene } from "../ingest/testing/scene.ts";
import { openAppend, readHead } from "../ledger/index.ts";
import { rebuild } from "../metrics/index.ts";
import { getPayment } from "../payments/index.ts";
import type { Database } from "../platform/index.ts";
import { catchUp, DERIVE } from "./derive.ts";
import { migrations } from "./migrations.ts";
import { type Verified, verifyAll } from "./verify.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

async function look(db: Database, s: Scene, more: { repair?: boolean; reads?: number; client?: string } = {}): Promise<Verified> {
  const nowMs = s.clock.now();
  return await verifyAll({
    db,
    api: { sdk: s.sandbox.client(more.client ?? "sk_test_bench"), live: false },
    config: { merchant: { name: "Shop", timeZone: "UTC", currency: "usd", country: null } },
    clock: s.clock,
    account: null,
    sinceMs: nowMs - 30 * 24 * HOUR,
    nowMs,
    repair: more.repair ?? false,
    objects: true,
    reads: more.reads ?? 10_000,
    wait: async () => {},
    onProgress: () => {},
  });
}

const summary = ({ events, parts, drift }: Verified) => ({ missing: events.missing, drift, complete: parts.every(({ complete }) => complete), parts: Object.fromEntries(parts.map((part) => [part.part, part.differences])) });
const agreed = { missing: 0, drift: 0, complete: true, parts: { charges: 0, refunds: 0, disputes: 0, payouts: 0, balance: 0 } };

/** Takes a payment out of what was derived, as a lost event or a fault of ours would leave it. */
async function forget(db: Database, id: string): Promise<void> {
  await db.write(async (tx) => {
    const { payment_no: no } = await tx.selectFrom("payment_alias").select("payment_no").where("alias", "=", id).executeTakeFirstOrThrow();
    for (const table of ["payment_alias", "attempt", "refund", "payment_event"] as const) await tx.deleteFrom(table).where("payment_no", "=", no).execute();
    await tx.deleteFrom("payment").where("no", "=", no).execute();
  });
}

/** An event that says otherwise, later than the truth. */
async function say(db: Database, s: Scene, type: string, object: Record<string, unknown>, id = `evt_wrong_${String(object["id"])}`): Promise<void> {
  const event = { id, object: "event", type, created: Math.floor(s.clock.now() / 1000) - 70, livemode: false, data: { object } };
  const head = readHead(event, 0);
  if (head.kind === "malformed") throw new Error(head.reason);
  await openAppend(db)([{ kind: "arrival", head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: s.clock.now(), source: "webhook", endpoint: "main" }]);
}

onBothDatabases("verifying the objects themselves", migrations, (database) => {
  it("agrees with Stripe over hours of traffic: charges, declines, refunds, disputes, per currency", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 4, flat: true } });
    await s.pass(20 * MINUTE);
    const { stripe, control } = s.sandbox;
    for (const [index, currency] of ["usd", "eur", "jpy", "usd", "eur", "usd"].entries()) {
      const paid = await stripe.paymentIntents.create({ amount: 2000 + index, currency, payment_method: "pm_card_visa", confirm: true });
      if (index < 4) await stripe.refunds.create({ payment_intent: paid.id, ...(index % 2 === 0 ? { amount: 500 } : {}) });
      else await control("/disputes", { charge: idOf(paid.latest_charge) });
    }
    const held = await stripe.paymentIntents.create({ amount: 9000, currency: "usd", payment_method: "pm_card_visa", confirm: true, capture_method: "manual" });
    await stripe.paymentIntents.capture(held.id, { amount_to_capture: 4000 });
    await stripe.paymentIntents.create({ amount: 8000, currency: "usd", payment_method: "pm_card_visa", confirm: true, capture_method: "manual" });
    const failing = await stripe.paymentIntents.create({ amount: 3000, currency: "usd", payment_method: "pm_card_visa", confirm: true });
    const back = await stripe.refunds.create({ payment_intent: failing.id, amount: 1000 });
    await control(`/refunds/${back.id}`, { status: "failed" });
    await s.pass(20 * MINUTE);
    const found = await look(db, s);
    expect(found.parts.flatMap(({ examples, trouble }) => [trouble, ...examples.map(({ text }) => text)]).filter((text) => text !== null)).toEqual([]);
    expect(summary(found)).toEqual(agreed);
    const [charges, refunds, disputes, , balance] = found.parts;
    expect(charges?.compared).toBeGreaterThan(150);
    expect(refunds?.compared).toBeGreaterThanOrEqual(5);
    expect(disputes?.compared).toBeGreaterThanOrEqual(2);
    for (const { atStripe, here } of found.parts.flatMap(({ totals }) => totals)) expect(here).toBe(atStripe);
    expect(new Set(charges?.totals.map(({ currency }) => currency)).size).toBeGreaterThan(1);
    expect(balance?.totals.map(({ what }) => what)).toEqual(expect.arrayContaining(["charge", "refund", "dispute"]));
    // A hundred objects are one request.
    expect(found.requests).toBeLessThan(60);
  });

  it("says what is missing or differs in words, mends it when told, and does so once", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0, flat: true } });
    const pay = async (amount: number) => await s.sandbox.stripe.paymentIntents.create({ amount, currency: "usd", payment_method: "pm_card_visa", confirm: true });
    const [lost, changed, refunded] = [await pay(1234), await pay(5000), await pay(700)];
    const refund = await s.sandbox.stripe.refunds.create({ payment_intent: refunded.id, amount: 200 });
    await s.pass(30 * MINUTE);
    await catchUp(db, "UTC", s.clock, 1000);
    expect(summary(await look(db, s))).toEqual(agreed);
    const chargeOf = (intent: typeof lost): string => idOf(intent.latest_charge);
    await forget(db, chargeOf(lost));
    await forget(db, refund.id);
    await say(db, s, "charge.updated", { id: chargeOf(changed), object: "charge", status: "failed", amount: 5000, currency: "usd", amount_captured: 0, amount_refunded: 0, payment_intent: changed.id });

    const found = await look(db, s);
    const texts = found.left.map(({ text }) => text);
    expect(texts).toHaveLength(4);
    expect(texts).toEqual(
      expect.arrayContaining([
        expect.stringMatching(new RegExp(`^charge ${chargeOf(lost)} of 2026-10-01 12:\\d\\d UTC \\(succeeded, \\$12\\.34 captured\\) is at Stripe and not here$`)),
        `charge ${chargeOf(changed)}: Stripe says succeeded, $50.00 captured; here it is failed, $50.00 asked`,
        expect.stringMatching(new RegExp(`^charge ${chargeOf(refunded)} .*not here$`)),
        expect.stringMatching(new RegExp(`^refund ${refund.id} of .* \\(succeeded, \\$2\\.00\\) is at Stripe and not here$`)),
      ]),
    );
    expect(found.parts[0]?.totals).toEqual([{ what: "captured", currency: "usd", count: 3, atStripe: 6934n, here: 0n }]);

    const mended = await look(db, s, { repair: true });
    expect(mended).toMatchObject({ repaired: 4, left: [], drift: 0 });
    expect(summary(await look(db, s))).toEqual(agreed);
    expect(await getPayment(db.read, lost.id)).toMatchObject({ captured: 1234, status: "succeeded" });
    expect(await getPayment(db.read, changed.id)).toMatchObject({ captured: 5000 });
    const before = await db.read.selectFrom("event").select(({ fn }) => fn.countAll<number>().as("n")).executeTakeFirst();
    await look(db, s, { repair: true });
    expect(await db.read.selectFrom("event").select(({ fn }) => fn.countAll<number>().as("n")).executeTakeFirst()).toEqual(before);
    // Deriving anew from what the ledger has ends where the repair ended.
    await rebuild(db, { check: false, timeZone: "UTC", consumer: DERIVE });
    expect(summary(await look(db, s))).toEqual(agreed);
  });

  it("holds disputes against Stripe's: one that is missing, one that stands otherwise, one whose money is said not to have moved", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0, flat: true } });
    const { stripe, control } = s.sandbox;
    const disputed = async (amount: number): Promise<{ charge: string; dispute: string }> => {
      const charge = idOf((await stripe.paymentIntents.create({ amount, currency: "usd", payment_method: "pm_card_visa", confirm: true })).latest_charge);
      await control("/disputes", { charge });
      return { charge, dispute: (await stripe.disputes.list({ charge })).data[0]?.id ?? "" };
    };
    const [lost, open, won] = [await disputed(1000), await disputed(2000), await disputed(3000)];
    await stripe.disputes.update(won.dispute, { evidence: { uncategorized_text: "winning_evidence" } });
    await s.pass(30 * MINUTE);
    expect(summary(await look(db, s))).toEqual(agreed);
    await forget(db, lost.charge);
    await say(db, s, "charge.dispute.closed", { id: open.dispute, object: "dispute", status: "won", amount: 2000, currency: "usd", charge: open.charge });
    await forget(db, won.charge);
    const { data: rest } = await stripe.events.list({ type: "charge.dispute.created" });
    expect(rest).toHaveLength(3);
    const found = await look(db, s);
    const disputes = found.parts.find(({ part }) => part === "disputes");
    const texts = disputes?.examples.map(({ text }) => text.replace(/ of 2026-10-01 \d\d:\d\d UTC/, "")) ?? [];
    expect(texts.toSorted()).toEqual(
      [
        `dispute ${lost.dispute} (needs_response, $10.00, its money is with the customer) is at Stripe and not here`,
        `dispute ${won.dispute} (won, $30.00, its money came back) is at Stripe and not here`,
        `dispute ${open.dispute}: Stripe says needs_response, $20.00, its money is with the customer; here it is won, $20.00, its money is with the customer`,
      ].toSorted(),
    );
    expect(disputes?.totals).toEqual([{ what: "disputed", currency: "usd", count: 3, atStripe: 6000n, here: 2000n }]);
    const mended = await look(db, s, { repair: true });
    // A dispute that was won stays won, whatever is told later; a person reads why.
    expect(mended.left.map(({ id }) => id)).toEqual([open.dispute]);
    expect(await getPayment(db.read, lost.charge)).toMatchObject({ status: "disputed", disputed: 1000 });
    expect(await getPayment(db.read, won.charge)).toMatchObject({ status: "succeeded", disputed: 0 });
    expect(summary(await look(db, s))).toMatchObject({ parts: { charges: 0, refunds: 0, disputes: 1, payouts: 0, balance: 0 } });
  });

  it("does not call a movement of the balance mended when only its object is as at Stripe", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0, flat: true } });
    const charge = idOf((await s.sandbox.stripe.paymentIntents.create({ amount: 2000, currency: "usd", payment_method: "pm_card_visa", confirm: true })).latest_charge);
    await s.sandbox.control("/disputes", { charge });
    const id = (await s.sandbox.stripe.disputes.list({ charge })).data[0]?.id ?? "";
    await s.pass(30 * MINUTE);
    const dispute = { id, object: "dispute", status: "needs_response", currency: "usd", charge };
    await say(db, s, "charge.dispute.funds_withdrawn", { ...dispute, amount: 1500 });
    await s.pass(2 * MINUTE);
    await say(db, s, "charge.dispute.updated", { ...dispute, amount: 2000 }, "evt_right");
    expect(summary(await look(db, s))).toMatchObject({ drift: 1, parts: { disputes: 0, balance: 1 } });
    const mended = await look(db, s, { repair: true });
    expect(mended.left).toMatchObject([{ object: "booking", id }]);
    expect(mended.drift).toBe(1);
    expect((await look(db, s)).drift).toBe(1);
  });

  it("holds payouts and their movements of the balance against Stripe's", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 0.01, flat: true } });
    await s.sandbox.advance(60 * HOUR);
    await s.sweep();
    const agreeing = await look(db, s);
    expect(summary(agreeing)).toEqual(agreed);
    const payouts = (await s.sandbox.stripe.payouts.list()).data;
    expect(agreeing.parts.find(({ part }) => part === "payouts")).toMatchObject({ compared: payouts.length, totals: [{ what: "paid out", currency: "usd", atStripe: BigInt(payouts.reduce((sum, { amount }) => sum + amount, 0)) }] });
    const [first, second] = payouts;
    if (first === undefined || second === undefined) throw new Error("two days make two payouts");
    // One is said to have failed, with another amount; of the other all events are gone.
    await say(db, s, "payout.failed", { id: first.id, object: "payout", status: "failed", amount: 1, currency: "usd" });
    await db.write(async (tx) => void (await tx.deleteFrom("event").where("object_id", "=", second.id).execute()));
    const found = await look(db, s);
    const texts = found.left.map(({ text }) => text);
    expect(texts).toContainEqual(expect.stringMatching(new RegExp(`^payout ${first.id}: Stripe says ${first.status}, \\$[\\d,.]+; here it is failed, \\$0\\.01$`)));
    expect(texts).toContainEqual(expect.stringMatching(new RegExp(`^payout ${second.id} of .* UTC \\(${second.status}, .*\\) is at Stripe and not here$`)));
    expect(found.events.missing).toBeGreaterThan(0);
    expect(found.drift).toBe(2);
    const mended = await look(db, s, { repair: true });
    expect(mended).toMatchObject({ left: [], drift: 0 });
    expect(summary(await look(db, s))).toEqual(agreed);
  });

  it("tells what is here and unknown to Stripe, and never takes it away", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 1, flat: true } });
    await s.pass(30 * MINUTE);
    const created = Math.floor(s.clock.now() / 1000) - 600;
    const forged = { id: "evt_forged", object: "event", type: "charge.succeeded", created, livemode: false, data: { object: { id: "ch_forged", object: "charge", status: "succeeded", amount: 99_999, currency: "usd", amount_captured: 99_999, amount_refunded: 0, created } } };
    const head = readHead(forged, 0);
    if (head.kind === "malformed") throw new Error(head.reason);
    await openAppend(db)([{ kind: "arrival", head: head.head, body: Buffer.from(JSON.stringify(forged)), receivedAt: s.clock.now(), source: "webhook", endpoint: "main" }]);
    const found = await look(db, s, { repair: true });
    expect(found.left).toMatchObject([{ kind: "unknown_to_stripe", id: "ch_forged", text: expect.stringContaining("Stripe does not know it") }]);
    expect(found.drift).toBe(1);
    const usd = found.parts[0]?.totals.find(({ currency }) => currency === "usd");
    expect((usd?.here ?? 0n) - (usd?.atStripe ?? 0n)).toBe(99_999n);
    expect(await getPayment(db.read, "ch_forged")).not.toBeNull();
  });

  it("keeps to the reads it was given, and says how far it came and why no further", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 8, flat: true } });
    await s.pass(30 * MINUTE);
    const whole = await look(db, s);
    const asked = s.asked.count;
    const short = await look(db, s, { reads: whole.requests - 2 });
    expect(short.requests).toBe(whole.requests - 2);
    expect(summary(short)).toMatchObject({ drift: 0, complete: false });
    expect(short.parts.at(-1)).toMatchObject({ complete: false, trouble: expect.stringContaining("requests that were allowed are made") });
    const tiny = await look(db, s, { reads: 2 });
    expect(tiny.events).toMatchObject({ trouble: expect.stringContaining("2 requests that were allowed"), missing: 0 });
    expect(tiny.events.fromMs).toBeGreaterThan(whole.events.fromMs);
    expect(s.asked.count).toBe(asked);
  });

  it("waits when Stripe has too many requests, and says which permission is lacking", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 1, flat: true }, restrictedKeys: { rk_test_events: ["event_read"] } });
    await s.pass(HOUR);
    await s.sandbox.control("/faults", { path: "/v1/charges", times: 3, effect: { kind: "error", status: 429, code: "rate_limit" } });
    expect(summary(await look(db, s))).toEqual(agreed);
    const blind = await look(db, s, { client: "rk_test_events" });
    expect(blind.events).toMatchObject({ missing: 0, trouble: null });
    expect(blind.parts.map(({ complete, compared }) => [complete, compared])).toEqual(Array.from({ length: 5 }, () => [false, 0]));
    expect(blind.parts[0]?.trouble).toContain('"Charges and Refunds" to Read');
  });
});
