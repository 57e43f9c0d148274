import { describe, expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { countSucceeded } from "../payments/index.ts";
import { restsUntil } from "./guard.ts";
import { migrations } from "./migrations.ts";
import { paceOf } from "./read-pace.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** What Stripe allows in 30 days. */
const allowed = (payments: number): number => Math.max(10_000, 500 * payments);

describe("how often Stripe is asked", () => {
  it.each([
    [0, 1, 5, 120],
    [26, 1, 5, 30],
    [31, 1, 5, 15],
    [1_000_000, 1, 5, 15],
    [0, 2, 10, 120],
    [0, 6, 30, 120],
    [100, 5, 5, 30],
  ])("%i payments a month, %i accounts: every %i min, the endpoints every %i", (payments, accounts, sweepMin, guardMin) => {
    expect(paceOf(payments, accounts)).toMatchObject({ sweepMs: sweepMin * MINUTE, guardMs: guardMin * MINUTE });
  });

  it("stays within what Stripe allows, and never slows down for more payments", () => {
    for (const accounts of [1, 2, 5, 12]) {
      let before = paceOf(0, accounts);
      for (let payments = 0; payments < 400; payments++) {
        const pace = paceOf(payments, accounts);
        expect(pace.reads).toBeLessThanOrEqual(allowed(payments) * 0.95);
        expect(pace.sweepMs).toBeLessThanOrEqual(before.sweepMs);
        expect(pace.guardMs).toBeLessThanOrEqual(before.guardMs);
        before = pace;
      }
    }
    // Twenty accounts without a payment are above it at any pace.
    expect(paceOf(0, 20)).toMatchObject({ sweepMs: 60 * MINUTE, guardMs: 120 * MINUTE });
  });

  it("a month of a quiet shop, task by task, with a week in which something is wrong, is within it", () => {
    const { sweepMs, guardMs } = paceOf(0, 1);
    let reads = 0;
    let last: { at: number; findings: { severity: "warning"; kind: "disabled"; endpoint: null; text: string }[] } | null = null;
    for (let at = 0; at < 30 * DAY; at += 5 * MINUTE) {
      if (at % sweepMs === 0) reads += 1;
      if (at % (15 * MINUTE) !== 0 || restsUntil(last, { guardMs }, at) !== null) continue;
      reads += 2;
      const wrong = at > 10 * DAY && at < 17 * DAY;
      last = { at, findings: wrong ? [{ severity: "warning", kind: "disabled", endpoint: null, text: "" }] : [] };
    }
    expect(reads).toBeGreaterThan(288 * 30);
    expect(reads).toBeLessThan(10_000);
  });

  it("looks at once when it never has, or when the clock was set back", () => {
    expect(restsUntil(null, { guardMs: 120 * MINUTE }, 0)).toBeNull();
    expect(restsUntil({ at: 5 * MINUTE, findings: [] }, { guardMs: 120 * MINUTE }, 0)).toBeNull();
    expect(restsUntil({ at: 0, findings: [] }, { guardMs: 120 * MINUTE }, 60 * MINUTE)).toBe(120 * MINUTE);
  });
});

onBothDatabases("payments that count for it", migrations, (database) => {
  it("are those that succeeded, of the mode, counted to a limit", async () => {
    const db = await database.open();
    const row = (no: number, at: number, outcome: string, live = 1) => ({ payment_no: no, id: `ch_${no}`, live, account: no === 2 ? "acct_1" : "", currency: "usd", at, outcome, cause: null, code: null, amount: 100 });
    await db.write(async (tx) => void (await tx.insertInto("attempt").values([row(1, 10, "succeeded"), row(2, 11, "succeeded"), row(3, 12, "failed"), row(4, 12, "succeeded", 0), row(5, 9, "succeeded")]).execute()));
    expect(await countSucceeded(db.read, true, 10, 10)).toBe(2);
    expect(await countSucceeded(db.read, true, 0, 2)).toBe(2);
    expect(await countSucceeded(db.read, false, 0, 10)).toBe(1);
  });
});
