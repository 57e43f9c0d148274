import { type AppendBeside, knownEvents, recordDeliveries } from "../../ledger/index.ts";
import type { Database, Tx } from "../../platform/index.ts";
import type { Made } from "./made.ts";

export interface Taken {
  readonly taken: number;
  readonly alreadyThere: number;
}

/**
 * Commits what a run of lines became, with their deliveries and whatever `beside` writes (a cursor), in one transaction.
 * What the ledger has is left out beforehand: asking costs a fraction of comparing bodies, and a line read again has
 * nothing new to say.
 */
export async function take(db: Database, append: AppendBeside, made: readonly Made[], beside: (tx: Tx) => Promise<void>): Promise<Taken> {
  const asked = new Set(made.flatMap(({ arrival, unless }) => (unless === null ? [arrival.head.eventId] : [arrival.head.eventId, unless])));
  const known = await knownEvents(db.read, [...asked]);
  const fresh = new Map<string, Made>();
  for (const one of made) {
    const { eventId } = one.arrival.head;
    if (!known.has(eventId) && !(one.unless !== null && known.has(one.unless)) && !fresh.has(eventId)) fresh.set(eventId, one);
  }
  const list = [...fresh.values()];
  const results = await append(
    list.map((one) => one.arrival),
    async (tx, done) => {
      const deliveries = list.flatMap(({ delivery }, index) => {
        const result = done[index];
        return delivery === null || result?.kind !== "accepted" ? [] : [{ ...delivery, eventSeq: result.seq }];
      });
      if (deliveries.length > 0) await recordDeliveries(tx, deliveries);
      await beside(tx);
    },
  );
  // Another import may have been quicker with the same line.
  const taken = results.filter((result) => result.kind === "accepted").length;
  return { taken, alreadyThere: made.length - taken };
}
