import type { Minor } from "../money/index.ts";
import type { Clock, Database, Tx } from "../platform/index.ts";
import type { StripeApi } from "../stripe/index.ts";
import { recordRefund } from "./refund-record.ts";
import { readOperation } from "./store.ts";

interface RefundHintRow {
  charge: string;
  live: number;
  /** What the charge says went back in all. */
  amount: number;
  look_at: number;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    refund_hint: RefundHintRow;
  }
}

/** The refund's own event usually comes in the same second: only what is still unknown then costs a call. */
const PATIENCE_MS = 60_000;

/** A charge says that so much went back. */
export async function noteHint(tx: Tx, { charge, live, amount }: { charge: string; live: boolean; amount: Minor }, now: number): Promise<void> {
  if ((await knownRefunds(tx, charge)) >= amount) return;
  await tx
    .insertInto("refund_hint")
    .values({ charge, live: live ? 1 : 0, amount, look_at: now + PATIENCE_MS })
    .onConflict((conflict) => conflict.column("charge").doUpdateSet({ amount, look_at: now + PATIENCE_MS }))
    .execute();
}

/** All that we know of, those that failed later included: they went back at some time, and the charge said so. */
async function knownRefunds(tx: Tx, charge: string): Promise<number> {
  const rows = await tx.selectFrom("refund_record").select("amount").where("charge", "=", charge).execute();
  return rows.reduce((sum, row) => sum + row.amount, 0);
}

/**
 * One step of the loop: looks a charge's refunds up at Stripe when its events told of less than the charge itself.
 * Answers whether there was one.
 */
export async function lookUpRefunds({ db, clock, stripe }: { db: Database; clock: Clock; stripe: StripeApi }): Promise<boolean> {
  const now = clock.now();
  const hint = await db.read.selectFrom("refund_hint").selectAll().where("live", "=", stripe.live ? 1 : 0).where("look_at", "<=", now).orderBy("look_at").limit(1).executeTakeFirst();
  if (hint === undefined) return false;
  const missing = (await knownRefunds(db.read, hint.charge)) < hint.amount;
  const refunds = missing ? await stripe.refundsOf(hint.charge) : [];
  await db.write(async (tx) => {
    for (const refund of refunds) {
      const own = refund.operation === null ? null : await readOperation(tx, refund.operation);
      await recordRefund(tx, { ...refund, operation: own?.objectId === refund.id ? own.id : null }, stripe.live, now);
    }
    await tx.deleteFrom("refund_hint").where("charge", "=", hint.charge).where("look_at", "=", hint.look_at).execute();
  });
  return true;
}
