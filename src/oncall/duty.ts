import { DAY_MS, type Tx } from "../platform/index.ts";
import { readOverrides } from "./overrides.ts";
import { type Person, personOf, type Roster } from "./roster.ts";
import { type Override, onCallAt, type Rotation, type Shift, shifts } from "./rotation.ts";

/** Who is on in one rotation now, until when, and who is next. Times in ms UTC. */
export interface Duty {
  readonly rotation: string;
  readonly timeZone: string;
  /** Null: nobody. */
  readonly now: Person | null;
  readonly override: number | null;
  /** When somebody else is on; null: not within the next 60 days. */
  readonly until: number | null;
  readonly next: Person | null;
  /** The first time within 14 days at which nobody is on; null: there is none. */
  readonly gap: Pick<Shift, "startsAt" | "endsAt"> | null;
}

const LOOK_AHEAD_MS = 60 * DAY_MS;
const GAP_AHEAD_MS = 14 * DAY_MS;

function personById(roster: Roster, id: string | null | undefined): Person | null {
  return id === null || id === undefined ? null : personOf(roster, id);
}

function dutyOf(roster: Roster, rotation: Rotation, overrides: readonly Override[], nowMs: number): Duty {
  const ahead = shifts(rotation, overrides, nowMs, nowMs + LOOK_AHEAD_MS);
  const [now, next] = ahead;
  const nobody = ahead.find(({ person, startsAt }) => person === null && startsAt < nowMs + GAP_AHEAD_MS);
  return {
    rotation: rotation.name,
    timeZone: rotation.timeZone,
    now: personById(roster, now?.person),
    override: now?.override ?? null,
    until: next === undefined ? null : next.startsAt,
    next: personById(roster, next?.person),
    gap: nobody === undefined ? null : { startsAt: nobody.startsAt, endsAt: nobody.endsAt },
  };
}

export async function duties(tx: Tx, roster: Roster, nowMs: number): Promise<Duty[]> {
  const overrides = await readOverrides(tx, nowMs, nowMs + LOOK_AHEAD_MS);
  return roster.rotations.map((rotation) => dutyOf(roster, rotation, overrides, nowMs));
}

/** Answers who is on in a rotation now; overrides are read once. */
export async function whoIsOn(tx: Tx, roster: Roster, nowMs: number): Promise<(rotation: string) => Person | null> {
  const overrides = await readOverrides(tx, nowMs - 1, nowMs + 1);
  return (name) => {
    const rotation = roster.rotations.find((one) => one.name === name);
    const { person } = rotation === undefined ? { person: null } : onCallAt(rotation, overrides, nowMs);
    return person === null ? null : personOf(roster, person);
  };
}
