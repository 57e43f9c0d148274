import { useLive } from "../../frame/live.tsx";
import { text } from "../../text/overview.ts";
import { ProblemBox } from "../../ui/problem.tsx";
import { type State, StateIcon } from "../../ui/state.tsx";
import { Skeleton, Waiting } from "../../ui/waiting.tsx";
import { Feed } from "./feed.tsx";
import { Figures } from "./figures.tsx";
import { OpsCard } from "./ops-card.tsx";
import { Picture } from "./picture.tsx";
import { useOverview, useSentence } from "./read.ts";
import { WhatWants } from "./wants.tsx";

const STATES: Record<keyof typeof text.state, State> = { ok: "fine", WARNING: "attention", CRITICAL: "critical" };

/** The line at the top, made by the same code that explains alerts. */
function Sentence() {
  const { data, isError } = useSentence();
  return (
    <p className="flex min-h-7 gap-2 text-lg" aria-live="polite">
      <span className="pt-1">
        <StateIcon state={isError || data === undefined ? "unknown" : STATES[data.state]} size={18} />
      </span>
      {data === undefined ? <Skeleton className="h-6 w-96 max-w-full" /> : <span className="min-w-0">{data.text}</span>}
    </p>
  );
}

export default function Overview() {
  const { data, error, refetch, isFetching } = useOverview();
  const { state } = useLive();
  return (
    <div className="space-y-3">
      <h1 className="sr-only">{text.title}</h1>
      <Sentence />
      {error === null ? null : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />}
      {data === undefined ? (
        error === null ? <Waiting what={text.asking} lines={10} /> : null
      ) : (
        <>
          <div className={state === "stale" ? "opacity-60 grayscale" : undefined}>
            <Figures overview={data} />
          </div>
          <div className="grid gap-3 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
            <Picture overview={data} />
            <WhatWants overview={data} />
          </div>
        </>
      )}
      <div className="grid gap-3 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <OpsCard />
        <Feed />
      </div>
    </div>
  );
}
