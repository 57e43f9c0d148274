import { dateAt, edges, anyHolds, type TimeInterval, wallTime } from "../platform/index.ts";

/** When one person hands over to the next, by the wall clock of the rotation, so that daylight saving moves no hand-over. */
export interface Handover {
  /** Days between hand-overs: 1 daily, 7 weekly. */
  readonly everyDays: number;
  /** Minutes after midnight; several a day only with `everyDays` 1 (day and night shifts). */
  readonly at: readonly number[];
  /** `2025-10-20`: the day on which the first person's first turn begins. */
  readonly from: string;
}

/** People who take turns. */
export interface Layer {
  readonly people: readonly string[];
  readonly handover: Handover;
  /** Only at these times (nights, weekends); none: always. */
  readonly only: readonly TimeInterval[];
}

/** One duty. Of its layers the last that has somebody counts, and an override above all. */
export interface Rotation {
  readonly name: string;
  readonly timeZone: string;
  readonly layers: readonly Layer[];
}

/** Somebody stands in for whoever would be on. Times in ms UTC, `endsAt` not part of it. */
export interface Override {
  readonly id: number;
  readonly rotation: string;
  readonly person: string;
  readonly startsAt: number;
  readonly endsAt: number;
}

/** Who is on from `startsAt` up to `endsAt`. */
export interface Shift {
  /** Null: nobody, a gap. */
  readonly person: string | null;
  readonly startsAt: number;
  readonly endsAt: number;
  /** The override that put the person there; null when it is the person's turn. */
  readonly override: number | null;
}

function turnAt({ people, handover }: Layer, timeZone: string, ms: number): string | null {
  const first = Temporal.PlainDate.from(handover.from);
  const date = dateAt(ms, timeZone);
  const times = handover.at.map((minute) => wallTime(date, minute, timeZone));
  const days = first.until(date, { largestUnit: "days" }).days;
  // Hand-overs so far: those of the days before, and of today those whose time has come.
  const before = days * handover.at.length + times.filter((at) => at <= ms).length;
  const turn = handover.everyDays === 1 ? before - 1 : Math.floor((days + (times.some((at) => at <= ms) ? 0 : -1)) / handover.everyDays);
  return turn < 0 ? null : (people[turn % people.length] ?? null);
}

/** Who is on at a time: the override that was made last, else the last layer that has somebody. */
export function onCallAt(rotation: Rotation, overrides: readonly Override[], ms: number): Pick<Shift, "person" | "override"> {
  const standing = overrides.filter(({ rotation: name, startsAt, endsAt }) => name === rotation.name && startsAt <= ms && ms < endsAt).sort((one, other) => other.id - one.id)[0];
  if (standing !== undefined) return { person: standing.person, override: standing.id };
  for (const layer of [...rotation.layers].reverse()) {
    if (layer.only.length > 0 && !anyHolds(layer.only, ms)) continue;
    const person = turnAt(layer, rotation.timeZone, ms);
    if (person !== null) return { person, override: null };
  }
  return { person: null, override: null };
}

/** Times in `(from, to]` at which somebody else may be on. */
function changes(rotation: Rotation, overrides: readonly Override[], fromMs: number, toMs: number): number[] {
  const found = new Set<number>();
  const last = dateAt(toMs, rotation.timeZone);
  for (let date = dateAt(fromMs, rotation.timeZone); Temporal.PlainDate.compare(date, last) <= 0; date = date.add({ days: 1 })) {
    for (const { handover } of rotation.layers) for (const minute of handover.at) found.add(wallTime(date, minute, rotation.timeZone));
  }
  for (const { only } of rotation.layers) for (const interval of only) for (const at of edges(interval, fromMs, toMs)) found.add(at);
  for (const { rotation: name, startsAt, endsAt } of overrides) if (name === rotation.name) for (const at of [startsAt, endsAt]) found.add(at);
  return [...found].filter((at) => at > fromMs && at <= toMs).sort((one, other) => one - other);
}

/** Who is on in `[from, to)`, gaps included, one shift after the other without overlap. */
export function shifts(rotation: Rotation, overrides: readonly Override[], fromMs: number, toMs: number): Shift[] {
  const found: Shift[] = [];
  for (const startsAt of [fromMs, ...changes(rotation, overrides, fromMs, toMs)]) {
    if (startsAt >= toMs) break;
    const now = onCallAt(rotation, overrides, startsAt);
    const last = found.at(-1);
    if (last !== undefined && last.person === now.person && last.override === now.override) continue;
    if (last !== undefined) found[found.length - 1] = { ...last, endsAt: startsAt };
    found.push({ ...now, startsAt, endsAt: toMs });
  }
  return found;
}
