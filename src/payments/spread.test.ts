import { sql } from "kysely";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { watched } from "../../test/plans.ts";
import type { Database } from "../platform/index.ts";
import { paymentsMigrations, saleUnevenness } from "./index.ts";

const DAY = 86_400_000;
const AT = 1_760_000_000_000;

/** Attempts one second apart: every 1000th in yen, every tenth failed, amounts 1 and 3 in turn. */
async function fill(db: Database, attempts: number): Promise<void> {
  const rows = sql`insert into attempt (payment_no, id, live, account, currency, at, outcome, amount)
    with recursive n (i) as (select 1 union all select i + 1 from n where i < ${sql.lit(attempts)})
    select i, 'ch', 1, '', case when i % 1000 = 0 then 'jpy' else 'usd' end, ${sql.lit(AT)} + i * 1000, case when i % 10 = 1 then 'failed' else 'succeeded' end, 1 + i / 1000 % 2 * 2 from n`;
  await db.write((tx) => rows.execute(tx));
}

onBothDatabases("the unevenness of sales", paymentsMigrations, (database) => {
  it("is told of a currency's own sales", async () => {
    const db = await database.open();
    await fill(db, 4000);
    // 1, 3, 1, 3: the mean is 2, that of the squares 5.
    expect(await saleUnevenness(db.read, AT, AT + DAY, true, null, "jpy")).toBe(5 / 4);
    expect(await saleUnevenness(db.read, AT + 1_500_000, AT + 2_500_000, true, null, "jpy")).toBe(1);
    expect(await saleUnevenness(db.read, AT, AT + DAY, true, null, "eur")).toBe(null);
    expect(await saleUnevenness(db.read, AT, AT + DAY, false, null, "jpy")).toBe(null);
    expect(await saleUnevenness(db.read, AT, AT + DAY, true, "acct_1", "jpy")).toBe(null);
  });

  it("looks at no other currency's attempts: it is asked for each, up to once a second", async () => {
    const db = await database.open();
    await fill(db, 20_000);
    // SQLite plans without figures, as it does in use; PostgreSQL gathers them by itself, only not within this moment.
    if (db.kind === "postgres") await sql`vacuum analyze attempt`.execute(db.read);
    const { db: asked, plans } = watched(db);
    await saleUnevenness(asked.read, AT, AT + DAY, true, null, "jpy");
    const plan = (await plans()).join("\n");
    expect(plan).toMatch(/USING COVERING INDEX attempt_sale \(live=\? AND account=\? AND currency=\? AND at>\? AND at<\?\)|Index (Only )?Scan Backward using attempt_sale/);
    expect(plan).not.toMatch(/attempt_at|SCAN attempt|Seq Scan|TEMP B-TREE|Sort/);
  });
});
