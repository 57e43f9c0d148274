import { AppError, type Database, type Tx } from "../platform/index.ts";
import type { Alert, Feedback } from "./alert.ts";
import { type Doer, recordEvent } from "./history.ts";
import { tell } from "./news.ts";
import { getAlert, resolveAlert, setAcknowledged, setFeedback } from "./store.ts";

/** Writes the line of the audit trail, in the transaction of the change. */
export type Trail = (tx: Tx, action: string, alert: Alert, detail: Readonly<Record<string, unknown>>) => Promise<void>;

/** What a person does with an alert. */
export interface Act {
  readonly db: Database;
  readonly alertId: number;
  readonly doer: Doer;
  readonly trail: Trail;
  readonly nowMs: number;
}

/** @throws AppError `not_found`. */
export async function needAlert(tx: Tx, id: number): Promise<Alert> {
  const alert = await getAlert(tx, id);
  // A pending one may come to nothing; nobody was told of it, so nobody can act on it.
  if (alert === null || alert.state === "pending") throw new AppError("not_found", `there is no alert ${id}; GET /api/alerts lists them`, { code: "alert_not_found" });
  return alert;
}

/** Runs in the lock of the evaluations, so that a person and a rule never move one alert at once. Answers the alert as it is then. */
async function acting({ db, alertId }: Act, step: (tx: Tx, alert: Alert) => Promise<void>): Promise<Alert> {
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, "alerts:evaluate");
    await step(tx, await needAlert(tx, alertId));
    return await needAlert(tx, alertId);
  });
}

/**
 * Takes it on: escalation stops. Once more by anybody changes nothing.
 *
 * @throws AppError `conflict` for one that is resolved.
 */
export async function acknowledgeAlert(act: Act, note: string | null): Promise<Alert> {
  return await acting(act, async (tx, alert) => {
    if (alert.state === "resolved") throw new AppError("conflict", `alert ${alert.id} is resolved since ${new Date(alert.resolvedAt ?? 0).toISOString()}; there is nothing to acknowledge`, { code: "alert_resolved" });
    if (alert.acknowledged !== null) return;
    await setAcknowledged(tx, alert.id, { by: act.doer.name, at: act.nowMs, note }, act.nowMs);
    await recordEvent(tx, alert.id, "acknowledged", act.doer, note, act.nowMs);
    await act.trail(tx, "alert.acknowledge", alert, { note });
    await tell(tx, alert.id, "acknowledged", act.nowMs);
  });
}

/**
 * Says that it is over. Should it go on, it does not fire again until it was well once, gets worse, or a day has passed.
 *
 * @throws AppError `conflict` for one that is resolved already.
 */
export async function resolveByHand(act: Act, reason: string): Promise<Alert> {
  return await acting(act, async (tx, alert) => {
    if (alert.state === "resolved") throw new AppError("conflict", `alert ${alert.id} is resolved already, since ${new Date(alert.resolvedAt ?? 0).toISOString()}`, { code: "alert_resolved" });
    await resolveAlert(tx, alert.id, "by_hand", act.nowMs, alert.state === "firing");
    await recordEvent(tx, alert.id, "resolved", act.doer, reason, act.nowMs);
    await act.trail(tx, "alert.resolve", alert, { reason });
    await tell(tx, alert.id, "resolved", act.nowMs, `${act.doer.name} resolved it: ${reason}`);
  });
}

export async function commentAlert(act: Act, text: string): Promise<Alert> {
  return await acting(act, async (tx, alert) => {
    await recordEvent(tx, alert.id, "commented", act.doer, text, act.nowMs);
    await act.trail(tx, "alert.comment", alert, {});
  });
}

/** Was it real, expected, or noise? The minutes of what was expected are not learnt from. */
export async function judgeAlert(act: Act, feedback: Feedback, note: string | null): Promise<Alert> {
  return await acting(act, async (tx, alert) => {
    await setFeedback(tx, alert.id, feedback, act.nowMs);
    await recordEvent(tx, alert.id, "feedback", act.doer, note === null ? feedback : `${feedback}: ${note}`, act.nowMs);
    await act.trail(tx, "alert.feedback", alert, { feedback });
  });
}
