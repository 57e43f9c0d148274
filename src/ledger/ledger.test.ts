import fc from "fast-check";
import { sql } from "kysely";
import { describe, expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { AppError, type Database } from "../platform/index.ts";
import { APPEND_LOCK } from "./append-postgres.ts";
import { type AppendItem, type Arrival, openAppend } from "./append.ts";
import { armEvent, consume, consumerSeq, moveCursor, retryArmed } from "./consume.ts";
import { countFailures, lastDeliveryAt, readDeliveriesAfter } from "./deliveries.ts";
import { readHead, sameFact } from "./event.ts";
import { compareBodies, factOf } from "./known.ts";
import { ledgerMigrations } from "./migrations/index.ts";
import { lastSeq, readAfter, readEvent, readVariants } from "./read.ts";
import { retainDeliveries, retainEvents } from "./retain.ts";
import { type EventFilter, searchEvents } from "./search.ts";

const T0 = Date.UTC(2026, 9, 20, 12);

function arrival(id: string, type = "charge.succeeded", options: { at?: number; extra?: object; source?: Arrival["source"] } = {}): Arrival {
  const body = Buffer.from(JSON.stringify({ id, object: "event", type, created: T0 / 1000, livemode: true, data: { object: { id: `ch_${id}` } }, ...options.extra }));
  const receivedAt = options.at ?? T0;
  const result = readHead(JSON.parse(body.toString()), receivedAt);
  if (result.kind !== "head") throw new Error(result.reason);
  return { kind: "arrival", head: result.head, body, receivedAt, source: options.source ?? "webhook", endpoint: "default" };
}

function refusal(outcome: "failed" | "malformed" | "rejected", at = T0, count = 1): AppendItem {
  return { kind: "refusal", outcome, receivedAt: at, endpoint: "default", status: 503, reason: "the disk is full", eventId: "evt_x", eventType: "charge.failed", count };
}

describe("reading the head of an event", () => {
  it("takes old, new, thin and odd shapes", () => {
    expect(readHead({ id: "evt_1", type: "invoice.upcoming", created: 5, data: { object: { object: "invoice" } } }, T0)).toMatchObject({
      kind: "head",
      head: { createdAt: 5000, live: false, objectId: null, apiVersion: null, thin: false },
    });
    const thin = { id: "evt_2", object: "v2.core.event", type: "v1.account.updated", created: "2026-10-20T12:00:00.000Z", livemode: true, related_object: { id: "acct_1" }, snapshot_event: "evt_1" };
    expect(readHead(thin, 0)).toMatchObject({ head: { thin: true, objectId: "acct_1", snapshotEvent: "evt_1", createdAt: T0 } });
  });

  it.each([[null], [[]], ["text"], [{}], [{ id: 7, type: "a" }], [{ id: "", type: "a" }], [{ id: "evt_1" }], [{ id: "evt\u0000", type: "a" }], [{ id: "x".repeat(256), type: "a" }], [{ id: "evt_\ud800", type: "a" }]])(
    "turns away %j as malformed",
    (value) => {
      expect(readHead(value, T0).kind).toBe("malformed");
    },
  );

  it("takes no time of its own from beyond what a calendar knows", () => {
    expect(readHead({ id: "evt_1", type: "a", created: "+275760-09-13T00:00:00Z" }, T0)).toMatchObject({ head: { createdAt: T0 } });
    expect(readHead({ id: "evt_1", type: "a", created: 1e12 }, T0)).toMatchObject({ head: { createdAt: T0 } });
  });

  it("never throws, whatever the JSON", () => {
    fc.assert(fc.property(fc.jsonValue(), (value) => ["head", "malformed"].includes(readHead(value, T0).kind)));
  });

  it("tells the same fact from another one", () => {
    const event = { id: "evt_1", pending_webhooks: 1, data: { object: { a: 1, b: 2 } } };
    expect(sameFact(event, { data: { object: { b: 2, a: 1 } }, pending_webhooks: 0, id: "evt_1" })).toBe(true);
    expect(sameFact(event, { ...event, data: { object: { a: 1, b: 3 } } })).toBe(false);
    // As deep as a megabyte allows: no answer may depend on the size of our stack.
    const deep = (depth: number) => Buffer.from(`{"id":"evt_1","data":${"[".repeat(depth)}${"]".repeat(depth)}}`);
    expect(compareBodies(deep(300_000), deep(300_001))).toBe("variant");
    expect(factOf(deep(300_000))).not.toBe(factOf(deep(300_001)));
  });
});

onBothDatabases("ledger", ledgerMigrations, (database) => {
  it("stores bodies byte for byte and gives each its place", async () => {
    const db = await database.open();
    const append = openAppend(db);
    const items = Array.from({ length: 150 }, (_, index) => arrival(`evt_${index}`, "charge.succeeded", { extra: { padding: "é\n".repeat(index) } }));
    const results = await append(items);
    expect(results.every((result) => result.kind === "accepted")).toBe(true);
    for (const item of items) expect((await readEvent(db.read, item.head.eventId))?.raw.equals(item.body)).toBe(true);
    const entries = await readAfter(db.read, 0, 1000);
    expect(entries.map((entry) => entry.eventId)).toEqual(items.map((item) => item.head.eventId));
    expect(await lastSeq(db.read)).toBe(entries.at(-1)?.seq);
  });

  it("keeps one of an event that comes again, in the same batch or later", async () => {
    const db = await database.open();
    const append = openAppend(db);
    const kinds = (await append([arrival("evt_1"), arrival("evt_1"), arrival("evt_2")])).map((result) => result.kind);
    expect(kinds).toEqual(["accepted", "duplicate", "accepted"]);
    const [again] = await append([arrival("evt_1", "charge.succeeded", { extra: { pending_webhooks: 3 } })]);
    expect(again?.kind).toBe("duplicate");
    expect(await readAfter(db.read, 0, 10)).toHaveLength(2);
    // Deliveries of one commit have no order among themselves.
    expect((await readDeliveriesAfter(db.read, 0, 10)).map((delivery) => delivery.outcome).sort()).toEqual(["accepted", "accepted", "duplicate", "duplicate"]);
  });

  it("keeps and flags another content under a known id, once", async () => {
    const db = await database.open();
    const append = openAppend(db);
    const other = arrival("evt_1", "charge.failed");
    expect((await append([arrival("evt_1"), other, other])).map((result) => result.kind)).toEqual(["accepted", "variant", "variant"]);
    const [event] = (await searchEvents(db.read, "c", { status: "flagged" }, 10, null)).events;
    expect(event?.type).toBe("charge.succeeded");
    const variants = await readVariants(db.read, event?.seq ?? 0);
    expect(variants.map((variant) => variant.raw.toString())).toEqual([Buffer.from(other.body).toString()]);
  });

  it("takes nothing of a batch that fails", async () => {
    const db = await database.open();
    const append = openAppend(db);
    await append([arrival("evt_0", "known.type")]);
    const broken = { ...arrival("evt_2"), receivedAt: Number.NaN };
    await expect(append([arrival("evt_1", "new.type"), broken])).rejects.toThrow();
    expect(await readAfter(db.read, 0, 10)).toHaveLength(1);
    // The term of the failed batch must not be remembered: its row went with the transaction.
    await append([arrival("evt_3", "new.type")]);
    expect((await readAfter(db.read, 0, 10)).map((entry) => entry.type)).toEqual(["known.type", "new.type"]);
  });

  it("counts failures and forgeries apart", async () => {
    const db = await database.open();
    const append = openAppend(db);
    await append([arrival("evt_1"), refusal("failed"), refusal("malformed"), refusal("rejected", T0, 40), refusal("failed", T0 - 301_000)]);
    expect(await countFailures(db.read, T0 - 300_000, T0 + 1)).toEqual({ failures: 2, rejected: 40 });
    expect(await lastDeliveryAt(db.read, "import")).toBe(T0);
  });

  it("moves the cursor with what was digested, and sets aside what cannot be", async () => {
    const db = await database.open();
    const append = openAppend(db);
    await append(["evt_1", "evt_2", "evt_3"].map((id) => arrival(id)));
    const away = new AppError("unavailable", "the database is away");
    await expect(consume(db, "c", 10, () => Promise.reject(away), T0)).rejects.toBe(away);
    expect(await consumerSeq(db.read, "c")).toBe(0);
    const poison = (await readAfter(db.read, 0, 10))[1]?.seq ?? 0;
    expect(await consume(db, "c", 10, async () => [{ seq: poison, error: "poison" }], T0)).toBe(3);
    expect(await consume(db, "c", 10, async () => [], T0)).toBe(0);
    expect((await searchEvents(db.read, "c", { status: "failed" }, 10, null)).events).toMatchObject([{ eventId: "evt_2", status: "failed", error: "poison" }]);
    expect(await countFailures(db.read, T0, T0 + 1)).toMatchObject({ failures: 1 });

    expect(await retryArmed(db, "c", 10, async () => [], T0)).toBe(0);
    await append([arrival("evt_2")]);
    const seen: string[] = [];
    const digest = async (_tx: unknown, entries: readonly { eventId: string }[]) => {
      seen.push(...entries.map((entry) => entry.eventId));
      return [];
    };
    expect(await retryArmed(db, "c", 10, digest, T0)).toBe(1);
    expect(seen).toEqual(["evt_2"]);
    expect((await searchEvents(db.read, "c", { status: "failed" }, 10, null)).events).toEqual([]);
  });

  it("finds the one event that a derivation breaks on, and sets that one aside", async () => {
    const db = await database.open();
    await openAppend(db)(Array.from({ length: 20 }, (_, index) => arrival(`evt_${index}`)));
    const seen = new Set<string>();
    const breaks = (on: string | null) => async (_tx: unknown, entries: readonly { eventId: string }[]) => {
      if (entries.some((entry) => entry.eventId === on)) throw new TypeError("exp(...).toOperationNode is not a function");
      for (const entry of entries) seen.add(entry.eventId);
      return [];
    };
    while ((await consume(db, "c", 16, breaks("evt_13"), T0)) > 0);
    expect(seen.size).toBe(19);
    expect((await searchEvents(db.read, "c", { status: "failed" }, 10, null)).events).toMatchObject([{ eventId: "evt_13", error: expect.stringContaining("broke on it") }]);
    await openAppend(db)([arrival("evt_13")]);
    expect(await retryArmed(db, "c", 16, breaks("evt_13"), T0)).toBe(1);
    expect(await retryArmed(db, "c", 16, breaks("evt_13"), T0)).toBe(0);
    await openAppend(db)([arrival("evt_13")]);
    expect(await retryArmed(db, "c", 16, breaks(null), T0)).toBe(1);
    expect(seen.size).toBe(20);
  });

  it("arms by hand too", async () => {
    const db = await database.open();
    await openAppend(db)([arrival("evt_1")]);
    const seq = await lastSeq(db.read);
    await consume(db, "c", 1, async () => [{ seq, error: "x" }], T0);
    await db.write((tx) => armEvent(tx, seq));
    expect(await retryArmed(db, "c", 1, async () => [{ seq, error: "still" }], T0)).toBe(1);
    expect(await retryArmed(db, "c", 1, async () => [], T0)).toBe(0);
  });

  it("pages through every filter as a plain scan would", async () => {
    const db = await database.open();
    const append = openAppend(db);
    const types = ["charge.succeeded", "charge.failed", "invoice.paid", "payment_intent.succeeded"];
    await append(Array.from({ length: 60 }, (_, index) => arrival(`evt_${index}`, types[index % 4], { at: T0 + Math.floor(index / 3) * 1000 })));
    await consume(db, "c", 40, async (_tx, entries) => entries.filter((_, index) => index % 7 === 0).map(({ seq }) => ({ seq, error: "e" })), T0);
    await append([arrival("evt_5", "other.type"), arrival("evt_44", "other.type")]);
    const all = (await readAfter(db.read, 0, 1000)).reverse();
    const failed = new Set((await db.read.selectFrom("event_failure").select("event_seq").execute()).map((row) => row.event_seq));
    const cursorSeq = await consumerSeq(db.read, "c");
    const matches = (filter: EventFilter) => (event: (typeof all)[number]) =>
      (filter.type === undefined || new RegExp(`^${filter.type.replaceAll(".", "\\.").replaceAll("*", ".*")}$`).test(event.type)) &&
      (filter.sinceMs === undefined || event.receivedAt >= filter.sinceMs) &&
      (filter.untilMs === undefined || event.receivedAt < filter.untilMs) &&
      (filter.status === undefined ||
        (filter.status === "failed" && failed.has(event.seq)) ||
        (filter.status === "flagged" && event.flags === 1) ||
        (filter.status === "pending" && event.seq > cursorSeq && event.flags === 0 && !failed.has(event.seq)) ||
        (filter.status === "processed" && event.seq <= cursorSeq && event.flags === 0 && !failed.has(event.seq)));
    const filters = fc.record({
      type: fc.constantFrom(undefined, "charge.*", "*.succeeded", "invoice.paid", "*", "nothing", "c*e.f*"),
      sinceMs: fc.constantFrom(undefined, T0 + 3000, T0 + 12_000),
      untilMs: fc.constantFrom(undefined, T0 + 9000, T0 + 18_000),
      status: fc.constantFrom(undefined, "failed" as const, "flagged" as const, "pending" as const, "processed" as const),
      limit: fc.integer({ min: 1, max: 25 }),
    });
    await fc.assert(
      fc.asyncProperty(filters, async ({ limit, ...filter }) => {
        const found: string[] = [];
        let cursor: string | null = null;
        do {
          const page = await searchEvents(db.read, "c", filter, limit, cursor);
          found.push(...page.events.map((event) => event.eventId));
          cursor = page.nextCursor;
        } while (cursor !== null);
        expect(found).toEqual(all.filter(matches(filter)).map((event) => event.eventId));
      }),
      { numRuns: 60 },
    );
    await expect(searchEvents(db.read, "c", {}, 10, "nonsense")).rejects.toMatchObject({ code: "cursor_invalid" });
    const within = sql`select seq from event where event_id in ('evt_3', 'evt_9')`;
    expect((await searchEvents(db.read, "c", { within }, 10, null)).events.map((event) => event.eventId)).toEqual(["evt_9", "evt_3"]);
  });

  it("forgets what is old, in steps, and never what a consumer has not seen", async () => {
    const db = await database.open();
    const append = openAppend(db);
    await append(Array.from({ length: 200 }, (_, index) => arrival(`evt_${index}`, "a", { at: T0 + index })));
    await consume(db, "c", 150, async () => [], T0);
    expect(await retainEvents(db, T0 + 1000, 100)).toBe(100);
    expect(await retainEvents(db, T0 + 1000, 100)).toBe(50);
    expect(await retainEvents(db, T0 + 1000, 100)).toBe(0);
    const left = await readAfter(db.read, 0, 1000);
    expect(left.map((entry) => entry.eventId)).toEqual(Array.from({ length: 50 }, (_, index) => `evt_${150 + index}`));
    await consume(db, "c", 1000, async () => [], T0);
    while ((await retainEvents(db, T0 + 1000, 100)) > 0);
    const seq = (await append([arrival("evt_new")]))[0];
    // A number used again would be skipped by every cursor.
    expect(seq).toMatchObject({ kind: "accepted", seq: expect.toSatisfy((value: number) => value > 200) });
    expect(await db.read.selectFrom("event_block").select(({ fn }) => fn.countAll<number>().as("n")).execute()).toEqual([{ n: 1 }]);
  });

  it("forgets deliveries from the front only, and none that a follower has not seen", async () => {
    const db = await database.open();
    const append = openAppend(db);
    // Each by itself: within one commit they have no order. The third was recorded long after it was made.
    for (const at of [T0, T0 + 1, T0 - 500, T0 + 2, T0 + 50]) await append([refusal("failed", at)]);
    const left = async () => (await readDeliveriesAfter(db.read, 0, 10)).map((delivery) => delivery.receivedAt - T0);
    expect(await retainDeliveries(db, T0 + 100, 10)).toBe(0);
    await db.write((tx) => moveCursor(tx, "delivery:slow", 4, T0));
    await db.write((tx) => moveCursor(tx, "delivery:fast", 5, T0));
    expect(await retainDeliveries(db, T0, 10)).toBe(0);
    expect(await left()).toEqual([0, 1, -500, 2, 50]);
    expect(await retainDeliveries(db, T0 + 1, 10)).toBe(1);
    expect(await retainDeliveries(db, T0 + 100, 2)).toBe(2);
    expect(await retainDeliveries(db, T0 + 100, 2)).toBe(1);
    expect(await retainDeliveries(db, T0 + 100, 2)).toBe(0);
    expect(await left()).toEqual([50]);
  });

  it("lets no reader step over an append that commits late", async () => {
    const db = await database.open();
    if (db.kind === "sqlite") {
      // One writer at a time: positions are given in the order of commit.
      await Promise.all(["evt_1", "evt_2"].map((id) => openAppend(db)([arrival(id)])));
      expect((await readAfter(db.read, 0, 10)).map((entry) => entry.seq)).toEqual([1, 2]);
      return;
    }
    const gate = Promise.withResolvers<void>();
    const holding = Promise.withResolvers<void>();
    const slow = (db satisfies Database).write(async (tx) => {
      await db.dialect.lock(tx, APPEND_LOCK);
      holding.resolve();
      await gate.promise;
    });
    await holding.promise;
    let appended = false;
    const second = openAppend(db)([arrival("evt_2")]).then((results) => {
      appended = true;
      return results;
    });
    // The second append waits for the lock, so it holds no position yet.
    const waiting = async (): Promise<number> => (await sql<{ n: number }>`select count(*)::int as n from pg_locks where locktype = 'advisory' and not granted`.execute(db.read)).rows[0]?.n ?? 0;
    while ((await waiting()) === 0);
    expect(appended).toBe(false);
    expect(await lastSeq(db.read)).toBe(0);
    gate.resolve();
    await slow;
    expect((await second)[0]).toMatchObject({ kind: "accepted" });
  });
});
