import type { paths } from "../../api/schema.d.ts";
import { text } from "../../text/slos.ts";
import type { State } from "../../ui/state.tsx";

export type Slo = paths["/api/slos"]["get"]["responses"]["200"]["content"]["application/json"]["data"][number];

/** A quarter left is worth a look; nothing left, or a page that fires, is trouble. */
const SOON = 0.25;

export function stateOf({ status, budget, burn }: Pick<Slo, "status" | "budget" | "burn">): State {
  if (status === "no_data" || budget.left === null) return "unknown";
  if (budget.left < 0 || burn.some(({ severity, state }) => severity === "page" && state === "fires")) return "critical";
  return budget.left < SOON || burn.some(({ state }) => state === "fires") ? "attention" : "fine";
}

const GROUND: Record<State, string> = { fine: "bg-fine", attention: "bg-attention", critical: "bg-critical", unknown: "bg-unknown" };

/** What is left of the budget, as a bar with its words: the bar alone says nothing to who cannot see it. */
export function BudgetBar({ slo }: { slo: Slo }) {
  const { left } = slo.budget;
  const share = left === null ? 0 : Math.max(0, Math.min(1, left));
  return (
    <div>
      <div aria-hidden className="h-2 overflow-hidden rounded-full bg-sunken">
        <div className={`h-full rounded-full ${GROUND[stateOf(slo)]}`} style={{ width: `${share * 100}%` }} />
      </div>
      <p className="mt-1 text-sm text-muted">{left === null ? text.leftNothing : text.left(left)}</p>
    </div>
  );
}
