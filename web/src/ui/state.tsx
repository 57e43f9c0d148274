import { CircleAlert, CircleCheck, CircleHelp, OctagonAlert } from "lucide-react";
import type { ReactNode } from "react";
import { classes } from "./classes.ts";

/** Four states, told by colour, icon and word together. Unknown looks unknown, never green. */
export type State = "fine" | "attention" | "critical" | "unknown";

const ICONS = { fine: CircleCheck, attention: CircleAlert, critical: OctagonAlert, unknown: CircleHelp } as const;
const INK: Record<State, string> = { fine: "text-fine", attention: "text-attention", critical: "text-critical", unknown: "text-unknown" };
const GROUND: Record<State, string> = { fine: "bg-fine-soft", attention: "bg-attention-soft", critical: "bg-critical-soft", unknown: "bg-unknown-soft" };

export function StateIcon({ state, size = 16 }: { state: State; size?: number }) {
  const Icon = ICONS[state];
  return <Icon aria-hidden size={size} className={classes("shrink-0", INK[state])} />;
}

export function StateBadge({ state, children }: { state: State; children: ReactNode }) {
  return (
    <span className={classes("inline-flex max-w-full items-center gap-1 rounded-full px-2 py-0.5 text-xs font-medium whitespace-nowrap", INK[state], GROUND[state])}>
      <StateIcon state={state} size={13} />
      {children}
    </span>
  );
}

/** A line across the page that says how something is. */
export function Banner({ state, title, children }: { state: State; title?: ReactNode; children?: ReactNode }) {
  return (
    <div role={state === "critical" ? "alert" : "status"} className={classes("flex gap-3 rounded-lg border border-line p-3", GROUND[state])}>
      <span className="pt-0.5">
        <StateIcon state={state} size={18} />
      </span>
      <div className="min-w-0 flex-1">
        {title === undefined ? null : <p className="font-semibold">{title}</p>}
        {children}
      </div>
    </div>
  );
}
