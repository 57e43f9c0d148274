import type { Generated, Selectable } from "kysely";
import { AppError, DAY_MS, type Tx } from "../platform/index.ts";
import { labelsOf, type Matcher, matches } from "./matcher.ts";
import type { AlertNews } from "./news.ts";
import { planSoon } from "./plan-store.ts";
import { checkedSilence, type NewSilence, type Silence, silenceState, type SilenceState } from "./silence.ts";
import { readOpenAlerts } from "./store.ts";

interface SilenceRow {
  id: Generated<number>;
  kind: Silence["kind"];
  matchers: string;
  author: string;
  reason: string;
  created_at: number;
  starts_at: number;
  ends_at: number | null;
  ended_at: number | null;
  ended_by: string | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    notify_silence: SilenceRow;
  }
}

function toSilence(row: Selectable<SilenceRow>): Silence {
  return {
    id: row.id,
    kind: row.kind,
    matchers: JSON.parse(row.matchers) as Matcher[],
    author: row.author,
    reason: row.reason,
    createdAt: row.created_at,
    startsAt: row.starts_at,
    endsAt: row.ends_at,
    endedAt: row.ended_at,
    endedBy: row.ended_by,
  };
}

/**
 * Stores a silence; it counts from the next planning on, which is at once.
 *
 * @throws AppError `invalid` for a silence without author, reason, matcher or end, or one that is to end when resolved
 *   while nothing that it mutes fires (it would be over at once).
 */
export async function createSilence(tx: Tx, given: NewSilence, nowMs: number): Promise<Silence> {
  const silence = checkedSilence(given, nowMs);
  if (silence.endsAt === null) {
    const firing = (await readOpenAlerts(tx)).some(({ state, news }) => state === "firing" && matches(silence.matchers, labelsOf(news)));
    if (!firing) throw new AppError("invalid", "nothing that this silence mutes fires now, so there is nothing to wait for; give a time at which it ends", { code: "silence_nothing_fires" });
  }
  const row = await tx
    .insertInto("notify_silence")
    .values({
      kind: silence.kind,
      matchers: JSON.stringify(silence.matchers),
      author: silence.author,
      reason: silence.reason,
      created_at: silence.createdAt,
      starts_at: silence.startsAt,
      ends_at: silence.endsAt,
      ended_at: null,
      ended_by: null,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  await planSoon(tx);
  return toSilence(row);
}

export interface SilenceFilter {
  readonly state?: SilenceState | undefined;
  readonly kind?: Silence["kind"] | undefined;
  readonly limit: number;
  readonly cursor?: string | null | undefined;
}

/** Newest first. The cursor is the `nextCursor` of the page before. */
export async function listSilences(tx: Tx, filter: SilenceFilter, nowMs: number): Promise<{ silences: Silence[]; nextCursor: string | null }> {
  const cursor = filter.cursor ?? null;
  if (cursor !== null && !/^\d{1,15}$/.test(cursor)) throw new AppError("invalid", "`cursor` is not one of ours; take it from `next_cursor` of the page before", { code: "cursor_invalid" });
  let query = tx.selectFrom("notify_silence").selectAll().orderBy("id", "desc").limit(filter.limit + 1);
  if (cursor !== null) query = query.where("id", "<", Number(cursor));
  if (filter.kind !== undefined) query = query.where("kind", "=", filter.kind);
  if (filter.state === "ended") query = query.where((where) => where.or([where("ended_at", "is not", null), where("ends_at", "<=", nowMs)]));
  else if (filter.state !== undefined) query = query.where("ended_at", "is", null).where((where) => where.or([where("ends_at", "is", null), where("ends_at", ">", nowMs)])).where("starts_at", filter.state === "active" ? "<=" : ">", nowMs);
  const rows = await query.execute();
  const silences = rows.slice(0, filter.limit).map(toSilence);
  return { silences, nextCursor: rows.length > filter.limit ? String(silences.at(-1)?.id) : null };
}

export async function readSilence(tx: Tx, id: number): Promise<Silence> {
  const row = await tx.selectFrom("notify_silence").selectAll().where("id", "=", id).executeTakeFirst();
  if (row === undefined) throw new AppError("not_found", `there is no silence ${id}; GET /api/silences lists them`, { code: "silence_not_found" });
  return toSilence(row);
}

/** Ends a silence before its time, or one that has not begun. @throws AppError `conflict` when it has ended already. */
export async function expireSilence(tx: Tx, id: number, by: string, nowMs: number): Promise<Silence> {
  const silence = await readSilence(tx, id);
  if (silenceState(silence, nowMs) === "ended") throw new AppError("conflict", `silence ${id} has ended already`, { code: "silence_ended" });
  await tx.updateTable("notify_silence").set({ ended_at: nowMs, ended_by: by }).where("id", "=", id).where("ended_at", "is", null).execute();
  await planSoon(tx);
  return { ...silence, endedAt: nowMs, endedBy: by };
}

export interface SilencePreview {
  /** What it would mute now. */
  readonly firing: readonly AlertNews[];
  /** Alerts that fired in the days looked back on and match, newest first; `notices`: of how many notices each was part. */
  readonly past: readonly { readonly at: number; readonly news: AlertNews; readonly notices: number }[];
  readonly lookedBackMs: number;
  /** True when there was more to look at than is looked at. */
  readonly incomplete: boolean;
}

const LOOK_BACK_MS = 7 * DAY_MS;
const MOST_NEWS = 5000;
const MOST_PAST = 200;

/** What a silence with these matchers mutes now, and what it would have muted in the last week. */
export async function previewSilence(tx: Tx, matchers: readonly Matcher[], nowMs: number): Promise<SilencePreview> {
  const firing = (await readOpenAlerts(tx)).filter(({ state, news }) => state === "firing" && matches(matchers, labelsOf(news))).map(({ news }) => news);
  const rows = await tx.selectFrom("notify_news").select(["at", "body"]).where("at", ">=", nowMs - LOOK_BACK_MS).where("change", "=", "fired").orderBy("at", "desc").limit(MOST_NEWS).execute();
  const past = rows.map(({ at, body }) => ({ at, news: JSON.parse(body) as AlertNews })).filter(({ news }) => matches(matchers, labelsOf(news)));
  const ids = past.slice(0, MOST_PAST).map(({ news }) => news.alertId);
  const counts = ids.length === 0 ? [] : await tx.selectFrom("notice_alert").select(["alert_id", ({ fn }) => fn.countAll<number>().as("n")]).where("alert_id", "in", ids).groupBy("alert_id").execute();
  const noticesOf = new Map(counts.map(({ alert_id, n }) => [alert_id, n]));
  return {
    firing,
    past: past.slice(0, MOST_PAST).map(({ at, news }) => ({ at, news, notices: noticesOf.get(news.alertId) ?? 0 })),
    lookedBackMs: LOOK_BACK_MS,
    incomplete: rows.length === MOST_NEWS || past.length > MOST_PAST,
  };
}
/** Those not marked as ended: what planning looks at, oldest first. */
export async function openSilences(tx: Tx): Promise<Silence[]> {
  return (await tx.selectFrom("notify_silence").selectAll().where("ended_at", "is", null).orderBy("id").execute()).map(toSilence);
}

export async function markEnded(tx: Tx, id: number, nowMs: number): Promise<void> {
  await tx.updateTable("notify_silence").set({ ended_at: nowMs }).where("id", "=", id).where("ended_at", "is", null).execute();
}

