import type { HandedRule, Judged } from "../alerts/index.ts";
import type { CheckResult, HealthCheck } from "../health/index.ts";
import { MINUTE_MS } from "../platform/index.ts";

/** A check that looks bad for a moment (Stripe slow, a deployment) wakes nobody. */
const LIFE = { pendingMs: 5 * MINUTE_MS, recoveryMs: 2 * MINUTE_MS };

/** What the checks are about, in words; by the beginning of their names. */
const WORDS: readonly (readonly [prefix: string, subject: string, title: string])[] = [
  ["sweep", "ingest", "Events are missing here, or not compared with Stripe"],
  ["clock", "ingest", "This machine's clock is off"],
  ["endpoints", "webhooks", "A webhook endpoint at Stripe needs attention"],
  ["forward_", "forward", "An application does not get its events"],
  ["operations", "operations", "Refunds or invoices are not settled"],
  ["alert_drill", "notices", "An alert drill did not come through"],
  ["pricing", "pricing", "A price change brings less than before"],
];

function wordsOf(name: string): { subject: string; title: string } {
  const [, subject, title] = WORDS.find(([prefix]) => name.startsWith(prefix)) ?? ["", name, `The health check ${name} is not well`];
  return { subject, title };
}

function judged(check: HealthCheck, { state, figure, todo }: CheckResult): Judged {
  const summary = `${check.name}: ${figure ?? state}${todo === undefined ? "" : `; ${todo}`}`;
  const more = todo === undefined ? {} : { todo: [todo] };
  switch (state) {
    case "ok":
      return { value: 0, summary, verdict: { kind: "ok" } };
    case "degraded":
      return { value: 1, summary, ...more, verdict: { kind: "breach", severity: "WARNING" } };
    case "down":
      return { value: 2, summary, ...more, verdict: { kind: "breach", severity: "CRITICAL" } };
    case "unknown":
      return { value: 0, summary, verdict: { kind: "no_data" } };
  }
}

/**
 * Makes a health check a rule: who looks at no page is told all the same when deliveries are missing at our end, an
 * endpoint is disabled or an operation is not confirmed. A check that fails or hangs says nothing.
 */
export function ruleOfCheck(check: HealthCheck): HandedRule {
  return {
    name: `check_${check.name}`,
    ...wordsOf(check.name),
    labels: { kind: "check" },
    life: LIFE,
    judge: async () => {
      try {
        return judged(check, await check.run(AbortSignal.timeout(check.timeoutMs)));
      } catch {
        return { value: 0, summary: `${check.name} could not be looked at`, verdict: { kind: "no_data" } };
      }
    },
  };
}
