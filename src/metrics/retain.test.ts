import { sql } from "kysely";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { DELIVERY_CONSUMER, metricsMigrations, retainMetrics } from "./index.ts";

onBothDatabases("retention of figures", metricsMigrations, (database) => {
  it.each(["derive", DELIVERY_CONSUMER])("waits for a fold under way, which read the horizon before it (%s)", async (consumer) => {
    const db = await database.open();
    const order: string[] = [];
    const [gate, holding] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const fold = db.write(async (tx) => {
      await db.dialect.lock(tx, `consumer:${consumer}`);
      holding.resolve();
      await gate.promise;
      order.push("fold");
    });
    await holding.promise;
    const retained = retainMetrics(db, "minute", 1, 10, "derive").then(() => order.push("retention"));
    // On SQLite whoever writes is alone; on PostgreSQL it has to ask for the lock.
    const asks = async (): Promise<boolean> => db.kind === "sqlite" || (await sql`select 1 from pg_locks where locktype = 'advisory' and not granted`.execute(db.read)).rows.length > 0;
    while (order.length === 0 && !(await asks()));
    gate.resolve();
    await Promise.all([fold, retained]);
    expect(order).toEqual(["fold", "retention"]);
  });
});
