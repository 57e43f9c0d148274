/**
 * The life of an alert: inactive → pending → firing → recovering → resolved. Pure, so that the service, a backtest and
 * a test walk the same path.
 */
export type AlertState = "pending" | "firing" | "recovering" | "resolved";

/** An alert that is open: from its first breach until it is resolved. */
export interface OpenAlert {
  readonly state: Exclude<AlertState, "resolved">;
  /** First breach, ms UTC. */
  readonly openedAt: number;
  /** When it began to fire, ms UTC; null while pending. */
  readonly firedAt: number | null;
  /** Since when it has been well again, ms UTC; null unless recovering. */
  readonly recoveringAt: number | null;
}

export interface LifeRule {
  /** How long (ms) a breach must last before it fires. */
  readonly pendingMs: number;
  /** How long (ms) it must be well before it is resolved, so that one incident is one alert. */
  readonly recoveryMs: number;
}

/** What an evaluation says of the rule now. `unknown` (no data, an error) neither fires nor resolves. */
export type Finding = "breach" | "well" | "unknown";

export type Step =
  | { readonly kind: "none"; readonly next: OpenAlert | null }
  | { readonly kind: "opened" | "fired" | "recovering" | "relapsed"; readonly next: OpenAlert }
  | { readonly kind: "resolved"; readonly firedAt: number }
  /** Well again before it ever fired: nobody was told, nobody needs to be. */
  | { readonly kind: "dropped" };

function onBreach(open: OpenAlert | null, rule: LifeRule, nowMs: number): Step {
  if (open === null) {
    const fires = rule.pendingMs <= 0;
    return { kind: fires ? "fired" : "opened", next: { state: fires ? "firing" : "pending", openedAt: nowMs, firedAt: fires ? nowMs : null, recoveringAt: null } };
  }
  switch (open.state) {
    case "pending":
      return nowMs - open.openedAt >= rule.pendingMs ? { kind: "fired", next: { ...open, state: "firing", firedAt: nowMs } } : { kind: "none", next: open };
    case "firing":
      return { kind: "none", next: open };
    case "recovering":
      return { kind: "relapsed", next: { ...open, state: "firing", recoveringAt: null } };
  }
}

function onWell(open: OpenAlert | null, rule: LifeRule, nowMs: number): Step {
  if (open === null) return { kind: "none", next: null };
  if (open.firedAt === null) return { kind: "dropped" };
  const since = open.recoveringAt ?? nowMs;
  if (nowMs - since >= rule.recoveryMs) return { kind: "resolved", firedAt: open.firedAt };
  if (open.state === "recovering") return { kind: "none", next: open };
  return { kind: "recovering", next: { ...open, state: "recovering", recoveringAt: since } };
}

export function advance(open: OpenAlert | null, finding: Finding, rule: LifeRule, nowMs: number): Step {
  switch (finding) {
    case "breach":
      return onBreach(open, rule, nowMs);
    case "well":
      return onWell(open, rule, nowMs);
    case "unknown":
      return { kind: "none", next: open };
  }
}
