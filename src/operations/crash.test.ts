import { describe, expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { verifyAudit } from "../access/index.ts";
import { minor } from "../money/index.ts";
import type { StripeApi } from "../stripe/index.ts";
import { carryOut, resolveNext, resolveOperation } from "./carry-out.ts";
import { settleOutcome } from "./settle.ts";
import { listOperations, readSteps } from "./store.ts";
import { killing, migrations, till, type Till } from "./testing/till.ts";

const HOUR = 3_600_000;

/** The one operation there is, and what its time line says. */
async function record(t: Till) {
  const { operations } = await listOperations(t.db.read, { limit: 10 });
  expect(operations).toHaveLength(1);
  const [operation] = operations;
  if (operation === undefined) throw new Error("no operation");
  return { ...operation, line: (await readSteps(t.db.read, operation.id)).map((step) => step.what) };
}

/** What happens to the first call, and what the record must say after a restart. Money must have moved as `moved` says. */
const CASES: { name: string; break(t: Till): Promise<void>; later?: number; moved: number[]; state: string; line: string[] }[] = [
  {
    name: "killed before the call",
    break: async (t) => void (t.stripe = killing(t.stripe, "before_call")),
    moved: [50],
    state: "submitted",
    line: ["asked", "answered"],
  },
  {
    name: "killed after the answer, before the commit",
    break: async (t) => void (t.stripe = killing(t.stripe, "after_answer")),
    moved: [50],
    state: "submitted",
    line: ["asked", "found_at_stripe"],
  },
  {
    name: "killed before the call, found more than 24 hours later",
    break: async (t) => void (t.stripe = killing(t.stripe, "before_call")),
    later: 25 * HOUR,
    moved: [],
    state: "failed",
    line: ["asked", "not_at_stripe"],
  },
  {
    name: "killed after the answer, found more than 24 hours later",
    break: async (t) => void (t.stripe = killing(t.stripe, "after_answer")),
    later: 25 * HOUR,
    moved: [50],
    state: "submitted",
    line: ["asked", "found_at_stripe"],
  },
  {
    name: "connection cut before the work was done, twice",
    break: (t) => t.fault({ kind: "drop_before" }, "/v1/refunds", 2),
    moved: [50],
    state: "submitted",
    line: ["asked", "no_answer", "no_answer", "answered"],
  },
  {
    name: "time-out after the work was done, found by a look-up",
    break: (t) => t.fault({ kind: "timeout_after", holdMs: 2000 }),
    moved: [50],
    state: "submitted",
    line: ["asked", "no_answer", "found_at_stripe"],
  },
  {
    name: "connection cut after the work was done, twice",
    break: (t) => t.fault({ kind: "drop_after" }, "/v1/refunds", 2),
    moved: [50],
    state: "submitted",
    line: ["asked", "no_answer", "found_at_stripe"],
  },
  {
    name: "an error of Stripe's own after the work was done, which the key keeps",
    break: (t) => t.fault({ kind: "error_after", status: 500 }),
    moved: [50],
    state: "submitted",
    line: ["asked", "no_answer", "found_at_stripe"],
  },
  {
    name: "an error of Stripe's own instead of the work, which the key keeps",
    break: (t) => t.fault({ kind: "error", status: 500, stored: true }),
    moved: [],
    state: "failed",
    line: ["asked", "no_answer", "not_at_stripe"],
  },
  {
    name: "cut after the work was done, then turned away for too many requests",
    break: async (t) => {
      await t.fault({ kind: "drop_after" });
      // The second try is turned away before Stripe looks at the key: that must not be read as "nothing was done".
      const { stripe } = t;
      let calls = 0;
      t.stripe = new Proxy(stripe, {
        get: (target, name: keyof typeof stripe) => {
          // The list lags behind once: the first look-up finds nothing.
          if (name === "refundsOf" && calls === 1) return async () => [];
          if (name !== "refund") return target[name];
          return async (...args: Parameters<typeof stripe.refund>) => {
            calls += 1;
            if (calls === 2) await t.fault({ kind: "error", status: 401, stored: false });
            return await target.refund({ ...args[0] }, calls === 2 ? `${args[1]}-turned-away` : args[1]);
          };
        },
      });
    },
    moved: [50],
    state: "submitted",
    line: ["asked", "no_answer", "no_answer", "found_at_stripe"],
  },
];

onBothDatabases("crashes and silence", migrations, (database) => {
  describe.each(CASES)("$name", (one) => {
    it("moves the money once or not at all, and the record says which", async () => {
      const t = await till(database);
      const { stripe } = t;
      const { intent } = await t.pay(1000);
      await one.break(t);
      const body = { payment_id: intent, amount: 0.5 };
      const first = await t.refund(body);
      t.stripe = first.status === 500 ? stripe : t.stripe;
      await t.recover(one.later);
      expect(await t.moved(intent)).toEqual(one.moved);
      const { state, line, objectId } = await record(t);
      expect({ state, line }).toEqual({ state: one.state, line: one.line });
      expect(objectId).toEqual(one.moved.length === 0 ? null : expect.stringMatching(/^re_/));
      // The client that got no answer asks again: the same answer, or a fresh try when nothing was done.
      const again = await t.refund(body);
      expect(again.status).toBe(200);
      expect(await t.moved(intent)).toEqual([50]);
      if (one.moved.length > 0) expect(again.body).toMatchObject({ ok: true, data: { id: objectId, status: "succeeded", amount: 0.5, replayed: true } });
      expect((await verifyAudit(t.db)).kind).toBe("intact");
    });
  });

  it("an event that comes before the answer is on record confirms the operation", async () => {
    const t = await till(database);
    const { stripe } = t;
    const { intent } = await t.pay(1000);
    t.stripe = killing(stripe, "after_answer");
    expect((await t.refund({ payment_id: intent })).status).toBe(500);
    await t.deliver();
    expect((await record(t)).state).toBe("confirmed");
    t.stripe = stripe;
    await t.recover();
    expect((await record(t)).line).toEqual(["asked", "confirmed"]);
    expect(await t.moved(intent)).toEqual([1000]);
  });

  it("an answer that comes after it was given up is on record, and a lease that is over sends nothing", async () => {
    const t = await till(database);
    const { stripe } = t;
    const { intent } = await t.pay(1000);
    t.stripe = killing(stripe, "before_call");
    expect((await t.refund({ payment_id: intent, amount: 0.5 })).status).toBe(500);
    const stalled = await record(t);
    const parts = { db: t.db, clock: t.clock, stripe };
    await t.db.write((tx) => tx.updateTable("operation").set({ next_try_at: t.clock.now() + 1 }).execute());
    expect(await carryOut(parts, stalled)).toMatchObject({ held: false });
    expect(await t.moved(intent)).toEqual([]);
    await t.recover(25 * HOUR);
    expect((await record(t)).state).toBe("failed");
    const refund = await stripe.refund({ payment: intent, amount: minor(50), reason: null, operation: stalled.id }, "late");
    await t.db.write((tx) => settleOutcome(tx, stalled, { objectId: refund.id, objectStatus: refund.status, answer: {}, refund }, false, t.clock.now()));
    expect(await record(t)).toMatchObject({ state: "submitted", objectId: refund.id, error: null });
    await t.deliver();
    expect((await record(t)).state).toBe("confirmed");
  });

  it("a clock that was put back sends nothing twice, though Stripe has forgotten the key", async () => {
    const t = await till(database);
    const { stripe } = t;
    const { intent } = await t.pay(1000);
    t.stripe = killing(stripe, "after_answer");
    expect((await t.refund({ payment_id: intent, amount: 0.5 })).status).toBe(500);
    // What a forgotten key does: the same call is another refund.
    const forgetful = new Proxy(stripe, { get: (target, name: keyof StripeApi) => (name === "refund" ? (wish: Parameters<StripeApi["refund"]>[0], key: string) => target.refund(wish, `${key}-forgotten`) : target[name]) });
    t.clock.advance(60_000);
    while (await resolveNext({ db: t.db, clock: t.clock, stripe: forgetful }));
    expect(await t.moved(intent)).toEqual([50]);
    expect(await record(t)).toMatchObject({ state: "submitted", line: ["asked", "found_at_stripe"] });
  });

  it("an operation of one mode is neither carried out nor answered for in the other", async () => {
    const t = await till(database);
    const { stripe } = t;
    const { intent } = await t.pay(1000);
    t.stripe = killing(stripe, "before_call");
    const [body, key] = [{ payment_id: intent, amount: 0.5 }, { "idempotency-key": "both" }];
    expect((await t.refund(body, key)).status).toBe(500);
    const { id } = await record(t);
    t.clock.advance(60_000);
    const other = new Proxy(stripe, { get: (target, name: keyof StripeApi) => (name === "live" ? true : target[name]) });
    await expect(resolveOperation({ db: t.db, clock: t.clock, stripe: other }, id)).rejects.toMatchObject({ code: "other_mode" });
    expect(await t.moved(intent)).toEqual([]);
    t.stripe = other;
    const answer = await t.refund(body, key);
    expect(answer).toMatchObject({ status: 200, body: { data: { mode: "live", replayed: false } } });
    expect(answer.body.data?.["operation"]).not.toBe(id);
    expect((await t.refund({ payment_id: intent, amount: 0.7 })).body).toMatchObject({ data: { mode: "live" } });
    t.stripe = stripe;
    t.clock.advance(60_000);
    expect((await t.refund(body, key)).body).toMatchObject({ data: { mode: "test", operation: id } });
    expect((await t.refund({ payment_id: intent, amount: 0.7 })).body).toMatchObject({ data: { mode: "test", replayed: false } });
  });

  it("while a refund is unresolved, nothing else is refunded of that payment", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    t.stripe = killing(t.stripe, "before_call");
    await t.refund({ payment_id: intent, amount: 1 });
    expect(await t.refund({ payment_id: intent, amount: 2 })).toMatchObject({ status: 409, body: { code: "refund_in_progress" } });
    expect(await t.moved(intent)).toEqual([]);
  });

  it("an invoice that is cut at any of its calls is made once", async () => {
    for (const method of ["createCustomer", "draftInvoice", "addToInvoice", "finalizeInvoice"] as const) {
      for (const when of ["before_call", "after_answer"] as const) {
        const t = await till(database);
        const { stripe } = t;
        t.stripe = killing(stripe, when, method);
        const init = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ amount: 0.5, email: "ops@example.com" }) };
        expect((await t.ask("/api/payments/create-invoice", t.operator, init)).status).toBe(500);
        t.stripe = stripe;
        await t.recover();
        const { state, objectId } = await record(t);
        expect(state).toBe("submitted");
        const { data: invoices } = await t.shop.sdk.invoices.list({});
        expect(invoices.map(({ id, status, amount_due }) => ({ id, status, amount_due }))).toEqual([{ id: objectId, status: "open", amount_due: 50 }]);
        expect((await t.shop.sdk.customers.list({})).data).toHaveLength(1);
      }
    }
  });
});
