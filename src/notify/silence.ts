import { AppError, DAY_MS, MINUTE_MS } from "../platform/index.ts";
import { type Labels, type Matcher, matches } from "./matcher.ts";

/** Alerts that match are not told of while it lasts. Times in ms UTC. */
export interface Silence {
  readonly id: number;
  /** `maintenance`: announced beforehand, shown as such. */
  readonly kind: "silence" | "maintenance";
  readonly matchers: readonly Matcher[];
  readonly author: string;
  readonly reason: string;
  readonly createdAt: number;
  readonly startsAt: number;
  /** Null: it ends when nothing that it mutes fires any more. */
  readonly endsAt: number | null;
  /** When it ended in truth; null while it lasts or has not begun. */
  readonly endedAt: number | null;
  /** Who ended it before its time; null when it ended by itself. */
  readonly endedBy: string | null;
}

export type SilenceState = "pending" | "active" | "ended";

/** What the time of a silence hangs on. */
export type SilenceSpan = Pick<Silence, "createdAt" | "startsAt" | "endsAt" | "endedAt">;

export function silenceState({ createdAt, startsAt, endsAt, endedAt }: SilenceSpan, nowMs: number): SilenceState {
  if (endedAt !== null || (endsAt !== null && endsAt <= nowMs)) return "ended";
  // One that began when it was made has begun, also when the clock was put back since.
  return startsAt <= nowMs || startsAt <= createdAt ? "active" : "pending";
}

/** The silence that mutes these labels now; the one that began first when there are several. */
export function silencedBy<One extends SilenceSpan & Pick<Silence, "matchers">>(silences: readonly One[], labels: Labels, nowMs: number): One | null {
  return silences.find((silence) => silenceState(silence, nowMs) === "active" && matches(silence.matchers, labels)) ?? null;
}

export interface NewSilence {
  readonly kind?: Silence["kind"];
  readonly matchers: readonly Matcher[];
  /** Who answers for it. */
  readonly author: string;
  readonly reason: string;
  /** Now when left out. */
  readonly startsAt?: number;
  readonly endsAt: number | "when_resolved";
}

const LONGEST_MS = 366 * DAY_MS;
const MOST_MATCHERS = 20;

function refuse(code: string, text: string): never {
  throw new AppError("invalid", text, { code });
}

/** The silence as it is stored. @throws AppError `invalid` that says what is missing. */
export function checkedSilence(given: NewSilence, nowMs: number): Omit<Silence, "id"> {
  const author = given.author.trim();
  const reason = given.reason.trim();
  const startsAt = given.startsAt ?? nowMs;
  const endsAt = given.endsAt === "when_resolved" ? null : given.endsAt;
  if (author === "" || author.length > 200) refuse("silence_author", "a silence needs an author: the name of who answers for it, at most 200 characters");
  if (reason.length < 3 || reason.length > 1000) refuse("silence_reason", "a silence needs a reason of 3 to 1000 characters, for those who wonder at night why nothing came");
  if (given.matchers.length === 0 || given.matchers.length > MOST_MATCHERS) refuse("silence_matchers", `a silence needs 1 to ${MOST_MATCHERS} matchers; to mute everything say severity=*`);
  if (startsAt < nowMs - MINUTE_MS) refuse("silence_start", "a silence cannot begin in the past; leave starts_at out to begin now");
  if (startsAt > nowMs + LONGEST_MS) refuse("silence_start", "a silence cannot begin more than a year ahead");
  if (endsAt === null && startsAt > nowMs) refuse("silence_end", "a silence that begins later needs a time at which it ends");
  if (endsAt !== null && endsAt <= Math.max(startsAt, nowMs)) refuse("silence_end", "a silence must end after it begins, and in the future");
  if (endsAt !== null && endsAt - startsAt > LONGEST_MS) refuse("silence_end", "a silence lasts at most a year; for what is never to be told, change the route or the rule");
  return { kind: given.kind ?? "silence", matchers: given.matchers, author, reason, createdAt: nowMs, startsAt, endsAt, endedAt: null, endedBy: null };
}
