import type { DatabaseSync } from "node:sqlite";
import type { TimeQueue } from "../traffic/queue.ts";
import { timeQueue } from "../traffic/queue.ts";

/** One event on its way to one endpoint. */
export interface Delivery {
  id: number;
  event: string;
  endpoint: string;
  /** How many attempts were made. */
  attempt: number;
}

interface DeliveryCounts {
  pending: number;
  delivered: number;
  given_up: number;
  dropped: number;
}

/** The deliveries not yet done, in memory by time and on disk for the next start. */
export interface Outbox {
  add(event: string, endpoint: string, atMs: number): void;
  nextAtMs(): number;
  takeDue(nowMs: number): Delivery | null;
  retry(delivery: Delivery, atMs: number): void;
  finish(delivery: Delivery, state: "delivered" | "given_up" | "dropped"): void;
  counts(): DeliveryCounts;
}

export function outbox(db: DatabaseSync): Outbox {
  const queue: TimeQueue<Delivery> = timeQueue();
  for (const row of db.prepare("select id, event, endpoint, attempt, next_at from deliveries where next_at is not null order by next_at, id").all()) {
    queue.push(Number(row["next_at"]), { id: Number(row["id"]), event: String(row["event"]), endpoint: String(row["endpoint"]), attempt: Number(row["attempt"]) });
  }
  const insert = db.prepare("insert into deliveries (event, endpoint, attempt, next_at, state) values (?, ?, 0, ?, 'pending')");
  const postpone = db.prepare("update deliveries set attempt = ?, next_at = ? where id = ?");
  const end = db.prepare("update deliveries set attempt = ?, next_at = null, state = ? where id = ?");
  return {
    add: (event, endpoint, atMs) => {
      const { lastInsertRowid } = insert.run(event, endpoint, atMs);
      queue.push(atMs, { id: Number(lastInsertRowid), event, endpoint, attempt: 0 });
    },
    nextAtMs: () => queue.nextAtMs(),
    takeDue: (nowMs) => (queue.nextAtMs() <= nowMs ? (queue.pop() ?? null) : null),
    retry: (delivery, atMs) => {
      postpone.run(delivery.attempt, atMs, delivery.id);
      queue.push(atMs, delivery);
    },
    finish: (delivery, state) => void end.run(delivery.attempt, state, delivery.id),
    counts: () => {
      const counts: DeliveryCounts = { pending: 0, delivered: 0, given_up: 0, dropped: 0 };
      for (const row of db.prepare("select state, count(*) as n from deliveries group by state").all()) counts[String(row["state"]) as keyof DeliveryCounts] = Number(row["n"]);
      return counts;
    },
  };
}
