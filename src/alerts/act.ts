import { createSilence, type Silence } from "../notify/index.ts";
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
 * Takes it on: escalation stops. Once more is an act of its own (notices may have asked whether it was forgotten), so it
 * is on record and told; who took it on first stays.
 *
 * @throws AppError `conflict` for one that is resolved.
 */
export async function acknowledgeAlert(act: Act, note: string | null): Promise<Alert> {
  return await acting(act, async (tx, alert) => {
    if (alert.state === "resolved") throw new AppError("conflict", `alert ${alert.id} is resolved since ${new Date(alert.resolvedAt ?? 0).toISOString()}; there is nothing to acknowledge`, { code: "alert_resolved" });
    if (alert.acknowledged === null) await setAcknowledged(tx, alert.id, { by: act.doer.name, at: act.nowMs, note }, act.nowMs);
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

/** What of an alert a silence mutes: this one alone, or whatever its rule or its subject tells. */
export const SILENCE_SCOPES = ["alert", "rule", "subject"] as const;
export type SilenceScope = (typeof SILENCE_SCOPES)[number];

/**
 * Mutes the notices of an alert, of its rule or of its subject; the alert itself goes on.
 *
 * @param endsAt ms UTC, or when nothing that it mutes fires any more.
 * @throws AppError `invalid` for a time that has passed or is too far off; `conflict` for one that is resolved, unless its rule or subject is meant.
 */
export async function silenceAlert(act: Act, scope: SilenceScope, endsAt: number | "when_resolved", reason: string): Promise<{ readonly alert: Alert; readonly silence: Silence }> {
  return await act.db.write(async (tx) => {
    await act.db.dialect.lock(tx, "alerts:evaluate");
    const alert = await needAlert(tx, act.alertId);
    if (alert.state === "resolved" && scope === "alert") throw new AppError("conflict", `alert ${alert.id} is resolved; there is nothing to silence (its rule can be: scope rule)`, { code: "alert_resolved" });
    const value = { alert: String(alert.id), rule: alert.rule, subject: alert.subject }[scope];
    const silence = await createSilence(tx, { matchers: [{ label: scope, op: "=", value }], author: act.doer.name, reason, endsAt }, act.nowMs);
    const until = silence.endsAt === null ? "until it is resolved" : `until ${new Date(silence.endsAt).toISOString()}`;
    await recordEvent(tx, alert.id, "silenced", act.doer, `${scope} ${until}: ${reason}`, act.nowMs);
    await act.trail(tx, "alert.silence", alert, { silence: silence.id, scope, ends_at: silence.endsAt });
    return { alert, silence };
  });
}
