import type { Tx } from "../platform/index.ts";

interface PlanRow {
  only_row: number;
  due_at: number;
  routing: string;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    notify_plan: PlanRow;
  }
}

/** Something that planning goes by has changed: it is due at once, whatever was said before. */
export async function planSoon(tx: Tx): Promise<void> {
  await tx.updateTable("notify_plan").set({ due_at: 0 }).where("only_row", "=", 1).execute();
}
