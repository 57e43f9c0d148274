import type { DatabaseSync } from "node:sqlite";
import type { Scope } from "./objects.ts";

/** What Stripe will do by itself later: book a charge, settle a refund, open a test dispute. */
export type AgendaStep = "book_charge" | "settle_refund" | "fail_refund" | "settle_debit" | "fail_debit" | "open_dispute" | "open_inquiry" | "open_dispute_not_received";

export interface AgendaEntry {
  id: number;
  atMs: number;
  scope: Scope;
  step: AgendaStep;
  subject: string;
}

export interface Agenda {
  add(atMs: number, scope: Scope, step: AgendaStep, subject: string): void;
  nextAtMs(): number;
  /** Takes the earliest that is due; the caller does it in the same transaction. */
  take(nowMs: number): AgendaEntry | null;
}

export function agenda(db: DatabaseSync): Agenda {
  const insert = db.prepare("insert into agenda (at, scope, step, subject) values (?, ?, ?, ?)");
  const first = db.prepare("select id, at, scope, step, subject from agenda order by at, id limit 1");
  const drop = db.prepare("delete from agenda where id = ?");
  // The next time is asked for many times a second; it only changes with these two operations.
  let nextAtMs: number | null = null;
  const look = (): number => (nextAtMs ??= Number(first.get()?.["at"] ?? Infinity));
  return {
    add: (atMs, scope, step, subject) => {
      insert.run(atMs, scope, step, subject);
      nextAtMs = null;
    },
    nextAtMs: look,
    take: (nowMs) => {
      if (look() > nowMs) return null;
      const row = first.get();
      if (row === undefined) return null;
      drop.run(Number(row["id"]));
      nextAtMs = null;
      return { id: Number(row["id"]), atMs: Number(row["at"]), scope: String(row["scope"]), step: String(row["step"]) as AgendaStep, subject: String(row["subject"]) };
    },
  };
}
