import { CompiledQuery, type RootOperationNode } from "kysely";
import type { Database, Tx } from "../src/platform/index.ts";

/** How the database would go about each statement of a step, as its own words: to see that an index is used. */
export async function plansOf(db: Database, tx: Tx, step: (tx: Tx) => Promise<unknown>): Promise<string[]> {
  const nodes: [RootOperationNode, { readonly queryId: string }][] = [];
  await step(
    tx.withPlugin({
      transformQuery: ({ node, queryId }) => {
        nodes.push([node, queryId]);
        return node;
      },
      transformResult: async ({ result }) => result,
    }),
  );
  const plans: string[] = [];
  for (const [node, queryId] of nodes) {
    const { sql, parameters } = tx.getExecutor().compileQuery(node, queryId);
    const explain = db.kind === "sqlite" ? "explain query plan" : "explain";
    const { rows } = await tx.executeQuery<Record<string, unknown>>(CompiledQuery.raw(`${explain} ${sql}`, [...parameters]));
    plans.push(rows.map((row) => String(row["detail"] ?? row["QUERY PLAN"])).join("\n"));
  }
  return plans;
}
