import type { Database, Migration, Tx } from "../platform/index.ts";

/** A running service process, as the others see it. */
interface NodeRow {
  node: string;
  pid: number;
  version: string;
  url: string;
  /** Where the sandbox that it started answers; null when it runs on Stripe. */
  sandbox_url: string | null;
  started_at: number;
  seen_at: number;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    node: NodeRow;
  }
}

export const nodeMigrations: readonly Migration[] = [
  {
    name: "app/0001_node",
    statements: (ddl) => [
      `create table node (node text primary key, pid ${ddl.int} not null, version text not null, url text not null, sandbox_url text, started_at ${ddl.int} not null, seen_at ${ddl.int} not null)`,
    ],
  },
];

export const NODE_BEAT_MS = 5000;
/** Not seen for this long: not running, or stuck. */
const GONE_MS = 30_000;
const FORGET_MS = 86_400_000;

/**
 * A sign of life; also forgets nodes that have been gone for a day.
 *
 * @param also is written in the same transaction.
 */
export async function beatNode(db: Database, node: Omit<NodeRow, "seen_at">, nowMs: number, also?: (tx: Tx) => Promise<void>): Promise<void> {
  await db.write(async (tx) => {
    await also?.(tx);
    await tx
      .insertInto("node")
      .values({ ...node, seen_at: nowMs })
      .onConflict((conflict) => conflict.column("node").doUpdateSet({ seen_at: nowMs, sandbox_url: node.sandbox_url }))
      .execute();
    await tx.deleteFrom("node").where("seen_at", "<", nowMs - FORGET_MS).execute();
  });
}

/** At an orderly end, so that nobody takes it for stuck. */
export async function removeNode(db: Database, node: string): Promise<void> {
  await db.write((tx) => tx.deleteFrom("node").where("node", "=", node).execute());
}

export interface LiveNode {
  readonly url: string;
  readonly sandboxUrl: string | null;
  readonly version: string;
  readonly startedAt: number;
  readonly seenAt: number;
}

/** Running nodes, the longest running first. */
export async function liveNodes(tx: Tx, nowMs: number): Promise<LiveNode[]> {
  const rows = await tx.selectFrom("node").selectAll().where("seen_at", ">=", nowMs - GONE_MS).orderBy("started_at").execute();
  return rows.map((row) => ({ url: row.url, sandboxUrl: row.sandbox_url, version: row.version, startedAt: row.started_at, seenAt: row.seen_at }));
}
