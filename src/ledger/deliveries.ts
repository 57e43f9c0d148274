import { type Selectable, sql } from "kysely";
import { inChunks, type Tables, type Tx } from "../platform/index.ts";
import { type DeliveryOutcome, type DeliveryRecord, FAILURE_OUTCOMES } from "./delivery.ts";
import { readTerms } from "./terms.ts";

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
  const { rows } = await sql<DeliveryRead>`${SELECT} where ${sql.join(conditions, sql` and `)} order by delivery.seq desc limit ${filter.limit + 1}`.execute(tx);
  const deliveries = await toRecords(tx, rows.slice(0, filter.limit));
  return { deliveries, nextCursor: rows.length > filter.limit ? String(deliveries.at(-1)?.seq) : null };
}

async function toRecords(tx: Tx, rows: readonly DeliveryRead[]): Promise<DeliveryRecord[]> {
  if (rows.length === 0) return [];
  const terms = (await readTerms(tx)).byId;
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
  const ids = (await readTerms(tx)).byValue;
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
 * error and the events that were stored but that a derivation could not digest. Forged ones are counted by `rejected`.
 */
export async function countFailures(tx: Tx, fromMs: number, toMs: number): Promise<{ failures: number; rejected: number }> {
  const outcomes = await tx
    .selectFrom("delivery")
    .select(({ fn }) => ["outcome", fn.sum<number>("count").as("total")])
    .where("outcome", "in", [...FAILURE_OUTCOMES, "rejected"])
    .where("received_at", ">=", fromMs)
    .where("received_at", "<", toMs)
    .groupBy("outcome")
    .execute();
  const indigestible = await tx
    .selectFrom("event_failure")
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .where("failed_at", ">=", fromMs)
    .where("failed_at", "<", toMs)
    .executeTakeFirst();
  const of = (wanted: readonly string[]) => outcomes.filter((row) => wanted.includes(row.outcome)).reduce((sum, row) => sum + row.total, 0);
  return { failures: of(FAILURE_OUTCOMES) + (indigestible?.total ?? 0), rejected: of(["rejected"]) };
}

/**
 * When the last authentic delivery came, ms UTC; null when none ever did.
 *
 * @param besides an endpoint that does not count: what an import recorded was delivered to somebody else, long ago.
 */
export async function lastDeliveryAt(tx: Tx, besides: string): Promise<number | null> {
  const other = (await readTerms(tx)).byValue.get(besides) ?? -1;
  const row = await tx
    .selectFrom("delivery")
    .select("received_at")
    .where("outcome", "in", ["accepted", "duplicate", "variant"])
    .where("endpoint_id", "<>", other)
    .orderBy("seq", "desc")
    .limit(1)
    .executeTakeFirst();
  return row?.received_at ?? null;
}
