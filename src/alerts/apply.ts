import type { Tx } from "../platform/index.ts";
import { DAY_MS } from "../platform/index.ts";
import type { Alert, AlertSeverity } from "./alert.ts";
import { type Case, toldOf } from "./case.ts";
import { evidenceEvents } from "./evidence-events.ts";
import { recordEvent, TILLWATCH } from "./history.ts";
import { advance, type OpenAlert } from "./lifecycle.ts";
import { tell } from "./news.ts";
import { dropAlert, insertAlert, releaseKey, resolveAlert, setAcknowledged, setHealth, updateAlert } from "./store.ts";

export interface Transition {
  readonly rule: string;
  readonly kind: "fired" | "relapsed" | "worsened" | "updated" | "recovering" | "resolved";
  readonly severity: Alert["severity"];
  readonly summary: string;
}

type Held = { readonly severity: AlertSeverity; readonly since: number };

/** What a person ended is told again after a day, if it still goes on. */
const HELD_MS = DAY_MS;

/** A person ended it while it went on: nothing is told until it was well once, got worse, or a day has passed. Answers whether it is still held. */
async function keepsHeld(tx: Tx, { key, finding, judged }: Case, held: Held, nowMs: number): Promise<boolean> {
  const worse = judged.verdict.kind === "breach" && judged.verdict.severity === "CRITICAL" && held.severity === "WARNING";
  if (finding !== "well" && !worse && nowMs - held.since < HELD_MS) return true;
  await releaseKey(tx, key);
  return false;
}

/**
 * Moves the alert of one case on: its state, its history and its notice in one transaction. Answers what changed, null
 * when nothing is told.
 */
export async function applyCase(tx: Tx, one: Case, alert: Alert | undefined, held: Held | undefined, nowMs: number): Promise<Transition | null> {
  if (held !== undefined && alert === undefined && (await keepsHeld(tx, one, held, nowMs))) return null;
  const { key, rule, judged, finding } = one;
  const open: OpenAlert | null =
    alert === undefined || alert.state === "resolved" ? null : { state: alert.state, openedAt: alert.openedAt, firedAt: alert.firedAt, recoveringAt: alert.recoveringAt };
  const step = advance(open, finding, one.life, nowMs);
  const told = toldOf(one, alert?.severity);
  const note = (id: number, kind: Transition["kind"], reason: string): Promise<void> => recordEvent(tx, id, kind, TILLWATCH, reason, nowMs);
  const change = (kind: Transition["kind"]): Transition => ({ rule: alert?.rule ?? rule, kind, severity: told.severity, summary: judged.summary });
  switch (step.kind) {
    case "none":
      return alert === undefined || step.next === null ? null : await goOn(tx, one, alert, step.next, nowMs);
    case "opened":
      await insertAlert(tx, { key, rule, drill: one.words.drill === true }, step.next, told, nowMs);
      return null;
    case "fired": {
      const evidence = told.evidence === null ? null : { ...told.evidence, events: await evidenceEvents(tx, told.evidence) };
      const firing = { ...told, evidence };
      const id = alert === undefined ? await insertAlert(tx, { key, rule, drill: one.words.drill === true }, step.next, firing, nowMs) : alert.id;
      if (alert !== undefined) await updateAlert(tx, id, step.next, firing, nowMs);
      // A pending alert leaves no trace, so that its beginning is told when it fires.
      if (step.next.openedAt < nowMs) await recordEvent(tx, id, "opened", TILLWATCH, null, step.next.openedAt);
      await note(id, "fired", judged.summary);
      await tell(tx, id, "fired", nowMs);
      return change("fired");
    }
    case "relapsed":
    case "recovering": {
      if (alert === undefined) return null;
      await updateAlert(tx, alert.id, step.next, step.kind === "relapsed" ? keepEvents(told, alert) : null, nowMs);
      await note(alert.id, step.kind, judged.summary);
      await tell(tx, alert.id, step.kind, nowMs, judged.summary);
      return change(step.kind);
    }
    case "resolved":
      if (alert === undefined) return null;
      await resolveAlert(tx, alert.id, one.resolution ?? "recovered", nowMs);
      await note(alert.id, "resolved", judged.summary);
      await tell(tx, alert.id, "resolved", nowMs, judged.summary);
      return change("resolved");
    case "dropped":
      if (alert !== undefined) await dropAlert(tx, alert.id);
      return null;
  }
}

function keepEvents(told: ReturnType<typeof toldOf>, { evidence }: Alert): ReturnType<typeof toldOf> {
  return told.evidence === null ? told : { ...told, evidence: { ...told.evidence, events: evidence?.events ?? [] } };
}

/** The alert stays as it is; what is seen of it may change, get worse, or not be seen any more. */
async function goOn(tx: Tx, one: Case, alert: Alert, next: OpenAlert, nowMs: number): Promise<Transition | null> {
  const { judged, health, finding } = one;
  if (health !== alert.health) {
    await setHealth(tx, alert.id, health);
    const words = { ok: "can be judged again", no_data: "no data to judge", error: judged.summary }[health];
    if (alert.firedAt !== null) await recordEvent(tx, alert.id, "health", TILLWATCH, words, nowMs);
  }
  if (finding !== "breach") return null;
  const told = keepEvents(toldOf(one, alert.severity), alert);
  const kind = alert.severity === "WARNING" && told.severity === "CRITICAL" ? "worsened" : one.news === true ? "updated" : null;
  // What was last seen of a breach stays readable while it lasts.
  await updateAlert(tx, alert.id, next, told, nowMs);
  if (kind === null || alert.firedAt === null) return null;
  if (kind === "worsened" && alert.acknowledged !== null) {
    // Who took it on took on something smaller.
    await setAcknowledged(tx, alert.id, null, nowMs);
    await recordEvent(tx, alert.id, "unacknowledged", TILLWATCH, "it got worse since it was acknowledged", nowMs);
    await tell(tx, alert.id, "unacknowledged", nowMs, judged.summary);
  }
  await recordEvent(tx, alert.id, kind, TILLWATCH, judged.summary, nowMs);
  await tell(tx, alert.id, kind, nowMs, judged.summary);
  return { rule: alert.rule, kind, severity: told.severity, summary: judged.summary };
}
