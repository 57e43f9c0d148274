import type { Database, Tx } from "../platform/index.ts";
import { postgresAppender } from "./append-postgres.ts";
import { sqliteAppender } from "./append-sqlite.ts";
import type { Refusal } from "./delivery.ts";
import type { EventHead, Source } from "./event.ts";

/** An authentic event on its way into the ledger. */
export interface Arrival {
  readonly kind: "arrival";
  readonly head: EventHead;
  /** The bytes as they came over the wire; stored exactly. */
  readonly body: Uint8Array;
  readonly receivedAt: number;
  readonly source: Source;
  /** The endpoint (name of the secret) it came through; `-` for what was not delivered. */
  readonly endpoint: string;
}

export type AppendItem = Arrival | (Refusal & { readonly kind: "refusal" });

export type AppendResult =
  | { readonly kind: "accepted"; readonly seq: number }
  /** The same event again, with the same content; processing that had failed is armed again. */
  | { readonly kind: "duplicate"; readonly seq: number }
  /** The same id with another content: kept beside the first, flagged, never processed. */
  | { readonly kind: "variant"; readonly seq: number }
  | { readonly kind: "recorded" };

/**
 * Commits a batch: events, their deliveries and refused deliveries, in one transaction. When the promise resolves,
 * everything is on disk (SQLite: fsync; PostgreSQL: synchronous commit); when it rejects, nothing is.
 */
export type Append = (items: readonly AppendItem[]) => Promise<readonly AppendResult[]>;

/**
 * As `Append`, with something that is written in the same transaction: a cursor, a record of what was recovered. When
 * `beside` throws, nothing is stored.
 */
export type AppendBeside = (items: readonly AppendItem[], beside: (tx: Tx, results: readonly AppendResult[]) => Promise<void>) => Promise<readonly AppendResult[]>;

/** One appender per process and database is enough; several at once are safe. */
export function openAppend(db: Database): Append {
  switch (db.kind) {
    case "sqlite":
      return sqliteAppender(db).append;
    case "postgres": {
      const append = postgresAppender(db);
      return (items) => append(items, null);
    }
  }
}

/** For sources that keep a cursor of their own (sweep, tail, import). */
export function openAppendBeside(db: Database): AppendBeside {
  switch (db.kind) {
    case "sqlite":
      return sqliteAppender(db).appendBeside;
    case "postgres":
      return postgresAppender(db);
  }
}
