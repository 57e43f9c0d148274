import type { Generated } from "kysely";
import type { Tx } from "../platform/index.ts";

interface BookmarkRow {
  name: string;
  value: string;
  updated_at: number;
}

export interface WitnessRow {
  /** `acct_…`; empty for the account itself. */
  account: string;
  /** Of the five minutes, ms UTC. */
  start: number;
  /** Number of the sweep that counted; a later one counts anew. */
  sweep: number;
  /** Events that Stripe has there, as far as they can be read. */
  seen: number;
  /** Events there that came by sweeping, ever. */
  recovered: number;
  /** Entries of Stripe's list there that cannot be read as events. */
  unreadable: Generated<number>;
}

export interface GapRow {
  id: Generated<number>;
  account: string;
  /** Stripe's time of the first and of the last event that was missing, ms UTC. */
  from_at: number;
  to_at: number;
  events: number;
  /** All events that Stripe has from the windows that found the gap. */
  seen: number;
  found_at: number;
  closed_at: number | null;
  cause: string;
}

/** A rejected delivery, kept for when the secret is mended. */
interface QuarantineRow {
  id: Generated<number>;
  received_at: number;
  signature: string;
  body: Uint8Array;
  size: number;
}

interface ForwardParkedRow {
  target: string;
  event_seq: number;
  since: number;
  attempts: number;
  next_at: number | null;
}

interface EventSignatureRow {
  event_id: string;
  signature: string;
  received_at: number;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    bookmark: BookmarkRow;
    witness: WitnessRow;
    gap: GapRow;
    quarantine: QuarantineRow;
    forward_parked: ForwardParkedRow;
    event_signature: EventSignatureRow;
  }
}

/** Where a source stands; null before its first step. What is stored was written by `setBookmark` with the same name. */
export async function bookmark<State>(tx: Tx, name: string): Promise<State | null> {
  const row = await tx.selectFrom("bookmark").select("value").where("name", "=", name).executeTakeFirst();
  return row === undefined ? null : (JSON.parse(row.value) as State);
}

export async function setBookmark(tx: Tx, name: string, state: unknown, nowMs: number): Promise<void> {
  const value = JSON.stringify(state);
  await tx
    .insertInto("bookmark")
    .values({ name, value, updated_at: nowMs })
    .onConflict((conflict) => conflict.column("name").doUpdateSet({ value, updated_at: nowMs }))
    .execute();
}
