import { zipSync } from "fflate";
import { sql } from "kysely";
import { readRaw } from "../ledger/index.ts";
import { type Database, inChunks, isoSeconds } from "../platform/index.ts";
import { findHeld, type Held } from "./find.ts";
import type { Subject } from "./subject.ts";

export interface Exported {
  readonly zip: Uint8Array;
  readonly held: Held;
  /** Rows per file. */
  readonly counts: Readonly<Record<string, number>>;
}

const ABOUT = `What Tillwatch holds of this customer, one JSON document a line.

events.ndjson      Stripe's events that name them or belong to their payments: when each came, and its body as it came
deliveries.ndjson  how those events were delivered
payments.ndjson    what was derived from them; amounts in minor units of the currency
operations.ndjson  refunds and invoices made here about them
receipts.ndjson    receipts mailed to them
audit.ndjson       entries of the audit trail about those operations
`;

/** All that is held of a customer, as a ZIP archive. Reads the whole ledger. */
export async function exportSubject(db: Database, asked: Subject, nowMs: number, onProgress: (share: number) => void): Promise<Exported> {
  const held = await findHeld(db, asked, onProgress);
  const tx = db.read;
  const rows: Record<string, unknown[]> = { events: [], deliveries: [], payments: [], operations: [...held.operations.operations], receipts: [...held.operations.receipts], audit: [] };
  const put = (name: string, more: readonly unknown[]): void => void rows[name]?.push(...more);
  for (const chunk of inChunks(held.seqs, 250)) {
    const raw = await readRaw(tx, chunk);
    const events = await tx.selectFrom("event").select(["seq", "event_id", "received_at"]).where("seq", "in", chunk).orderBy("seq").execute();
    put("events", events.map(({ seq, event_id, received_at }) => ({ event_id, received_at: isoSeconds(received_at), body: JSON.parse(raw.get(seq)?.toString("utf8") ?? "null") as unknown })));
    const told = await sql<{ received_at: number; outcome: string; status: number; event_id: string }>`
      select delivery.received_at, delivery.outcome, delivery.status, event.event_id from delivery join event on event.seq = delivery.event_seq
      where delivery.event_seq in (${sql.join(chunk)}) order by delivery.seq`.execute(tx);
    put("deliveries", told.rows.map((row) => ({ ...row, received_at: isoSeconds(row.received_at) })));
  }
  for (const chunk of inChunks(held.payments, 250)) {
    const payments = await tx.selectFrom("payment").selectAll().where("no", "in", chunk).orderBy("no").execute();
    put("payments", payments.map(({ state, ...row }) => ({ ...row, state: JSON.parse(state) as unknown })));
  }
  for (const chunk of inChunks(held.operations.operations.map(({ id }) => id), 250)) put("audit", await tx.selectFrom("audit").selectAll().where("subject", "in", chunk).orderBy("id").execute());
  const about = `${ABOUT}\nMade ${isoSeconds(nowMs)} for: ${[...held.subject.customers, ...held.subject.emails].join(", ")}\n`;
  const files = Object.fromEntries(Object.entries(rows).map(([name, of]) => [`${name}.ndjson`, Buffer.from(of.map((row) => `${JSON.stringify(row)}\n`).join(""))]));
  return { held, counts: Object.fromEntries(Object.entries(rows).map(([name, of]) => [name, of.length])), zip: zipSync({ "README.txt": Buffer.from(about), ...files }) };
}
