import type { Tx } from "../platform/index.ts";
import type { OperationKind, OperationState } from "./operation.ts";

/** Operations of one kind, state and currency. */
export interface OperationTally {
  readonly kind: OperationKind;
  readonly state: OperationState;
  /** Null for those without an amount. */
  readonly currency: string | null;
  readonly operations: number;
  /** Minor units; null without a currency. */
  readonly amount: number | null;
}

/** What became of the operations asked for in `[fromMs, toMs)`, ms UTC. Amounts are summed per currency alone. */
export async function tallyOperations(tx: Tx, live: boolean, fromMs: number, toMs: number): Promise<OperationTally[]> {
  const rows = await tx
    .selectFrom("operation")
    .select(({ fn }) => ["kind", "state", "currency", fn.countAll<number>().as("operations"), fn.sum<number | string | null>("amount").as("amount")])
    .where("live", "=", live ? 1 : 0)
    .where("created_at", ">=", fromMs)
    .where("created_at", "<", toMs)
    .groupBy(["kind", "state", "currency"])
    .orderBy("kind")
    .orderBy("state")
    .orderBy("currency")
    .execute();
  return rows.map(({ amount, ...row }) => ({ ...row, amount: amount === null ? null : Number(amount) }));
}
