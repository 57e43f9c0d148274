import { useEffect, useState } from "react";
import { text } from "../text/frame.ts";
import { classes } from "./classes.ts";

/** A place in the shape of what will stand there, so that nothing jumps. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={classes("block animate-pulse rounded-md bg-sunken", className ?? "h-4 w-full")} />;
}

function usePassed(ms: number): boolean {
  const [passed, setPassed] = useState(false);
  useEffect(() => {
    const timer = window.setTimeout(() => setPassed(true), ms);
    return () => window.clearTimeout(timer);
  }, [ms]);
  return passed;
}

/** Skeleton lines at once; after a second what is being waited for; after ten that it takes long. */
export function Waiting({ what, lines = 3 }: { what: string; lines?: number }) {
  const said = usePassed(1000);
  const long = usePassed(10_000);
  return (
    <div role="status" aria-live="polite" data-waiting className="space-y-2 p-1">
      {Array.from({ length: lines }, (_, line) => (
        <Skeleton key={line} className={line === lines - 1 ? "h-4 w-2/3" : "h-4 w-full"} />
      ))}
      <p className="min-h-5 text-sm text-muted">{said && what !== "" ? text.waiting.wait(what) : ""} {long ? text.waiting.long : ""}</p>
    </div>
  );
}
