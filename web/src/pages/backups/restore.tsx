import { text } from "../../text/backups.ts";
import { Card, Facts } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { type State, StateBadge } from "../../ui/state.tsx";
import { durationWords, Time } from "../../ui/time.tsx";
import type { RestoreDrill } from "./read.ts";

export const VERDICT: Record<RestoreDrill["outcome"], State> = { verified: "fine", failed: "critical", inconclusive: "attention" };
const STEP: Record<RestoreDrill["steps"][number]["result"], State> = { ok: "fine", failed: "critical", inconclusive: "attention", skipped: "unknown" };

export function measured(ms: number | null): string {
  return ms === null ? "–" : durationWords(ms);
}

/** Every restore drill with what each of its steps found. */
export function RestoreDrills({ drills }: { drills: readonly RestoreDrill[] }) {
  return (
    <Card title={text.history.restores} flush>
      {drills.length === 0 ? (
        <Empty title={text.restore.none} />
      ) : (
        <ul>
          {drills.map(({ no, outcome, started_at, backup_id, recovery_time_ms, recovery_point_ms, steps }) => (
            <li key={no} className="border-t border-line px-4 py-3 first:border-t-0">
              <p className="flex flex-wrap items-center gap-2">
                <StateBadge state={VERDICT[outcome]}>{text.restore.outcome[outcome]}</StateBadge>
                <Time at={started_at} />
                <span className="foreign font-mono text-sm text-muted">{backup_id}</span>
              </p>
              <Facts
                facts={[
                  [text.restore.time, measured(recovery_time_ms)],
                  [text.restore.point, measured(recovery_point_ms)],
                ]}
              />
              <details className="mt-1">
                <summary>{text.steps}</summary>
                <ul className="mt-1 space-y-1">
                  {steps.map(({ step, result, text: words, ms }) => (
                    <li key={step} className="flex flex-wrap items-baseline gap-x-2">
                      <StateBadge state={STEP[result]}>{text.step[result]}</StateBadge>
                      <strong>{step}</strong>
                      <span className="foreign-wrap min-w-0">{words}</span>
                      <span className="text-sm text-muted">{durationWords(ms)}</span>
                    </li>
                  ))}
                </ul>
              </details>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
