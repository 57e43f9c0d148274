import { CompiledQuery, type KyselyPlugin, type QueryId, type RootOperationNode } from "kysely";
import type { Database } from "../src/platform/index.ts";

export interface Watched {
  /** The same database; each statement is noted before it is carried out. */
  readonly db: Database;
  /** How the database carries out what was asked of it so far, line by line. */
  plans(): Promise<string[]>;
}

/** Asks the real planner, for tests that a statement stays short work when the table has grown. */
export function watched(db: Database): Watched {
  const asked: { node: RootOperationNode; queryId: QueryId }[] = [];
  const plugin: KyselyPlugin = {
    transformQuery: ({ node, queryId }) => {
      asked.push({ node, queryId });
      return node;
    },
    transformResult: async ({ result }) => result,
  };
  const read = db.read.withPlugin(plugin);
  const write: Database["write"] = (step) => db.write((tx) => step(tx.withPlugin(plugin)));
  const explain = db.kind === "sqlite" ? "explain query plan" : "explain";
  return {
    db: { ...db, read, write },
    plans: async () => {
      const lines: string[] = [];
      for (const { node, queryId } of asked) {
        const { sql, parameters } = db.read.getExecutor().compileQuery(node, queryId);
        const { rows } = await db.read.executeQuery<{ detail?: string; "QUERY PLAN"?: string }>(CompiledQuery.raw(`${explain} ${sql}`, [...parameters]));
        lines.push(...rows.map((row) => row.detail ?? row["QUERY PLAN"] ?? ""));
      }
      return lines;
    },
  };
}
