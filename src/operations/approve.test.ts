import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { currency, minor } from "../money/index.ts";
import { expireApprovals } from "./approve.ts";
import { noteMissing } from "./confirm.ts";
import { judgeLimit, type RefundLimits } from "./limit.ts";
import { migrations, newKey, post, till } from "./testing/till.ts";

const usd = currency("usd");
const limits: RefundLimits = { usd: { single: minor(500), day: minor(1200), keyDay: minor(800) } };

it("limits are judged by currency, single amount, key and day", () => {
  const none = { all: 0, own: 0 };
  expect(judgeLimit({}, usd, minor(1e7), none).kind).toBe("within");
  expect(judgeLimit(limits, usd, minor(500), none).kind).toBe("within");
  expect(judgeLimit(limits, usd, minor(501), none)).toMatchObject({ kind: "above", reason: expect.stringContaining("$5.01 is above the largest single refund of $5.00") });
  expect(judgeLimit(limits, usd, minor(400), { all: 401, own: 401 })).toMatchObject({ kind: "above", reason: expect.stringContaining("this key's limit of $8.00") });
  expect(judgeLimit(limits, usd, minor(400), { all: 801, own: 0 })).toMatchObject({ kind: "above", reason: expect.stringContaining("limit of $12.00 a day") });
  expect(judgeLimit(limits, currency("eur"), minor(1), none)).toMatchObject({ kind: "above", reason: expect.stringContaining("no limit is set for EUR") });
});

onBothDatabases("a second person", migrations, (database) => {
  it("approves what is above a limit, never one's own, and then it is sent", async () => {
    const t = await till(database, { limits });
    const { intent } = await t.pay(2000);
    const asked = await t.refund({ payment_id: intent, amount: 6 });
    expect(asked).toMatchObject({ status: 202, body: { ok: true, data: { id: null, status: "awaiting_approval", amount: 6 } } });
    const id = String(asked.body.data?.["operation"]);
    expect(await t.moved(intent)).toEqual([]);
    // Asked again: still the one that waits.
    expect((await t.refund({ payment_id: intent, amount: 6 })).body).toMatchObject({ data: { operation: id, replayed: true } });
    const approve = (key: string) => t.ask(`/api/operations/${id}/approve`, key, { method: "POST" });
    expect(await (await approve(t.operator)).json()).toMatchObject({ ok: false, code: "own_operation" });
    const viewer = await newKey(t, "vera", "viewer");
    expect((await approve(viewer.key)).status).toBe(403);
    const second = await newKey(t, "otto", "operator");
    const answers = await Promise.all([approve(second.key), approve(second.key)]);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 409]));
    expect(await t.moved(intent)).toEqual([600]);
    await t.deliver();
    const shown = (await t.body(`/api/operations/${id}`, t.operator, 200)) as { data: { timeline: { what: string; by: string }[] } };
    expect(shown.data).toMatchObject({ state: "confirmed", asked_by: "olga", decided_by: "otto" });
    expect(shown.data.timeline.map(({ what, by }) => `${what} ${by}`)).toEqual(["asked olga", "approved otto", "answered tillwatch", "confirmed tillwatch"]);
    const audit = await t.db.read.selectFrom("audit").select(["action", "actor_name"]).where("subject", "=", id).orderBy("id").execute();
    expect(audit.map(({ action, actor_name }) => `${action} ${actor_name}`)).toEqual(["refund.request olga", "refund.approve otto", "refund.result tillwatch"]);
  });

  it("a day's limit counts what was sent that day, however long before it was asked for", async () => {
    const t = await till(database, { limits });
    const { intent } = await t.pay(5000);
    const second = await newKey(t, "otto", "operator");
    const id = String((await t.refund({ payment_id: intent, amount: 7 })).body.data?.["operation"]);
    t.clock.advance(2 * 86_400_000);
    expect((await t.ask(`/api/operations/${id}/approve`, second.key, { method: "POST" })).status).toBe(200);
    expect((await t.refund({ payment_id: intent, amount: 2 })).status).toBe(202);
  });

  it("asked again days later while the first still waits, it is the first", async () => {
    const t = await till(database, { limits });
    const { intent } = await t.pay(2000);
    const first = await t.refund({ payment_id: intent, amount: 6 });
    t.clock.advance(3 * 86_400_000);
    expect((await t.refund({ payment_id: intent, amount: 6 })).body).toMatchObject({ data: { operation: first.body.data?.["operation"], status: "awaiting_approval", replayed: true } });
  });

  it("rejects it, and nothing is ever sent", async () => {
    const t = await till(database, { limits });
    const { intent } = await t.pay(2000);
    const id = String((await t.refund({ payment_id: intent, amount: 6 })).body.data?.["operation"]);
    const second = await newKey(t, "otto", "operator");
    expect(await t.body(`/api/operations/${id}/reject`, second.key, 200, post({ why: "wrong customer" }))).toMatchObject({ data: { state: "rejected", decided_by: "otto" } });
    expect((await t.ask(`/api/operations/${id}/approve`, second.key, { method: "POST" })).status).toBe(409);
    expect(await t.moved(intent)).toEqual([]);
  });

  it("counts refunds of a day by key and together, and those that failed not", async () => {
    const t = await till(database, { limits });
    const { intent } = await t.pay(5000);
    const second = await newKey(t, "otto", "operator");
    expect((await t.refund({ payment_id: intent, amount: 4 })).status).toBe(200);
    await t.fault({ kind: "error", status: 400, code: "balance_insufficient" });
    expect((await t.refund({ payment_id: intent, amount: 3 })).status).toBe(409);
    expect((await t.refund({ payment_id: intent, amount: 3.5 })).status).toBe(200);
    expect((await t.refund({ payment_id: intent, amount: 0.51 })).status).toBe(202);
    expect((await t.refund({ payment_id: intent, amount: 4.5 }, {}, second.key)).status).toBe(200);
    expect((await t.refund({ payment_id: intent, amount: 0.2 }, {}, second.key)).status).toBe(202);
    t.clock.advance(86_400_001);
    expect((await t.refund({ payment_id: intent, amount: 5 })).status).toBe(200);
  });

  it("cannot approve what is no longer there to give back, nor after a week", async () => {
    const t = await till(database, { limits });
    const { intent } = await t.pay(1000);
    const first = String((await t.refund({ payment_id: intent, amount: 6 })).body.data?.["operation"]);
    const late = String((await t.refund({ payment_id: intent, amount: 5.5 })).body.data?.["operation"]);
    await t.shop.sdk.refunds.create({ payment_intent: intent, amount: 450 });
    const second = await newKey(t, "otto", "operator");
    expect(await (await t.ask(`/api/operations/${first}/approve`, second.key, { method: "POST" })).json()).toMatchObject({ code: "more_than_left" });
    t.clock.advance(7 * 86_400_000 + 1);
    expect(await (await t.ask(`/api/operations/${late}/approve`, second.key, { method: "POST" })).json()).toMatchObject({ code: "operation_expired" });
    while (await expireApprovals({ db: t.db, clock: t.clock }));
    expect(await t.body(`/api/operations/${late}`, t.operator, 200)).toMatchObject({ data: { state: "expired" } });
    expect(await t.moved(intent)).toEqual([450]);
  });

  it("a confirmation that does not come within ten minutes is noted, once", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    const { body } = await t.refund({ payment_id: intent });
    expect(await noteMissing(t.db, t.clock)).toBeNull();
    t.clock.advance(10 * 60_000 + 1);
    expect(await noteMissing(t.db, t.clock)).toEqual({ operation: body.data?.["operation"], object: body.data?.["id"] });
    expect(await noteMissing(t.db, t.clock)).toBeNull();
    await t.deliver();
    expect(await t.body(`/api/operations/${String(body.data?.["operation"])}`, t.operator, 200)).toMatchObject({ data: { state: "confirmed" } });
  });

  it("lists operations by page, kind, state and payment", async () => {
    const t = await till(database);
    const { intent } = await t.pay(1000);
    for (const amount of [1, 2, 3]) await t.refund({ payment_id: intent, amount });
    const first = (await t.body("/api/operations?limit=2&kind=refund", t.operator, 200)) as { data: { amount: number }[]; next_cursor: string };
    expect(first.data.map(({ amount }) => amount)).toEqual([3, 2]);
    expect(await t.body(`/api/operations?limit=2&cursor=${first.next_cursor}`, t.operator, 200)).toMatchObject({ data: [{ amount: 1 }], next_cursor: null });
    expect(await t.body(`/api/operations?state=failed&payment_id=${intent}`, t.operator, 200)).toMatchObject({ count: 0 });
    expect((await t.ask("/api/operations/op_00000000000000000000", t.operator)).status).toBe(404);
    expect((await t.ask("/api/operations?limit=0", t.operator)).status).toBe(400);
  });
});
