import { text } from "../../text/pricing.ts";
import type { State } from "../../ui/state.tsx";

export const STATE_OF: Record<keyof typeof text.state, State> = { open: "attention", awaiting_second: "attention", applying: "attention", applied: "attention", kept: "fine", rolling_back: "attention", rolled_back: "unknown", noted: "attention", rejected: "unknown", stale: "unknown", failed: "critical" };

const percent = (share: number): string => `${share > 0 ? "+" : ""}${Number((share * 100).toFixed(1))} %`;

/** The middle 90 % as a bar about "no change", with the median as a tick; nothing where figures cannot say. */
export function EffectPicture({ low, median, high }: { low: number | null; median: number | null; high: number | null }) {
  if (low === null || median === null || high === null) return null;
  const reach = Math.max(Math.abs(low), Math.abs(high), 0.01) * 1.15;
  const x = (share: number): number => 150 + (share / reach) * 145;
  const ink = low > 0 ? "text-fine" : high < 0 ? "text-critical" : "text-unknown";
  return (
    <svg role="img" aria-label={text.range(percent(low), percent(median), percent(high))} viewBox="0 0 300 44" className={`w-full max-w-md ${ink}`}>
      <line x1="150" y1="2" x2="150" y2="26" stroke="currentColor" strokeDasharray="3 3" />
      <rect x={x(low)} y="8" width={Math.max(2, x(high) - x(low))} height="12" rx="3" fill="currentColor" opacity="0.35" />
      <rect x={x(median) - 1.5} y="5" width="3" height="18" fill="currentColor" />
      <text x="150" y="40" textAnchor="middle" className="fill-(--muted) text-[11px]">
        {text.zero}
      </text>
    </svg>
  );
}
