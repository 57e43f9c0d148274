import { useSyncExternalStore } from "react";
import { useAbout } from "../frame/who.ts";

/** One clock for all that says "3 min ago", so that they move together; every 15 seconds. */
const TICK_MS = 15_000;
let nowMs = Date.now();
const listeners = new Set<() => void>();
window.setInterval(() => {
  nowMs = Date.now();
  for (const listener of listeners) listener();
}, TICK_MS);

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Now, ms UTC, renewed every 15 seconds. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => nowMs);
}

/** The merchant's time zone; the reader's until it is known. */
export function useZone(): string {
  return useAbout().data?.merchant.time_zone ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const name = `${zone} ${JSON.stringify(options)}`;
  let format = formats.get(name);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(undefined, { ...options, timeZone: zone });
    formats.set(name, format);
  }
  return format;
}

const DATE: Intl.DateTimeFormatOptions = { day: "numeric", month: "short", year: "numeric" };
const SHORT_DATE: Intl.DateTimeFormatOptions = { day: "numeric", month: "short" };
const CLOCK: Intl.DateTimeFormatOptions = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
const SECONDS: Intl.DateTimeFormatOptions = { ...CLOCK, second: "2-digit" };

export function clockWords(at: string | number, zone: string, seconds = false): string {
  return formatOf(zone, seconds ? SECONDS : CLOCK).format(new Date(at));
}

export function dateWords(at: string | number, zone: string): string {
  return formatOf(zone, DATE).format(new Date(at));
}

/** `24 Nov, 14:05` in the zone, with the year when it is another one. */
export function timeWords(at: string | number, zone: string, now: number, seconds = false): string {
  const date = new Date(at);
  const sameYear = formatOf(zone, { year: "numeric" }).format(date) === formatOf(zone, { year: "numeric" }).format(new Date(now));
  return formatOf(zone, { ...(sameYear ? SHORT_DATE : DATE), ...(seconds ? SECONDS : CLOCK) }).format(date);
}

/** The zone as people call it there and then: `CET`, `GMT+5:30`. */
export function zoneWords(zone: string, at: string | number = Date.now()): string {
  return formatOf(zone, { timeZoneName: "short" }).formatToParts(new Date(at)).find(({ type }) => type === "timeZoneName")?.value ?? zone;
}

const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });
const STEPS: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** `3 min. ago`, `in 2 hr.`; under a minute `now`. */
export function agoWords(at: string | number, now: number): string {
  const seconds = Math.round((new Date(at).getTime() - now) / 1000);
  for (const [unit, size] of STEPS) if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  return relative.format(0, "second");
}

/** Relative beside absolute in the merchant's zone; UTC to who points at it. */
export function Time({ at, only, seconds = false }: { at: string | null; only?: "ago" | "absolute"; seconds?: boolean }) {
  const zone = useZone();
  const now = useNow();
  if (at === null) return <span className="text-muted">–</span>;
  return (
    <time dateTime={at} title={`${at} (UTC)`} className="tabular">
      <span className="whitespace-nowrap">{only === "ago" ? agoWords(at, now) : `${timeWords(at, zone, now, seconds)} ${zoneWords(zone, at)}`}</span>
      {only === undefined ? <span className="whitespace-nowrap text-muted"> · {agoWords(at, now)}</span> : null}
    </time>
  );
}

/** `1 h 20 min`, `45 s`, `120 ms`. */
export function durationWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor((seconds % 86_400) / 3600), Math.floor((seconds % 3600) / 60)];
  if (days > 0) return hours === 0 ? `${days} d` : `${days} d ${hours} h`;
  if (hours > 0) return minutes === 0 ? `${hours} h` : `${hours} h ${minutes} min`;
  return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
}
