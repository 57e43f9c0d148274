import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { lookUpRefunds } from "./refund-hint.ts";
import { mirrorRefunds } from "./refund-record.ts";
import { migrations, newKey, post, till, type Till } from "./testing/till.ts";

async function lines(t: Till): Promise<Record<string, unknown>[]> {
  const written: Record<string, unknown>[] = [];
  while (await mirrorRefunds(t.db, (more) => written.push(...more), t.clock.now()));
  return written;
}

const calls = async (t: Till): Promise<number> => (await t.shop.sdk.refunds.list({ limit: 100 })).data.length;

onBothDatabases("refunds", migrations, (database) => {
  it("answers in the shape that clients know, and leaves a line, a time line and an audit trail", async () => {
    const t = await till(database);
    const { intent, charge } = await t.pay(1000);
    await t.deliver();
    const { status, body } = await t.refund({ payment_id: intent, amount: 0.5, reason: "requested_by_customer", note: "called us" });
    expect(status).toBe(200);
    expect(body).toEqual({
      ok: true,
      data: { id: expect.stringMatching(/^re_/), status: "succeeded", amount: 0.5, mode: "test", currency: "usd", amount_minor: 50, payment_id: intent, operation: expect.stringMatching(/^op_/), replayed: false },
    });
    await t.deliver();
    const shown = (await t.body(`/api/operations/${String(body.data?.["operation"])}`, t.operator, 200)) as { data: Record<string, unknown> & { timeline: { what: string; by: string }[] } };
    expect(shown.data).toMatchObject({ state: "confirmed", object_id: body.data?.["id"], asked_by: "olga", note: "called us", reason: "requested_by_customer", error: null });
    expect(shown.data.timeline.map(({ what, by }) => [what, by])).toEqual([["asked", "olga"], ["answered", "tillwatch"], ["confirmed", "tillwatch"]]);
    expect(await lines(t)).toEqual([
      { ts: expect.stringMatching(/Z$/), event: "refund", id: body.data?.["id"], payment_id: intent, charge, amount: 0.5, amount_minor: 50, currency: "usd", status: "succeeded", mode: "test", reason: "requested_by_customer", source: "tillwatch", operation: body.data?.["operation"] },
    ]);
    expect(await lines(t)).toEqual([]);
    const audit = await t.db.read.selectFrom("audit").select(["action", "actor_name", "outcome"]).where("action", "like", "refund%").orderBy("id").execute();
    expect(audit).toEqual([{ action: "refund.request", actor_name: "olga", outcome: "ok" }, { action: "refund.result", actor_name: "tillwatch", outcome: "ok" }]);
    expect(await t.body(`/api/payments/${intent}`, t.operator, 200)).toMatchObject({ data: { refunded: 0.5, left: 9.5, status: "partially_refunded" } });
  });

  it.each([
    ["0", 0], ["zero as text", "0.00"], ["an empty text", ""], ["too many decimals", "0.005"], ["negative", -1], ["negative text", "-0.5"], ["an exponent", "1e2"], ["NaN", "NaN"],
    ["beyond all numbers", 1e21], ["a comma", "0,50"], ["a list", [1]], ["an object", {}], ["a truth", true], ["more than is left", 10.01], ["blanks", " 1 "],
  ])("%s is no amount: 400, and nothing is sent", async (_name, amount) => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    await t.deliver();
    // Not even a question goes to Stripe: it would fail.
    t.stripe = new Proxy(t.stripe, { get: (target, name) => (name === "live" ? target.live : () => { throw new Error("asked Stripe"); }) });
    expect(await t.refund({ payment_id: intent, amount })).toMatchObject({ status: 400, body: { ok: false, error: expect.stringMatching(/amount|left/) } });
    expect(await calls(t)).toBe(0);
  });

  it.each([["left out", {}], ["null", { amount: null }]])("an amount %s is all that is left", async (_name, part) => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    await t.refund({ payment_id: intent, amount: "2.50" });
    expect((await t.refund({ payment_id: intent, ...part })).body).toMatchObject({ ok: true, data: { amount: 7.5 } });
    await t.deliver();
    expect(await t.refund({ payment_id: intent, note: "once more" })).toMatchObject({ status: 400, body: { code: "nothing_left" } });
    expect(await t.moved(intent)).toEqual([750, 250]);
  });

  it("reads amounts as their currency writes them", async () => {
    const t = await till(database);
    const yen = await t.pay(5000, { currency: "jpy" });
    expect(await t.refund({ payment_id: yen.intent, amount: "0.5" })).toMatchObject({ status: 400, body: { code: "amount_too_many_decimals" } });
    expect((await t.refund({ payment_id: yen.intent, amount: 500 })).body).toMatchObject({ data: { amount: 500, amount_minor: 500 } });
    const dinar = await t.pay(10_000, { currency: "kwd" });
    expect((await t.refund({ payment_id: dinar.intent, amount: "1.25" })).body).toMatchObject({ data: { amount: 1.25, amount_minor: 1250 } });
  });

  it("a payment that no event has told of is asked for at Stripe; ch_ and pi_ are one payment", async () => {
    const t = await till(database);
    const { intent, charge } = await t.pay(1000);
    expect((await t.refund({ payment_id: charge, amount: 1 })).body).toMatchObject({ data: { payment_id: intent, amount: 1 } });
    expect(await t.refund({ payment_id: charge, amount: 9.01 })).toMatchObject({ status: 400, body: { code: "more_than_left" } });
    expect(await t.refund({ payment_id: "pi_unknown", amount: 1 })).toMatchObject({ status: 404, body: { code: "not_at_stripe" } });
    expect(await t.refund({ payment_id: "in_wrong", amount: 1 })).toMatchObject({ status: 400 });
  });

  it("the same request twice, one after the other, refunds once and answers the same", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    const first = await t.refund({ payment_id: intent, amount: 0.5 });
    for (const amount of [0.5, "0.5", "0.50"]) {
      expect((await t.refund({ payment_id: intent, amount })).body.data).toEqual({ ...first.body.data, replayed: true });
    }
    expect(await t.moved(intent)).toEqual([50]);
    // Another key holder, other words or a key of one's own make another request; so does a day.
    const other = await newKey(t, "otto", "operator");
    expect((await t.refund({ payment_id: intent, amount: 0.5 }, {}, other.key)).body).toMatchObject({ data: { replayed: false } });
    expect((await t.refund({ payment_id: intent, amount: 0.5, note: "second item" })).body).toMatchObject({ data: { replayed: false } });
    expect((await t.refund({ payment_id: intent, amount: 0.5 }, { "idempotency-key": "k-1" })).body).toMatchObject({ data: { replayed: false } });
    t.clock.advance(24 * 3_600_000 + 1);
    expect((await t.refund({ payment_id: intent, amount: 0.5 })).body).toMatchObject({ data: { replayed: false } });
    expect(await t.moved(intent)).toEqual([50, 50, 50, 50, 50]);
  });

  it("an Idempotency-Key answers the same request the same, and another request not at all", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    const key = { "idempotency-key": "7f1c" };
    const first = await t.refund({ payment_id: intent, amount: 1 }, key);
    expect((await t.refund({ payment_id: intent, amount: 1 }, key)).body.data).toEqual({ ...first.body.data, replayed: true });
    expect(await t.refund({ payment_id: intent, amount: 2 }, key)).toMatchObject({ status: 422, body: { code: "idempotency_key_reused" } });
    const other = await newKey(t, "otto", "operator");
    expect((await t.refund({ payment_id: intent, amount: 2 }, key, other.key)).body).toMatchObject({ data: { amount: 2, replayed: false } });
    expect(await t.refund({ payment_id: intent, amount: 1 }, { "idempotency-key": "x".repeat(256) })).toMatchObject({ status: 400 });
    expect(await t.moved(intent)).toEqual([200, 100]);
  });

  it("two identical requests at once move the money once", async () => {
    for (const headers of [{}, { "idempotency-key": "same" }]) {
      const t = await till(database);
      const { intent } = await t.pay(1000);
      const answers = await Promise.all(Array.from({ length: 6 }, () => t.refund({ payment_id: intent, amount: 3 }, headers)));
      expect(await t.moved(intent)).toEqual([300]);
      // Those that came while it was under way are told so; nobody is told of a second refund.
      for (const { status, body } of answers) if (status !== 200) expect([status, body["code"]]).toEqual([409, "in_progress"]);
      const ids = new Set(answers.filter(({ status }) => status === 200).map(({ body }) => body.data?.["id"]));
      expect(ids.size).toBe(1);
      expect((await t.refund({ payment_id: intent, amount: 3 }, headers)).body).toMatchObject({ data: { id: [...ids][0], replayed: true } });
    }
  });

  it("two different partial refunds at once never give back more than there is, and each answer is true", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    const answers = await Promise.all([6, 7, 8].map((amount) => t.refund({ payment_id: intent, amount })));
    const done = answers.filter(({ status }) => status === 200).map(({ body }) => Number(body.data?.["amount_minor"]));
    expect(await t.moved(intent)).toEqual(done);
    expect(done).toHaveLength(1);
    for (const { status, body } of answers.filter((answer) => answer.status !== 200)) expect([status, body["code"]]).toEqual(status === 409 ? [409, "refund_in_progress"] : [400, "more_than_left"]);
  });

  it("what Stripe refuses is told in words, and the same may be asked again", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    await t.fault({ kind: "error", status: 429, code: "rate_limit" });
    const key = { "idempotency-key": "retry" };
    expect(await t.refund({ payment_id: intent, amount: 1 }, key)).toMatchObject({ status: 429, body: { code: "stripe_rate_limit" } });
    expect((await t.refund({ payment_id: intent, amount: 1 }, key)).status).toBe(200);
    await t.fault({ kind: "error", status: 400, code: "balance_insufficient" });
    expect(await t.refund({ payment_id: intent, amount: 2 }, { "idempotency-key": "poor" })).toMatchObject({ status: 409, body: { code: "balance_insufficient", error: expect.stringContaining("add funds") } });
    expect(await t.refund({ payment_id: intent, amount: 2 }, { "idempotency-key": "poor" })).toMatchObject({ status: 409, body: { code: "balance_insufficient" } });
    expect(await t.moved(intent)).toEqual([100]);
  });

  it("refunds made elsewhere are in the payment and in the file, marked so; one that fails later says so", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    const elsewhere = await t.shop.sdk.refunds.create({ payment_intent: intent, amount: 200, metadata: { tillwatch_operation: "op_00000000000000000000" } });
    const { body } = await t.refund({ payment_id: intent, amount: 1 });
    await t.deliver();
    expect((await lines(t)).map(({ id, source, status, event }) => [id, source, status, event])).toEqual(expect.arrayContaining([[elsewhere.id, "elsewhere", "succeeded", "refund"], [body.data?.["id"], "tillwatch", "succeeded", "refund"]]));
    expect(await t.body(`/api/payments/${intent}/refundable`, t.operator, 200)).toMatchObject({
      data: { left: 7, captured: 10, refunded: 3, fee_not_returned: { currency: "usd" }, disputed: false, in_progress: null, needs_approval: null, refunds: [{ source: "tillwatch", amount: 1 }, { source: "elsewhere", amount: 2 }] },
    });
    await t.control(`/refunds/${String(body.data?.["id"])}`, { status: "failed" });
    await t.deliver();
    expect(await lines(t)).toMatchObject([{ id: body.data?.["id"], event: "refund_failed", status: "failed", source: "tillwatch" }]);
    expect(await t.body(`/api/operations/${String(body.data?.["operation"])}`, t.operator, 200)).toMatchObject({ data: { state: "failed", code: "refund_failed" } });
    expect((await t.refund({ payment_id: intent, amount: 8 })).status).toBe(200);
  });

  it("a refund of which only its charge tells is looked up at Stripe, and is in the file too", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    const elsewhere = await t.shop.sdk.refunds.create({ payment_intent: intent, amount: 200 });
    await t.deliver("webhook", (type) => !type.startsWith("refund.") && type !== "charge.refund.updated");
    expect(await lines(t)).toEqual([]);
    const deps = { db: t.db, clock: t.clock, stripe: t.stripe };
    expect(await lookUpRefunds(deps)).toBe(false);
    t.clock.advance(60_000);
    expect(await lookUpRefunds(deps)).toBe(true);
    expect(await lookUpRefunds(deps)).toBe(false);
    expect(await lines(t)).toMatchObject([{ id: elsewhere.id, amount: 2, source: "elsewhere" }]);
    // Where the refund itself was told, nothing is asked.
    await t.shop.sdk.refunds.create({ payment_intent: intent, amount: 300 });
    await t.deliver();
    t.clock.advance(60_000);
    expect(await lookUpRefunds(deps)).toBe(false);
    expect(await lines(t)).toMatchObject([{ amount: 3, source: "elsewhere" }]);
  });

  it("a refund that was imported from a file gets no line: it has one", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    await t.shop.sdk.refunds.create({ payment_intent: intent, amount: 200 });
    await t.deliver("import");
    expect(await lines(t)).toEqual([]);
    expect(await t.body(`/api/payments/${intent}`, t.operator, 200)).toMatchObject({ data: { refunded: 2 } });
  });

  it("a refund that waits at the bank is answered as pending, and settles by its events", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    await t.fault({ kind: "refund_status", status: "pending" });
    const { body } = await t.refund({ payment_id: intent });
    expect(body).toMatchObject({ ok: true, data: { status: "pending" } });
    await t.control(`/refunds/${String(body.data?.["id"])}`, { status: "succeeded" });
    await t.deliver();
    expect(await t.body(`/api/operations/${String(body.data?.["operation"])}`, t.operator, 200)).toMatchObject({ data: { state: "confirmed", object_status: "succeeded" } });
  });

  it("asks for the right role, and for nothing that it does not know", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    const viewer = await newKey(t, "vera", "viewer");
    expect((await t.refund({ payment_id: intent }, {}, viewer.key)).status).toBe(403);
    expect((await t.ask("/api/payments/refund", null, post({ payment_id: intent }))).status).toBe(401);
    expect((await t.ask("/api/operations", viewer.key)).status).toBe(200);
    expect(await t.refund({ payment_id: intent, amout: 1 })).toMatchObject({ status: 400 });
    expect(await calls(t)).toBe(0);
  });
});
