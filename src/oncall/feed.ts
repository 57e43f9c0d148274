import { createHash, randomBytes } from "node:crypto";
import ical, { ICalCalendarMethod } from "ical-generator";
import type { Generated } from "kysely";
import { AppError, DAY_MS, type Tx } from "../platform/index.ts";
import { readOverrides } from "./overrides.ts";
import { personOf, type Roster } from "./roster.ts";
import { type Rotation, type Shift, shifts } from "./rotation.ts";

interface FeedRow {
  id: Generated<number>;
  token_hash: string;
  rotation: string | null;
  person: string | null;
  created_by: string;
  created_at: number;
  used_at: number | null;
  revoked_at: number | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    oncall_feed: FeedRow;
  }
}

/** A calendar that somebody subscribed to. Times in ms UTC. */
export interface Feed {
  readonly id: number;
  /** Null: every rotation. */
  readonly rotation: string | null;
  /** Null: everybody. */
  readonly person: string | null;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly usedAt: number | null;
  readonly revokedAt: number | null;
}

const hashOf = (token: string): string => createHash("sha256").update(token).digest("hex");

function toFeed(row: Omit<FeedRow, "id" | "token_hash"> & { id: number }): Feed {
  return { id: row.id, rotation: row.rotation, person: row.person, createdBy: row.created_by, createdAt: row.created_at, usedAt: row.used_at, revokedAt: row.revoked_at };
}

/** The token is told once; only its hash is kept. @throws AppError `invalid` for a rotation or person that is not there. */
export async function createFeed(tx: Tx, roster: Roster, given: { rotation: string | null; person: string | null; by: string }, nowMs: number): Promise<{ feed: Feed; token: string }> {
  if (given.rotation !== null && !roster.rotations.some(({ name }) => name === given.rotation)) throw new AppError("invalid", `there is no rotation ${given.rotation}`, { code: "rotation_not_found" });
  if (given.person !== null && personOf(roster, given.person) === null) throw new AppError("invalid", `there is no person ${given.person}`, { code: "person_unknown" });
  const token = randomBytes(24).toString("base64url");
  const row = { token_hash: hashOf(token), rotation: given.rotation, person: given.person, created_by: given.by, created_at: nowMs, used_at: null, revoked_at: null };
  return { feed: toFeed(await tx.insertInto("oncall_feed").values(row).returningAll().executeTakeFirstOrThrow()), token };
}

/** Newest first. */
export async function listFeeds(tx: Tx): Promise<Feed[]> {
  return (await tx.selectFrom("oncall_feed").selectAll().orderBy("id", "desc").limit(200).execute()).map(toFeed);
}

/** @throws AppError `not_found`, `conflict` when it was revoked before. */
export async function revokeFeed(tx: Tx, id: number, nowMs: number): Promise<Feed> {
  const row = await tx.selectFrom("oncall_feed").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new AppError("not_found", `there is no calendar ${id}; GET /api/oncall/feeds lists them`, { code: "feed_not_found" });
  if (row.revoked_at !== null) throw new AppError("conflict", `calendar ${id} was revoked already`, { code: "feed_revoked" });
  await tx.updateTable("oncall_feed").set({ revoked_at: nowMs }).where("id", "=", id).execute();
  return { ...toFeed(row), revokedAt: nowMs };
}

/** The feed of a token; null for one that is not ours or was revoked. */
export async function feedOf(tx: Tx, token: string): Promise<Feed | null> {
  const row = await tx.selectFrom("oncall_feed").selectAll().where("token_hash", "=", hashOf(token)).where("revoked_at", "is", null).executeTakeFirst();
  return row === undefined ? null : toFeed(row);
}

/** Noted at most once a day: a calendar asks every few minutes. */
export async function noteUse(tx: Tx, { id, usedAt }: Feed, nowMs: number): Promise<void> {
  if (usedAt === null || nowMs - usedAt > DAY_MS) await tx.updateTable("oncall_feed").set({ used_at: nowMs }).where("id", "=", id).execute();
}

const BACK_MS = 14 * DAY_MS;
const AHEAD_MS = 90 * DAY_MS;

/**
 * A shift keeps its id however often the calendar is asked for, so that no copy stays behind when it moves; one that was
 * begun before the window is cut by the window, so its end names it. A gap is an event too.
 */
function uidOf(rotation: Rotation, { startsAt, endsAt }: Shift, fromMs: number): string {
  const named = startsAt === fromMs ? `until ${endsAt}` : `from ${startsAt}`;
  return `${createHash("sha256").update(`${rotation.name} ${named}`).digest("hex").slice(0, 32)}@tillwatch`;
}

/** The calendar of a feed, as RFC 5545 has it: times in UTC, ends exclusive. */
export async function calendarOf(tx: Tx, roster: Roster, feed: Pick<Feed, "rotation" | "person">, nowMs: number): Promise<string> {
  // Whole days, so that the same shifts come out whenever it is asked for on one day.
  const from = Math.floor(nowMs / DAY_MS) * DAY_MS - BACK_MS;
  const to = from + BACK_MS + AHEAD_MS;
  const overrides = await readOverrides(tx, from, to);
  const person = feed.person === null ? null : personOf(roster, feed.person);
  const calendar = ical({ name: person === null ? `On call${feed.rotation === null ? "" : `: ${feed.rotation}`}` : `On call: ${person.name}`, prodId: { company: "Tillwatch", product: "On call" }, ttl: 3600, method: ICalCalendarMethod.PUBLISH });
  for (const rotation of roster.rotations) {
    if (feed.rotation !== null && feed.rotation !== rotation.name) continue;
    for (const shift of shifts(rotation, overrides, from, to)) {
      if (feed.person !== null && shift.person !== feed.person) continue;
      const name = shift.person === null ? null : (personOf(roster, shift.person)?.name ?? shift.person);
      calendar.createEvent({
        id: uidOf(rotation, shift, from),
        stamp: new Date(from + BACK_MS),
        start: new Date(shift.startsAt),
        end: new Date(shift.endsAt),
        summary: name === null ? `Nobody on call: ${rotation.name}` : `${name} on call: ${rotation.name}`,
        ...(shift.override === null ? {} : { description: `Stands in (override ${shift.override})` }),
      });
    }
  }
  return calendar.toString();
}
