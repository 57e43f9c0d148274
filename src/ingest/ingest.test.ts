import { describe, expect, it, onTestFinished } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { type AppendItem, consume, countFailures, ledgerMigrations, openAppend, readAfter, readDeliveriesAfter, readEvent } from "../ledger/index.ts";
import { AppError, createHttp, type Database, virtualClock } from "../platform/index.ts";
import { signatureHeader } from "../stripe/index.ts";
import { type Gate, openGate } from "./gate.ts";
import { createIntake, type Intake } from "./intake.ts";
import { mirrorDeliveries } from "./mirror.ts";
import { receive } from "./receive.ts";
import { WEBHOOK_BODY_LIMIT, webhookRoutes } from "./routes.ts";

const NOW = Date.UTC(2026, 9, 20, 12);
const SECRET = "whsec_test";
const secrets = [{ endpoint: "default", secret: SECRET }];

function event(id: string, extra: object = {}): Buffer {
  return Buffer.from(JSON.stringify({ id, object: "event", type: "charge.succeeded", created: NOW / 1000, livemode: false, data: { object: { id: "ch_1" } }, ...extra }));
}

const sign = (raw: Buffer, secret = SECRET): string => signatureHeader(raw, secret, NOW / 1000);

interface Setup {
  intake: Intake & Gate;
  troubles: unknown[];
  fail(with_: Error | null): void;
}

function setUp(db: Database): Setup {
  const append = openAppend(db);
  const troubles: unknown[] = [];
  let failure: Error | null = null;
  const intake = createIntake({
    append: (items: readonly AppendItem[]) => (failure === null ? append(items) : Promise.reject(failure)),
    secrets: () => secrets,
    clock: virtualClock(NOW),
    onTrouble: (error) => troubles.push(error),
    onCommitted: () => {},
  });
  return { intake: { ...intake, ...openGate(intake.acceptBatch) }, troubles, fail: (with_) => (failure = with_) };
}

const full = new AppError("unavailable", "the disk is full");

onBothDatabases("intake", ledgerMigrations, (database) => {
  it("acknowledges what is committed, once, and knows it again", async () => {
    const db = await database.open();
    const { intake } = setUp(db);
    const raw = event("evt_1");
    expect(await intake.accept({ raw, signature: sign(raw) })).toEqual({ status: 200, outcome: "accepted", error: null });
    expect(await intake.accept({ raw, signature: sign(raw) })).toMatchObject({ status: 200, outcome: "duplicate" });
    expect((await readEvent(db.read, "evt_1"))?.raw.equals(raw)).toBe(true);
  });

  it("takes a thousand at once", async () => {
    const db = await database.open();
    const { intake } = setUp(db);
    const bodies = Array.from({ length: 1000 }, (_, index) => event(`evt_${index % 900}`));
    const answers = await Promise.all(bodies.map((raw) => intake.accept({ raw, signature: sign(raw) })));
    expect(answers.filter((answer) => answer.outcome === "accepted")).toHaveLength(900);
    expect(answers.filter((answer) => answer.outcome === "duplicate")).toHaveLength(100);
    expect(await readAfter(db.read, 0, 2000)).toHaveLength(900);
  });

  it("records forgeries apart from failures, and stores nothing of them", async () => {
    const db = await database.open();
    const { intake } = setUp(db);
    const raw = event("evt_1");
    expect(await intake.accept({ raw, signature: sign(raw, "whsec_wrong") })).toMatchObject({ status: 400, outcome: "rejected" });
    expect(await intake.accept({ raw: null, signature: undefined })).toMatchObject({ status: 400, outcome: "rejected" });
    const broken = Buffer.from("{");
    expect(await intake.accept({ raw: broken, signature: sign(broken) })).toMatchObject({ status: 400, outcome: "malformed", error: expect.stringContaining("not valid JSON") });
    expect(await countFailures(db.read, NOW, NOW + 1)).toEqual({ failures: 1, rejected: 2 });
    expect(await readAfter(db.read, 0, 10)).toEqual([]);
  });

  it("acknowledges nothing while the database is away, and counts what failed when it is back", async () => {
    const db = await database.open();
    const { intake, fail, troubles } = setUp(db);
    fail(full);
    const raw = event("evt_1");
    for (let time = 0; time < 5; time += 1) {
      expect(await intake.accept({ raw, signature: sign(raw) })).toEqual({ status: 503, outcome: "failed", error: "not stored: the disk is full" });
    }
    expect(troubles).toHaveLength(5);
    await intake.flush();
    expect(await readDeliveriesAfter(db.read, 0, 10)).toEqual([]);
    fail(null);
    await intake.flush();
    expect(await countFailures(db.read, NOW, NOW + 1)).toEqual({ failures: 5, rejected: 0 });
    expect(await intake.accept({ raw, signature: sign(raw) })).toMatchObject({ status: 200, outcome: "accepted" });
  });

  it("does not let one bad row fail the others of its batch", async () => {
    const db = await database.open();
    const append = openAppend(db);
    const intake = createIntake({
      append: (items) => (items.some((item) => item.kind === "arrival" && item.head.eventId === "evt_bad") ? Promise.reject(new Error("a constraint")) : append(items)),
      secrets: () => secrets,
      clock: virtualClock(NOW),
      onTrouble: () => {},
      onCommitted: () => {},
    });
    const gate = openGate(intake.acceptBatch);
    const answers = await Promise.all(["evt_1", "evt_bad", "evt_2"].map((id) => gate.accept({ raw: event(id), signature: sign(event(id)) })));
    expect(answers.map((answer) => answer.status)).toEqual([200, 500, 200]);
  });

  it("bounds what a flood of forgeries can write", async () => {
    const db = await database.open();
    const { intake } = setUp(db);
    const raw = event("evt_1");
    await Promise.all(Array.from({ length: 3000 }, () => intake.accept({ raw, signature: "t=1,v1=0" })));
    await intake.flush();
    expect((await countFailures(db.read, NOW, NOW + 1)).rejected).toBe(3000);
    expect((await readDeliveriesAfter(db.read, 0, 1000)).length).toBeLessThan(60);
  });

  it("mirrors each delivery as a line, and goes on where it stood", async () => {
    const db = await database.open();
    const { intake } = setUp(db);
    const lines: Record<string, unknown>[] = [];
    const mirror = () => mirrorDeliveries(db, { mode: "test", append: (more) => lines.push(...more), nowMs: NOW, limit: 2 });
    for (const id of ["evt_1", "evt_2", "evt_1"]) await intake.accept({ raw: event(id, { livemode: id === "evt_2" }), signature: sign(event(id, { livemode: id === "evt_2" })) });
    await intake.accept({ raw: event("evt_9"), signature: "t=1,v1=0" });
    while (await mirror());
    expect(lines).toMatchObject([
      { ts: "2026-10-20T12:00:00Z", event_type: "charge.succeeded", event_id: "evt_1", mode: "test", ok: true, status: 200, outcome: "accepted" },
      { event_id: "evt_2", mode: "live", ok: true },
      { event_id: "evt_1", ok: true, outcome: "duplicate" },
      { event_id: "evt_9", mode: "test", ok: false, status: 400, outcome: "rejected" },
    ]);
    expect(await mirror()).toBe(false);
  });

  it("goes through HTTP with the raw bytes", async () => {
    const db = await database.open();
    const { intake } = setUp(db);
    const http = await createHttp({ clock: virtualClock(NOW), version: "test" });
    const refused: unknown[] = [];
    webhookRoutes(http, { gate: intake, onRefused: (refusal) => void refused.push(refusal) });
    const url = `${await http.listen({ port: 0, host: "127.0.0.1" })}/webhooks/stripe`;
    onTestFinished(() => http.close());
    const post = (raw: Buffer, signature?: string, type = "application/json; charset=utf-8") =>
      fetch(url, { method: "POST", body: new Uint8Array(raw), headers: { "content-type": type, ...(signature === undefined ? {} : { "stripe-signature": signature }) } });
    const odd = Buffer.from(`{ "id":"evt_odd",\r\n "type":"x", "a": 1.0, "b":"\\u00e9é" }`);
    const accepted = await post(odd, sign(odd));
    expect([accepted.status, await accepted.json()]).toEqual([200, { ok: true, outcome: "accepted" }]);
    expect((await readEvent(db.read, "evt_odd"))?.raw.equals(odd)).toBe(true);
    const typed = event("evt_2");
    expect((await post(typed, sign(typed), "text/plain")).status).toBe(200);
    const rejected = await post(odd);
    expect([rejected.status, await rejected.json()]).toEqual([400, { ok: false, error: "no Stripe-Signature header", code: "delivery_rejected", request_id: expect.any(String) }]);
    const huge = Buffer.alloc(WEBHOOK_BODY_LIMIT + 1, "a");
    const large = await post(huge, sign(huge));
    expect([large.status, await large.json()]).toEqual([413, expect.objectContaining({ ok: false, code: "too_large" })]);
    expect(refused).toEqual([{ outcome: "rejected", status: 413, reason: expect.stringContaining("larger") }]);
    expect((await fetch(url)).status).toBe(405);
  });

  it("keeps the processing of failed events apart from their storing", async () => {
    const db = await database.open();
    const { intake } = setUp(db);
    await intake.accept({ raw: event("evt_1"), signature: sign(event("evt_1")) });
    await consume(db, "c", 10, async (_tx, entries) => entries.map(({ seq }) => ({ seq, error: "odd" })), NOW);
    expect((await countFailures(db.read, NOW, NOW + 1)).failures).toBe(1);
  });
});

describe("receiving", () => {
  it("looks at nothing that is not signed", () => {
    const raw = Buffer.from("not json at all");
    expect(receive({ raw: null, signature: undefined }, secrets, NOW)).toMatchObject({ refusal: { reason: "no Stripe-Signature header" } });
    expect(receive({ raw, signature: "t=1,v1=00" }, secrets, NOW)).toMatchObject({ kind: "refusal", refusal: { outcome: "rejected", eventId: null } });
  });
});
