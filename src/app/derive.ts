import { consume, consumerSeq, type Digest, lastSeq, retryArmed } from "../ledger/index.ts";
import { foldDeliveries, foldMetrics } from "../metrics/index.ts";
import { confirmOperations } from "../operations/index.ts";
import { foldPayments } from "../payments/index.ts";
import { type Clock, type Database, MINUTE_MS, type Tx } from "../platform/index.ts";
import { addCounts, noteHistory, readHistorySpan, waitedMs } from "../slo/index.ts";

/** The one consumer of events: payments and metrics move together, in one transaction. */
export const DERIVE = "derive";

/** Folds a batch into payments, what changed there into metrics, and tells operations what they wait for. */
export function digestWith(timeZone: string, nowMs: number): Digest {
  return async (tx, entries) => {
    const { changes, failures } = await foldPayments(tx, entries);
    await foldMetrics(tx, changes, { timeZone });
    await confirmOperations(tx, entries, nowMs);
    return failures;
  };
}

/**
 * Counts which deliveries were processed in time, in the transaction that processes them: late and set aside are bad.
 * What was not delivered to us (history, `slo/history.ts`) is not counted, and waiting behind it is not lateness.
 */
function counting(digest: Digest, withinMs: number, nowMs: number): Digest {
  return async (tx, entries) => {
    const failures = await digest(tx, entries);
    const failed = new Set(failures.map(({ seq }) => seq));
    const historical = entries.filter(({ source }) => source !== "webhook").length;
    // A few recovered events among many delivered ones are no excuse.
    if (historical * 2 > entries.length) await noteHistory(tx, nowMs);
    const history = historical < entries.length ? await readHistorySpan(tx) : null;
    const tallies = entries
      .filter(({ source }) => source === "webhook")
      .map(({ seq, receivedAt }) => {
        const good = !failed.has(seq) && waitedMs(receivedAt, nowMs, history) <= withinMs;
        return { atMs: receivedAt, good: good ? 1 : 0, bad: good ? 0 : 1 };
      });
    await addCounts(tx, "webhook", tallies);
    return failures;
  };
}

/**
 * One step of everything derived from events; answers how many events it took.
 *
 * @param withinMs a delivery that is derived from later than this after it came counts as late.
 */
export async function deriveEvents(db: Database, timeZone: string, limit: number, nowMs: number, withinMs = MINUTE_MS): Promise<number> {
  const digest = digestWith(timeZone, nowMs);
  const taken = await consume(db, DERIVE, limit, counting(digest, withinMs, nowMs), nowMs);
  return taken > 0 ? taken : await retryArmed(db, DERIVE, limit, digest, nowMs);
}

/** Events stored and not yet derived from. */
export async function deriveBacklog(tx: Tx): Promise<number> {
  return (await lastSeq(tx)) - (await consumerSeq(tx, DERIVE));
}

/**
 * Derives from all that is stored, for a command that must see the present. Safe beside a running service: whoever
 * holds the consumer's lock takes the next batch.
 *
 * @param limitMs gives up after this long; the answer is how many events are still behind.
 */
export async function catchUp(db: Database, timeZone: string, clock: Clock, limitMs: number, withinMs = MINUTE_MS): Promise<number> {
  const until = clock.now() + limitMs;
  while ((await deriveEvents(db, timeZone, 1000, clock.now(), withinMs)) > 0 && clock.now() < until);
  while ((await foldDeliveries(db, { timeZone }, 5000, clock.now())) > 0 && clock.now() < until);
  return await deriveBacklog(db.read);
}
