import { Repeat2, UserX } from "lucide-react";
import { type PointerEvent, useRef, useState } from "react";
import { text } from "../../text/on-call.ts";
import { classes } from "../../ui/classes.ts";
import { useNow } from "../../ui/time.tsx";
import type { Shift, Span } from "./read.ts";

const HOUR_MS = 3_600_000;
/** A pointer that moves less has clicked. */
const DRAG_PX = 5;

/** A time as a place in the week, per cent; days that are 23 or 25 hours long are as wide as they are. */
export function placeOf(ms: number, week: Span): number {
  return Math.max(0, Math.min(100, ((ms - week.from) / (week.to - week.from)) * 100));
}

interface LaneProps {
  readonly rotation: string;
  readonly shifts: readonly Shift[];
  readonly week: Span;
  /** Beginnings of its days, ms UTC. */
  readonly days: readonly number[];
  readonly may: boolean;
  readonly words: (at: string) => string;
  /** Asks for a stand-in of this time. */
  readonly choose: (span: Span) => void;
}

/** The week of one rotation. A shift is a button; dragging across the row chooses any time, to the hour. */
export function Lane({ rotation, shifts, week, days, may, words, choose }: LaneProps) {
  const now = useNow();
  const began = useRef<{ x: number; ms: number } | null>(null);
  const dragged = useRef(false);
  const [drag, setDrag] = useState<Span | null>(null);
  const msAt = (event: PointerEvent<HTMLElement>): number => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const share = Math.max(0, Math.min(1, (event.clientX - left) / width));
    return week.from + Math.round((share * (week.to - week.from)) / HOUR_MS) * HOUR_MS;
  };
  const move = (event: PointerEvent<HTMLElement>): void => {
    if (began.current === null || (!dragged.current && Math.abs(event.clientX - began.current.x) < DRAG_PX)) return;
    if (!dragged.current) event.currentTarget.setPointerCapture(event.pointerId);
    dragged.current = true;
    const ms = msAt(event);
    setDrag({ from: Math.min(ms, began.current.ms), to: Math.max(ms, began.current.ms) });
  };
  const drop = (): void => {
    if (drag !== null && drag.to > drag.from) choose(drag);
    began.current = null;
    setDrag(null);
  };
  return (
    <div
      role="group"
      aria-label={text.week.lane(rotation)}
      className={classes("relative h-14 touch-none rounded-md border border-line bg-sunken select-none", may && "cursor-crosshair")}
      onPointerDown={(event) => {
        dragged.current = false;
        if (may && event.button === 0) began.current = { x: event.clientX, ms: msAt(event) };
      }}
      onPointerMove={move}
      onPointerUp={drop}
      onPointerCancel={() => {
        began.current = null;
        setDrag(null);
      }}
    >
      {days.slice(1).map((day) => (
        <span key={day} aria-hidden className="absolute inset-y-0 w-px bg-line-strong" style={{ left: `${placeOf(day, week)}%` }} />
      ))}
      {shifts.map(({ person, starts_at, ends_at, override }) => {
        const [left, right] = [placeOf(Date.parse(starts_at), week), placeOf(Date.parse(ends_at), week)];
        const who = person === null ? text.week.nobody : person.name;
        return (
          <button
            key={starts_at}
            type="button"
            disabled={!may}
            title={text.week.shift(who, rotation, words(starts_at), words(ends_at))}
            aria-label={text.week.shift(override === null ? who : `${who} (${text.week.listNote})`, rotation, words(starts_at), words(ends_at))}
            onClick={() => (dragged.current ? undefined : choose({ from: Date.parse(starts_at), to: Date.parse(ends_at) }))}
            style={{ left: `${left}%`, width: `${right - left}%` }}
            className={classes(
              "absolute inset-y-1 flex items-center gap-1 overflow-hidden rounded-md border px-1.5 text-left text-sm font-medium",
              person === null ? "border-dashed border-critical bg-critical-soft text-critical" : override === null ? "border-accent bg-accent-soft text-text" : "border-2 border-dashed border-accent bg-surface text-text",
            )}
          >
            {person === null ? <UserX aria-hidden size={14} className="shrink-0" /> : override === null ? null : <Repeat2 aria-hidden size={14} className="shrink-0" />}
            <span className="truncate">{who}</span>
          </button>
        );
      })}
      {now > week.from && now < week.to ? <span aria-hidden className="pointer-events-none absolute inset-y-0 w-0.5 bg-text" style={{ left: `${placeOf(now, week)}%` }} /> : null}
      {drag === null ? null : <span aria-hidden className="pointer-events-none absolute inset-y-0 rounded-md border-2 border-accent bg-accent-soft opacity-80" style={{ left: `${placeOf(drag.from, week)}%`, width: `${placeOf(drag.to, week) - placeOf(drag.from, week)}%` }} />}
    </div>
  );
}
