import fc from "fast-check";
import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { ledgerMigrations } from "../ledger/index.ts";
import { notifyMigrations } from "../notify/index.ts";
import { type Database, MINUTE_MS } from "../platform/index.ts";
import { acknowledgeAlert, resolveByHand } from "./act.ts";
import { handedCase } from "./case.ts";
import { applyCases } from "./evaluate.ts";
import { readHistory } from "./history.ts";
import { alertMigrations } from "./migrations/index.ts";
import type { Judged } from "./production.ts";
import { listAlerts, openAlerts } from "./store.ts";

const NOON = Date.UTC(2025, 9, 20, 12);
const STEPS = ["ok", "warning", "critical", "no_data", "breaks", "ack", "resolve", "crash"] as const;
type Step = (typeof STEPS)[number];

function judged(says: Step): Judged {
  switch (says) {
    case "warning":
    case "critical":
      return { value: 1, summary: says, verdict: { kind: "breach", severity: says === "warning" ? "WARNING" : "CRITICAL" } };
    case "no_data":
      return { value: 0, summary: says, verdict: { kind: "no_data" } };
    case "breaks":
      throw new Error("broken");
    case "ok":
    case "ack":
    case "resolve":
    case "crash":
      return { value: 0, summary: says, verdict: { kind: "ok" } };
  }
}

/** The database dies before it commits: nothing of the step may be seen. */
function dying(db: Database): Database {
  const write = (step: (tx: never) => Promise<unknown>): Promise<unknown> =>
    db.write(async (tx) => {
      await step(tx as never);
      throw new Error("killed before the commit");
    });
  return { ...db, write } as unknown as Database;
}

async function evaluateOnce(db: Database, says: Step, now: number): Promise<void> {
  const rule = { name: "check_disk", life: { pendingMs: MINUTE_MS, recoveryMs: 2 * MINUTE_MS }, judge: async () => judged(says) };
  await applyCases(db, [await handedCase(rule, now)], now);
}

async function act(db: Database, says: "ack" | "resolve", nowMs: number): Promise<void> {
  const [alert] = await openAlerts(db.read);
  if (alert === undefined || alert.firedAt === null) return;
  const one = { db, alertId: alert.id, doer: { id: "k", name: "Ada" }, nowMs, trail: async () => {} };
  await (says === "ack" ? acknowledgeAlert(one, null) : resolveByHand(one, "over"));
}

onBothDatabases("whatever happens to an alert", [...ledgerMigrations, ...notifyMigrations, ...alertMigrations], (database) => {
  it("its state, its history and its notices tell one story, with a crash before any commit", { timeout: 240_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom<Step>(...STEPS), { minLength: 5, maxLength: 40 }), async (steps) => {
        const db = await database.open();
        let last: Step = "ok";
        for (const [index, says] of [...steps, ...Array.from({ length: 6 }, (): Step => "ok")].entries()) {
          const now = NOON + index * MINUTE_MS;
          if (says === "crash") await evaluateOnce(dying(db), last, now).catch(() => {});
          else if (says === "ack" || says === "resolve") await act(db, says, now);
          else await evaluateOnce(db, (last = says), now);
        }
        const { alerts } = await listAlerts(db.read, {}, 100, null);
        const news = await db.read.selectFrom("notify_news").select(["alert_id", "change"]).orderBy("id").execute();
        for (const alert of alerts) {
          const told = news.filter(({ alert_id }) => alert_id === alert.id).map(({ change }) => change);
          // Notices and history say the same in the same order; what is not told are the beginning and the health.
          expect((await readHistory(db.read, alert.id)).map(({ kind }) => kind as string).filter((kind) => kind !== "opened" && kind !== "health")).toEqual(told);
          // Every firing alert ends, once, and nothing comes after.
          expect([alert.state, told[0], told.at(-1), told.filter((change) => change === "fired").length, told.filter((change) => change === "resolved").length]).toEqual(["resolved", "fired", "resolved", 1, 1]);
        }
        expect(await openAlerts(db.read)).toEqual([]);
      }),
      { numRuns: database.kind === "sqlite" ? 25 : 4, examples: [[["warning", "warning", "ack", "critical", "crash", "resolve", "critical", "no_data"]]] },
    );
  });
});
