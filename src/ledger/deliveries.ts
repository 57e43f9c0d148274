import { type Selectable, sql } from "kysely";
import { inChunks, type Tables, type Tx } from "../platform/index.ts";
import { type DeliveryOutcome, type DeliveryRecord, FAILURE_OUTCOMES } from "./delivery.ts";
import { idsOfTerms, termsOfIds } from "./terms.ts";

interface DeliveryRead extends Selectable<Tables["delivery"]> {
  known_id: string | null;
  known_type: number | null;
  live: number | null;
}

const SELECT = sql`select delivery.*, event.event_id as known_id, event.type_id as known_type, event.live
  from delivery left join event on event.seq = delivery.event_seq`;

/** Deliveries after a position, in the order they were committed; the journal and the metrics follow by cursor. */
export async function readDeliveriesAfter(tx: Tx, seq: number, limit: number): Promise<DeliveryRecord[]> {
  const { rows } = await sql<DeliveryRead>`${SELECT} where delivery.seq > ${seq} order by delivery.seq limit ${limit}`.execute(tx);
  return await toRecords(tx, rows);
}

/** A page of deliveries, newest first. */
export async function listDeliveries(
  tx: Tx,
  filter: { readonly outcome?: DeliveryOutcome | undefined; readonly before: number | null; readonly limit: number },
): Promise<{ deliveries: DeliveryRecord[]; nextCursor: string | null }> {
  const conditions = [sql`1 = 1`];
  if (filter.before !== null) conditions.push(sql`delivery.seq < ${filter.before}`);
  if (filter.outcome !== undefined) conditions.push(sql`delivery.outcome = ${filter.outcome}`);
  // Says nothing new to us, but lets SQLite see that the index of the unusual ones will do.
  if (filter.outcome !== undefined && filter.outcome !== "accepted") conditions.push(sql`delivery.outcome <> 'accepted'`);
  const { rows } = await sql<DeliveryRead>`${SELECT} where ${sql.join(conditions, sql` and `)} order by delivery.seq desc limit ${filter.limit + 1}`.execute(tx);
  const deliveries = await toRecords(tx, rows.slice(0, filter.limit));
  return { deliveries, nextCursor: rows.length > filter.limit ? String(deliveries.at(-1)?.seq) : null };
}

async function toRecords(tx: Tx, rows: readonly DeliveryRead[]): Promise<DeliveryRecord[]> {
  if (rows.length === 0) return [];
  const terms = await termsOfIds(tx, rows.flatMap((row) => [row.endpoint_id, row.known_type]));
  return rows.map((row) => ({
    seq: row.seq,
    receivedAt: row.received_at,
    outcome: row.outcome as DeliveryOutcome,
    endpoint: terms.get(row.endpoint_id) ?? "unknown",
    status: row.status,
    reason: row.reason,
    count: row.count,
    eventSeq: row.event_seq,
    eventId: row.known_id ?? row.event_id,
    eventType: row.known_type === null ? row.event_type : (terms.get(row.known_type) ?? null),
    live: row.live === null ? null : row.live === 1,
  }));
}

/** A delivery that another program took, told by its log. */
export type RecordedDelivery = Omit<DeliveryRecord, "seq" | "live" | "count"> & { readonly outcome: "accepted" | "failed" | "rejected" };

/** Records deliveries that did not come to us, at the time they were made; the caller sees to it that each comes once. */
export async function recordDeliveries(tx: Tx, deliveries: readonly RecordedDelivery[]): Promise<void> {
  const endpoints = [...new Set(deliveries.map((delivery) => delivery.endpoint))];
  for (const value of endpoints) await tx.insertInto("term").values({ value }).onConflict((conflict) => conflict.column("value").doNothing()).execute();
  const ids = await idsOfTerms(tx, endpoints);
  for (const chunk of inChunks(deliveries, 128)) {
    await tx
      .insertInto("delivery")
      .values(
        chunk.map((delivery) => ({
          received_at: delivery.receivedAt,
          outcome: delivery.outcome,
          endpoint_id: ids.get(delivery.endpoint) ?? 0,
          status: delivery.status,
          event_seq: delivery.eventSeq,
          event_id: delivery.eventId,
          event_type: delivery.eventType,
          reason: delivery.reason,
          count: 1,
        })),
      )
      .execute();
  }
}

/**
 * Webhook failures in `[fromMs, toMs)`: authentic deliveries that we did not process, which are those answered with an
 * error and the delivered events that were stored but that a derivation could not digest (counted when that was first
 * seen). Forged ones are counted by `rejected`; what an import brings is nobody's failure now.
 */
export async function countFailures(tx: Tx, fromMs: number, toMs: number): Promise<{ failures: number; rejected: number }> {
  // The outcomes stand literally, so that SQLite can use the index of the troubled ones.
  const { rows: outcomes } = await sql<{ outcome: string; total: number }>`
    select outcome, sum(count) as total from delivery
    where outcome in ('malformed', 'failed', 'rejected') and received_at >= ${fromMs} and received_at < ${toMs} group by outcome`.execute(tx);
  const { rows: indigestible } = await sql<{ total: number }>`
    select count(*) as total from event_failure
    join event on event.seq = event_failure.event_seq join term on term.id = event.source_id and term.value = 'webhook'
    where event_failure.failed_at >= ${fromMs} and event_failure.failed_at < ${toMs}`.execute(tx);
  const of = (wanted: readonly string[]) => outcomes.filter((row) => wanted.includes(row.outcome)).reduce((sum, row) => sum + row.total, 0);
  return { failures: of(FAILURE_OUTCOMES) + (indigestible[0]?.total ?? 0), rejected: of(["rejected"]) };
}

/** Deliveries looked at for the last authentic one; should all of them be others', there is none worth telling. */
const LOOK_BACK = 5000;

/**
 * When the last authentic delivery came, ms UTC; null when none ever did.
 *
 * @param besides an endpoint that does not count: what an import recorded was delivered to somebody else, long ago.
 */
export async function lastDeliveryAt(tx: Tx, besides: string): Promise<number | null> {
  const other = (await idsOfTerms(tx, [besides])).get(besides) ?? -1;
  const { rows } = await sql<{ received_at: number }>`
    select received_at from (select seq, received_at, outcome, endpoint_id from delivery order by seq desc limit ${LOOK_BACK}) as latest
    where outcome in ('accepted', 'duplicate', 'variant') and endpoint_id <> ${other} order by seq desc limit 1`.execute(tx);
  return rows[0]?.received_at ?? null;
}
