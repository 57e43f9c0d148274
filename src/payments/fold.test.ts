import * as fc from "fast-check";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import type { LedgerEntry } from "../ledger/index.ts";
import type { Database } from "../platform/index.ts";
import { foldPayments, type PaymentChange, paymentsMigrations } from "./index.ts";
import { anyHistory, chargeObject, entry, NEW, refundObject, story, type StoryOptions } from "./testing/stories.ts";

const plain: StoryOptions = { key: "k", version: NEW, currency: "usd", amount: 2000, pace: 10, withIntent: true };

const TABLES = ["payment", "payment_alias", "payment_event", "attempt", "refund"] as const;

async function dump(db: Database): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const table of TABLES) {
    const rows = await db.read.selectFrom(table).selectAll().execute();
    all[table] = rows.map((row) => JSON.stringify(row)).sort();
  }
  return all;
}

async function clear(db: Database): Promise<void> {
  await db.write(async (tx) => {
    for (const table of TABLES) await tx.deleteFrom(table).execute();
  });
}

async function foldAll(db: Database, batches: readonly (readonly LedgerEntry[])[]): Promise<PaymentChange[]> {
  const changes: PaymentChange[] = [];
  for (const batch of batches) {
    const folded = await db.write((tx) => foldPayments(tx, batch));
    expect(folded.failures).toEqual([]);
    changes.push(...folded.changes);
  }
  return changes;
}

onBothDatabases("payments", paymentsMigrations, (database) => {
  it("end in the same state whatever the order, repetition and batches", async () => {
    const db = await database.open();
    await fc.assert(
      fc.asyncProperty(anyHistory, async ({ ordered, batches }) => {
        await clear(db);
        await foldAll(db, [ordered]);
        const expected = await dump(db);
        await clear(db);
        const changes = await foldAll(db, batches);
        expect(await dump(db)).toEqual(expected);
        // What was told as changes is what is there: every payment once, as it is.
        const alive = new Map<number, string>();
        for (const { before, after } of changes) {
          if (before !== null) {
            expect(alive.get(before.no)).toBe(JSON.stringify(before));
            alive.delete(before.no);
          }
          if (after !== null) alive.set(after.no, JSON.stringify(after));
        }
        expect([...alive.keys()].sort((a, b) => a - b)).toEqual((await db.read.selectFrom("payment").select("no").orderBy("no").execute()).map((row) => row.no));
      }),
      { numRuns: database.kind === "sqlite" ? 60 : 25 },
    );
  });

  it("joins a refund that came first, by its charge alone, when the charge shows the intent", async () => {
    const db = await database.open();
    const refund = entry({ type: "refund.created", second: 50, object: refundObject(plain, "a", 500, "succeeded", { payment_intent: null }) }, 1);
    const other = entry({ type: "payment_intent.created", second: 0, object: { id: "pi_k", object: "payment_intent", amount: 2000, currency: "usd", status: "requires_payment_method" } }, 2);
    const charge = entry({ type: "charge.succeeded", second: 1, object: chargeObject(plain) }, 3);
    await foldAll(db, [[refund], [other]]);
    expect(await db.read.selectFrom("payment").select(["no", "id"]).orderBy("no").execute()).toEqual([
      { no: 64, id: "ch_k" },
      { no: 128, id: "pi_k" },
    ]);
    const [change, gone] = await foldAll(db, [[charge]]);
    expect([change?.before?.id, change?.after?.id, gone?.before?.id, gone?.after]).toEqual(["ch_k", "pi_k", "pi_k", null]);
    expect(await db.read.selectFrom("payment").select(["no", "id", "captured", "refunded"]).execute()).toEqual([{ no: 64, id: "pi_k", captured: 2000, refunded: 500 }]);
    expect(await db.read.selectFrom("payment_event").selectAll().orderBy("event_seq").execute()).toEqual([1, 2, 3].map((seq) => ({ payment_no: 64, event_seq: seq })));
    expect((await db.read.selectFrom("payment_alias").select(["alias", "payment_no"]).orderBy("alias").execute()).map((row) => `${row.alias} ${row.payment_no}`)).toEqual(["ch_k 64", "pi_k 64", "re_k_a 64"]);
  });

  it("keeps modes and accounts apart, even under one id", async () => {
    const db = await database.open();
    const object = chargeObject(plain);
    const told = (seq: number, options: Partial<LedgerEntry>) => entry({ type: "charge.succeeded", second: 0, object }, seq, options);
    await foldAll(db, [[told(1, {}), told(2, { live: false }), told(3, { account: "acct_1" })]]);
    const rows = await db.read.selectFrom("payment").select(["live", "account", "captured"]).orderBy("no").execute();
    expect(rows).toEqual([
      { live: 1, account: "", captured: 2000 },
      { live: 0, account: "", captured: 2000 },
      { live: 1, account: "acct_1", captured: 2000 },
    ]);
  });

  it("sets aside what it cannot digest and folds everything else", async () => {
    const db = await database.open();
    const bad = entry({ type: "charge.failed", second: 0, object: chargeObject(plain, { amount: 1.5 }) }, 2);
    const entries = story("paid").events.map((sketch, index) => entry(sketch, index + 3));
    const folded = await db.write((tx) => foldPayments(tx, [bad, ...entries]));
    expect(folded.failures).toEqual([{ seq: 2, error: expect.stringContaining("`amount`") }]);
    expect(folded.changes.map(({ after }) => after?.captured)).toEqual([2000]);
  });

  it("says nothing of a repeated event, and forgets an attempt that is no more", async () => {
    const db = await database.open();
    const [pending, succeeded] = story("lateFailure").events.map((sketch, index) => entry(sketch, index + 1));
    if (pending === undefined || succeeded === undefined) throw new Error("no events");
    const again = entry({ type: "charge.pending", second: 99, object: chargeObject(plain, { status: "pending" }) }, 9);
    await foldAll(db, [[pending, succeeded]]);
    expect(await foldAll(db, [[succeeded], [pending]])).toEqual([]);
    expect(await db.read.selectFrom("attempt").select(["id", "outcome"]).execute()).toEqual([{ id: "ch_k", outcome: "succeeded" }]);
    await foldAll(db, [[again]]);
    expect(await db.read.selectFrom("attempt").select("id").execute()).toEqual([]);
  });
});
