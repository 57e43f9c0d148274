import type { DatabaseSync } from "node:sqlite";
import type { Scope } from "./objects.ts";

/** The answer a key once got, with what it was asked for. */
export interface Reply {
  endpoint: string;
  fingerprint: string;
  status: number;
  body: string;
  request: string;
}

export interface Replies {
  find(scope: Scope, key: string, nowMs: number): Reply | null;
  keep(scope: Scope, key: string, reply: Reply, nowMs: number): void;
  /** Stripe keeps a key at least 24 hours and may forget it after. */
  forget(beforeMs: number): number;
}

export const KEY_LIFE_MS = 86_400_000;

export function replies(db: DatabaseSync): Replies {
  const find = db.prepare("select endpoint, fingerprint, status, body, request from idempotency where scope = ? and key = ? and at > ?");
  const insert = db.prepare("insert or replace into idempotency (scope, key, endpoint, fingerprint, status, body, request, at) values (?, ?, ?, ?, ?, ?, ?, ?)");
  const drop = db.prepare("delete from idempotency where at <= ?");
  return {
    find: (scope, key, nowMs) => {
      const row = find.get(scope, key, nowMs - KEY_LIFE_MS);
      if (row === undefined) return null;
      return {
        endpoint: String(row["endpoint"]), fingerprint: String(row["fingerprint"]), status: Number(row["status"]), body: String(row["body"]), request: String(row["request"]),
      };
    },
    keep: (scope, key, reply, nowMs) => void insert.run(scope, key, reply.endpoint, reply.fingerprint, reply.status, reply.body, reply.request, nowMs),
    forget: (beforeMs) => Number(drop.run(beforeMs).changes),
  };
}
