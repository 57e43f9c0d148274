import type { Generated, Selectable } from "kysely";
import { AppError, DAY_MS, isoMillis, type Tx } from "../platform/index.ts";
import { personOf, type Roster } from "./roster.ts";
import { type Override, type Rotation, shifts } from "./rotation.ts";

interface OverrideRow {
  id: Generated<number>;
  rotation: string;
  person: string;
  starts_at: number;
  ends_at: number;
  author: string;
  reason: string;
  created_at: number;
  cancelled_at: number | null;
  cancelled_by: string | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    oncall_override: OverrideRow;
  }
}

/** An override, and who answers for it. */
export interface StoredOverride extends Override {
  readonly author: string;
  readonly reason: string;
  readonly createdAt: number;
}

function toOverride(row: Selectable<OverrideRow>): StoredOverride {
  return { id: row.id, rotation: row.rotation, person: row.person, startsAt: row.starts_at, endsAt: row.ends_at, author: row.author, reason: row.reason, createdAt: row.created_at };
}

/** Those that count in `[from, to)`, oldest first. */
export async function readOverrides(tx: Tx, fromMs: number, toMs: number): Promise<StoredOverride[]> {
  return (await tx.selectFrom("oncall_override").selectAll().where("cancelled_at", "is", null).where("ends_at", ">", fromMs).where("starts_at", "<", toMs).orderBy("id").execute()).map(toOverride);
}

export interface NewOverride {
  readonly rotation: string;
  readonly person: string;
  readonly startsAt: number;
  readonly endsAt: number;
  readonly author: string;
  readonly reason: string;
}

const LONGEST_MS = 92 * DAY_MS;

export function needRotation({ rotations }: Pick<Roster, "rotations">, name: string): Rotation {
  const found = rotations.find((rotation) => rotation.name === name);
  if (found !== undefined) return found;
  throw new AppError("not_found", `there is no rotation ${name}; ${rotations.length === 0 ? "none is configured (oncall.rotations)" : `there are: ${rotations.map((one) => one.name).join(", ")}`}`, { code: "rotation_not_found" });
}

function check(roster: Roster, given: NewOverride, nowMs: number): void {
  const refuse = (code: string, text: string): never => {
    throw new AppError("invalid", text, { code });
  };
  needRotation(roster, given.rotation);
  if (personOf(roster, given.person) === null) refuse("person_unknown", `there is no person ${given.person}; there are: ${roster.people.map(({ id }) => id).join(", ")}`);
  if (given.author.trim() === "") refuse("override_author", "an override needs an author: the name of who answers for it");
  if (given.endsAt <= given.startsAt) refuse("override_end", "an override must end after it begins");
  if (given.endsAt <= nowMs) refuse("override_end", "an override that is over already changes nothing; give an end in the future");
  if (given.endsAt - given.startsAt > LONGEST_MS) refuse("override_long", "an override lasts at most 92 days; for longer, change the rotation");
}

/**
 * Somebody stands in. Of overrides that overlap the last made counts.
 *
 * @throws AppError `invalid` or `not_found` that says what is wrong.
 */
export async function createOverride(tx: Tx, roster: Roster, given: NewOverride, nowMs: number): Promise<StoredOverride> {
  check(roster, given, nowMs);
  const row = { rotation: given.rotation, person: given.person, starts_at: given.startsAt, ends_at: given.endsAt, author: given.author, reason: given.reason, created_at: nowMs, cancelled_at: null, cancelled_by: null };
  return toOverride(await tx.insertInto("oncall_override").values(row).returningAll().executeTakeFirstOrThrow());
}

/** Two exchange their duty: in each span the other one is on. */
export interface Swap {
  readonly rotation: string;
  readonly first: { readonly startsAt: number; readonly endsAt: number };
  readonly second: { readonly startsAt: number; readonly endsAt: number };
  readonly author: string;
  readonly reason: string;
}

/** @throws AppError `conflict` when nobody, or more than one, is on in a span, or the same person in both. */
export async function swapShifts(tx: Tx, roster: Roster, swap: Swap, nowMs: number): Promise<StoredOverride[]> {
  const rotation = needRotation(roster, swap.rotation);
  const spans = [swap.first, swap.second];
  const people = await Promise.all(
    spans.map(async ({ startsAt, endsAt }) => {
      if (endsAt <= startsAt) throw new AppError("invalid", "a shift must end after it begins", { code: "override_end" });
      const on = [...new Set(shifts(rotation, await readOverrides(tx, startsAt, endsAt), startsAt, endsAt).map(({ person }) => person))];
      const [person] = on;
      if (on.length !== 1 || person === null || person === undefined) throw new AppError("conflict", `from ${isoMillis(startsAt)} to ${isoMillis(endsAt)} not one person alone is on in ${rotation.name}; a swap needs two whole shifts`, { code: "swap_shift" });
      return person;
    }),
  );
  const [one = "", other = ""] = people;
  if (one === other) throw new AppError("conflict", `${one} is on in both; there is nothing to swap`, { code: "swap_same" });
  const common = { rotation: rotation.name, author: swap.author, reason: swap.reason };
  return [await createOverride(tx, roster, { ...common, ...swap.first, person: other }, nowMs), await createOverride(tx, roster, { ...common, ...swap.second, person: one }, nowMs)];
}

/** @throws AppError `not_found`, `conflict` when it is cancelled or over. */
export async function cancelOverride(tx: Tx, id: number, by: string, nowMs: number): Promise<StoredOverride> {
  const row = await tx.selectFrom("oncall_override").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new AppError("not_found", `there is no override ${id}`, { code: "override_not_found" });
  if (row.cancelled_at !== null || row.ends_at <= nowMs) throw new AppError("conflict", `override ${id} ${row.cancelled_at === null ? "is over" : "was cancelled"} already`, { code: "override_over" });
  // What it brought about so far stays true: it ends now.
  await tx.updateTable("oncall_override").set(row.starts_at < nowMs ? { ends_at: nowMs } : { cancelled_at: nowMs, cancelled_by: by }).where("id", "=", id).execute();
  return toOverride(row);
}
