import type { Case } from "./case.ts";
import type { Kind } from "./detection/index.ts";
import { type AlertSettings, isQuiet, KIND_GROUPS, localMinute } from "./settings.ts";

/** The case is not judged now: what is open stays open, what is not does not begin. */
function unknown(one: Case, why: string): Case {
  return { ...one, finding: "unknown", judged: { ...one.judged, summary: `${one.judged.summary}; ${why}` } };
}

/** Switched off, or decided by the plain threshold alone: an open alert ends, none begins. */
function withdrawn(one: Case): Case {
  return { ...one, finding: "well", resolution: "withdrawn", judged: { ...one.judged, summary: "this rule is switched off", verdict: { kind: "ok" } } };
}

/** A WARNING does not begin in quiet hours. */
export function heedQuietHours(one: Case, settings: AlertSettings, timeZone: string, nowMs: number, isOpen: boolean): Case {
  const { verdict } = one.judged;
  if (one.finding !== "breach" || isOpen || verdict.kind !== "breach" || verdict.severity === "CRITICAL") return one;
  return isQuiet(settings.quietHours, localMinute(nowMs, timeZone)) ? unknown(one, "quiet hours") : one;
}

/** What the settings make of what a detector found. */
export function heedSettings(one: Case, kind: Kind, settings: AlertSettings): Case {
  if (settings.off.has(kind)) return withdrawn(one);
  const group = KIND_GROUPS[kind];
  // In both other modes the literal rule is the alert; in the last it asks whether this one agrees.
  if (group !== null && settings.modes[group] !== "adaptive") return withdrawn(one);
  const attempts = one.judged.evidence?.of ?? settings.minimumAttempts;
  if (group === "payments" && attempts < settings.minimumAttempts) return unknown(one, `fewer than ${settings.minimumAttempts} attempts`);
  return one;
}
