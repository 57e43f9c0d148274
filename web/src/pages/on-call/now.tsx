import { text } from "../../text/on-call.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { type State, StateBadge, StateIcon } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import type { Duty, Wanted } from "./read.ts";

const words = text.now;
/** When nobody is on and none comes, somebody may stand in for a day. */
const DAY_MS = 86_400_000;

function OneDuty({ duty, may, cover }: { duty: Duty; may: boolean; cover: (wanted: Wanted) => void }) {
  const { rotation, now, next, until, gap, override } = duty;
  const state: State = now === null ? "critical" : gap === null ? "fine" : "attention";
  const label = state === "fine" ? words.well : state === "attention" ? words.attention : words.critical;
  return (
    <li className="flex flex-wrap items-start justify-between gap-2 border-t border-line py-3 first:border-t-0">
      <div className="flex min-w-0 flex-1 basis-72 gap-3">
        <span className="pt-1">
          <StateIcon state={state} size={18} />
        </span>
        <div className="min-w-0">
          <p className="foreign-wrap text-lg font-semibold">
            {now === null ? words.nobody(rotation) : words.on(now.name, rotation)}
            {override === null || now === null ? "" : `, ${words.standsIn}`}
          </p>
          <p>
            {until === null ? words.always : <>{words.until} <Time at={until} /></>}
            {until === null ? "" : `, ${next === null ? (gap === null ? words.nextSelf : words.nextNobody) : words.next(next.name)}`}
          </p>
          {gap === null ? null : (
            <p className="mt-1 font-medium text-attention">
              {words.gap} <Time at={gap.starts_at} only="absolute" /> {words.to} <Time at={gap.ends_at} only="absolute" />
            </p>
          )}
        </div>
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <StateBadge state={state}>{label}</StateBadge>
        {state === "fine" ? null : (
          <Button small disabled={!may} onClick={() => cover(gap === null ? { rotation, from: Date.now(), to: until === null ? Date.now() + DAY_MS : Date.parse(until) } : { rotation, from: Date.parse(gap.starts_at), to: Date.parse(gap.ends_at) })} aria-label={`${words.cover} ${rotation}`}>
            {words.cover}
          </Button>
        )}
      </div>
    </li>
  );
}

/** Who is on, until when, and who is next, in words. */
export function NowAndNext({ duties, may, cover }: { duties: readonly Duty[]; may: boolean; cover: (wanted: Wanted) => void }) {
  return (
    <Card>
      <ul className="-my-3">
        {duties.map((duty) => (
          <OneDuty key={duty.rotation} duty={duty} may={may} cover={cover} />
        ))}
      </ul>
    </Card>
  );
}
