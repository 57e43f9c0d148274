import type { ReactNode } from "react";
import { Card } from "../../ui/card.tsx";
import { type State, StateBadge } from "../../ui/state.tsx";

/** A step with its light, which is read out when it changes. */
export function Step({ title, state, light, children }: { title: string; state: State; light: string; children: ReactNode }) {
  return (
    <Card title={title} action={<span role="status"><StateBadge state={state}>{light}</StateBadge></span>}>
      <div className="space-y-2">{children}</div>
    </Card>
  );
}
