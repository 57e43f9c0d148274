import { sql } from "kysely";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { plansOf } from "../../test/plan.ts";
import { alertMigrations } from "./migrations/index.ts";
import { listAlerts, openAlerts } from "./store.ts";

onBothDatabases("alerts kept", alertMigrations, (database) => {
  it("finds the open ones without walking through all there ever were", async () => {
    const db = await database.open();
    const words = { subject: "payments", title: "", details: "[]", todo: "[]", labels: "{}", stake_currency: null, stake_minor: null, evidence: null, started_at: null, acked_by: null, acked_at: null, ack_note: null, resolution: null, feedback: null };
    const past = { key: "payment_errors", rule: "payment_errors", state: "resolved", severity: "CRITICAL", opened_at: 1, fired_at: 1, recovering_at: 2, value: 1, summary: "", updated_at: 3, ...words };
    await db.write(async (tx) => {
      for (let batch = 0; batch < 20; batch += 1) await tx.insertInto("alert").values(Array.from({ length: 100 }, () => ({ ...past, resolved_at: 3 }))).execute();
      for (const rule of ["revenue_dip", "payment_errors"]) await tx.insertInto("alert").values({ ...past, key: rule, rule, state: "firing", resolved_at: null }).execute();
    });
    if (db.kind === "postgres") await sql`analyze alert`.execute(db.read);
    expect((await openAlerts(db.read)).map((alert) => alert.rule)).toEqual(["payment_errors", "revenue_dip"]);
    expect((await listAlerts(db.read, { state: "open" }, 50, null)).alerts.map((alert) => alert.id)).toEqual([2002, 2001]);
    for (const look of [openAlerts, (tx: typeof db.read) => listAlerts(tx, { state: "open" }, 50, null)]) {
      const [plan] = await plansOf(db, db.read, look);
      expect(plan).toContain("alert_open");
      expect(plan).not.toMatch(/SCAN alert(?! USING)|Seq Scan/);
    }
  });
});
