import { sql } from "kysely";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { minor } from "../money/index.ts";
import type { Database } from "../platform/index.ts";
import { countAttempts, eventSeqsOf, foldPayments, getPayment, listPayments, paymentsMigrations } from "./index.ts";
import { chargeObject, entry, NEW, story } from "./testing/stories.ts";

const START = 1_760_000_000_000;

async function filled(db: Database): Promise<Database> {
  const stories = [story("paid", { key: "a" }), story("declinedThenPaid", { key: "b", amount: 500 }), story("blocked", { key: "c" }), story("refundedInParts", { key: "d" })];
  const entries = stories.flatMap(({ events }, index) => events.map((sketch) => ({ ...sketch, second: sketch.second + index * 60 }))).map((sketch, index) => entry(sketch, index + 1));
  const test = entry({ type: "charge.succeeded", second: 5, object: chargeObject({ key: "t", version: NEW, currency: "usd", amount: 1, pace: 1, withIntent: false }) }, 100, { live: false });
  await db.write((tx) => foldPayments(tx, [...entries, test]));
  return db;
}

onBothDatabases("payment queries", paymentsMigrations, (database) => {
  it("find a payment by the id of any of its parts", async () => {
    const db = await filled(await database.open());
    for (const id of ["pi_d", "ch_d", "re_d_a", "re_d_b"]) {
      expect(await getPayment(db.read, id)).toMatchObject({ id: "pi_d", captured: 2000, refunded: 1000, left: 1000 });
    }
    expect(await getPayment(db.read, "pi_nobody")).toBe(null);
    expect(await getPayment(db.read, "ch_t", { live: true })).toBe(null);
    expect(await getPayment(db.read, "ch_t", { live: false, account: null })).toMatchObject({ live: false });
  });

  it("give the events of a payment", async () => {
    const db = await filled(await database.open());
    const { rows } = await sql<{ event_seq: number }>`select event_seq from (${eventSeqsOf("ch_b")}) as found order by event_seq`.execute(db.read);
    expect(rows.map((row) => row.event_seq)).toEqual([5, 6, 7, 8, 9, 10]);
  });

  it("list payments by each filter, newest first, page by page", async () => {
    const db = await filled(await database.open());
    const ids = async (filter: Parameters<typeof listPayments>[1]) => (await listPayments(db.read, filter, 100, null)).payments.map((payment) => payment.id);
    expect((await ids({ live: true })).toSorted()).toEqual(["pi_a", "pi_b", "pi_c", "pi_d"]);
    expect(await ids({ live: false })).toEqual(["ch_t"]);
    expect(await ids({ status: "partially_refunded" })).toEqual(["pi_d"]);
    expect(await ids({ email: " Buyer.B@example.com" })).toEqual(["pi_b"]);
    expect(await ids({ amount: minor(500) })).toEqual(["pi_b"]);
    expect(await ids({ cause: "risk" })).toEqual(["pi_c"]);
    expect(await ids({ code: "insufficient_funds", live: true, account: null })).toEqual(["pi_b"]);
    expect(await ids({ sinceMs: START + 1 })).toEqual([]);
    expect((await ids({ untilMs: START + 1 })).length).toBe(5);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await listPayments(db.read, {}, 2, cursor);
      seen.push(...page.payments.map((payment) => payment.id));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(await ids({}));
    await expect(listPayments(db.read, {}, 2, "nonsense")).rejects.toMatchObject({ code: "cursor_invalid" });
  });

  it("count attempts exactly", async () => {
    const db = await filled(await database.open());
    const at = START + 70_000;
    expect(await countAttempts(db.read, at, at + 1, true, null)).toEqual([{ currency: "usd", outcome: "failed", cause: "customer", count: 1 }]);
    expect(await countAttempts(db.read, at + 1, at + 1000, true, null)).toEqual([]);
    expect(await countAttempts(db.read, START, START + 1e9, true, "acct_1")).toEqual([]);
  });
});
