import { randomBytes } from "node:crypto";
import type { Generated, Selectable } from "kysely";
import { AppError, type Clock, type Database, MINUTE_MS, type Tx } from "../platform/index.ts";
import { noticesOf } from "./notice-store.ts";
import type { Severity } from "./news.ts";

interface DrillRow {
  id: Generated<number>;
  alert_id: number;
  started_at: number;
  asked_by: string;
  cause: string;
  finished_at: number | null;
  outcome: string;
  body: string;
  /** Signs the event of this one drill; gone when the drill is over. */
  secret: string | null;
  event_at: number | null;
  event_seq: number | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    notify_drill: DrillRow;
  }
}

export type DrillOutcome =
  /** The made-up trouble is there; the rule is to see it. */
  | "running"
  /** Everything was measured; the rule is to see that it is over. */
  | "ending"
  | "passed"
  /** A hop did not come, or a channel did not take the notice. */
  | "failed";

/** One step of the way, and how long after the one before it came, ms. */
export interface Hop {
  readonly hop: string;
  readonly ok: boolean;
  readonly latencyMs: number | null;
  readonly words: string;
}

/** A drill of the whole way from a rule to a person. Times in ms UTC. */
export interface Drill {
  readonly id: number;
  readonly startedAt: number;
  readonly askedBy: string;
  readonly cause: "manual" | "schedule";
  readonly severity: Severity;
  /** Whether somebody was to acknowledge. */
  readonly acknowledge: boolean;
  readonly finishedAt: number | null;
  readonly outcome: DrillOutcome;
  readonly alertId: number | null;
  /** When its event was taken, ms UTC; null: not yet. */
  readonly eventAt: number | null;
  /** Everything in the ledger up to here came before its event. */
  readonly eventSeq: number | null;
  readonly hops: readonly Hop[];
}

interface DrillBody {
  readonly severity: Severity;
  readonly acknowledge: boolean;
  readonly hops: readonly Hop[];
}

export function toDrill(row: Selectable<DrillRow>): Drill {
  const body = JSON.parse(row.body) as DrillBody;
  return { id: row.id, startedAt: row.started_at, askedBy: row.asked_by, cause: row.cause as Drill["cause"], finishedAt: row.finished_at, outcome: row.outcome as DrillOutcome, alertId: row.alert_id === 0 ? null : row.alert_id, eventAt: row.event_at, eventSeq: row.event_seq, ...body };
}

export const DRILL_RULE = "alert_drill";
/** One that nobody ended by then was left by a process that died. */
const LONGEST_MS = 30 * MINUTE_MS;

/** The drill whose made-up trouble lasts now: its event was taken, and it is not over. Null: there is none. For the rule. */
export async function drillTrouble(tx: Tx, nowMs: number): Promise<Drill | null> {
  const row = await tx.selectFrom("notify_drill").selectAll().where("finished_at", "is", null).where("started_at", ">", nowMs - LONGEST_MS).orderBy("id", "desc").limit(1).executeTakeFirst();
  return row === undefined || row.outcome !== "running" || row.event_at === null ? null : toDrill(row);
}

/** What signs the event of the drill that waits for it, and which that is; null: none waits. Never shown anywhere. */
export async function awaitedDrill(tx: Tx, nowMs: number): Promise<{ readonly id: number; readonly secret: string } | null> {
  const row = await tx.selectFrom("notify_drill").select(["id", "secret"]).where("finished_at", "is", null).where("outcome", "=", "running").where("started_at", ">", nowMs - LONGEST_MS).orderBy("id", "desc").limit(1).executeTakeFirst();
  return row === undefined || row.secret === null ? null : { id: row.id, secret: row.secret };
}

/** The event has come and is authentic. A second one changes nothing. @param seq the newest place in the ledger. */
export async function drillEventTaken(tx: Tx, id: number, seq: number, nowMs: number): Promise<void> {
  await tx.updateTable("notify_drill").set({ event_at: nowMs, event_seq: seq }).where("id", "=", id).where("finished_at", "is", null).where("event_at", "is", null).execute();
}

export interface DrillAsked {
  readonly askedBy: string;
  readonly cause: Drill["cause"];
  readonly severity: Severity;
  readonly acknowledge: boolean;
}

/** Begins a drill. @throws AppError `conflict` while another is under way. */
export async function beginDrill({ db, clock }: { readonly db: Database; readonly clock: Clock }, { askedBy, cause, severity, acknowledge }: DrillAsked): Promise<Drill> {
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, "notify:drill");
    const nowMs = clock.now();
    const open = await tx.selectFrom("notify_drill").select(["id", "started_at"]).where("finished_at", "is", null).execute();
    for (const { id, started_at } of open) {
      if (started_at > nowMs - LONGEST_MS) throw new AppError("conflict", `drill ${id} is under way; wait for its end`, { code: "drill_under_way" });
      await tx.updateTable("notify_drill").set({ finished_at: nowMs, outcome: "failed", secret: null }).where("id", "=", id).execute();
    }
    const body: DrillBody = { severity, acknowledge, hops: [] };
    return toDrill(await tx.insertInto("notify_drill").values({ alert_id: 0, started_at: nowMs, asked_by: askedBy, cause, finished_at: null, outcome: "running", body: JSON.stringify(body), secret: randomBytes(32).toString("base64url"), event_at: null, event_seq: null }).returningAll().executeTakeFirstOrThrow());
  });
}

interface Seen {
  readonly alertId: number;
  readonly firedAt: number;
  readonly acknowledgedAt: number | null;
}

/** The alert that the rule made of it; null: not yet. */
async function seenAlert(tx: Tx, startedAt: number): Promise<Seen | null> {
  const rows = await tx.selectFrom("notify_news").select(["alert_id", "at", "change", "body"]).where("at", ">=", startedAt).orderBy("id").execute();
  const own = rows.filter(({ body }) => (JSON.parse(body) as { rule: string }).rule === DRILL_RULE);
  const fired = own.find(({ change }) => change === "fired");
  if (fired === undefined) return null;
  return { alertId: fired.alert_id, firedAt: fired.at, acknowledgedAt: own.find(({ change, alert_id }) => change === "acknowledged" && alert_id === fired.alert_id)?.at ?? null };
}

/** What can be said of a drill so far, and whether there is anything left to wait for. */
async function measure(tx: Tx, { id, startedAt, acknowledge }: Drill, event: Hop): Promise<{ hops: Hop[]; alertId: number | null; complete: boolean }> {
  const { event_at } = await tx.selectFrom("notify_drill").select("event_at").where("id", "=", id).executeTakeFirstOrThrow();
  const seen = event_at === null ? null : await seenAlert(tx, startedAt);
  if (seen === null) return { hops: [event, { hop: "rule", ok: false, latencyMs: null, words: event.ok ? "the rule did not see it; are events derived from, and alerts judged? See tillwatch health" : "nothing came for the rule to see" }], alertId: null, complete: !event.ok };
  const hops: Hop[] = [event, { hop: "rule", ok: true, latencyMs: seen.firedAt - (event_at ?? startedAt), words: `alert ${seen.alertId} fired` }];
  const notices = await noticesOf(tx, seen.alertId);
  const [first] = notices;
  if (first === undefined) return { hops: [...hops, { hop: "route", ok: false, latencyMs: null, words: "no route has led it to a channel: none is configured, or it is silenced, inhibited or muted" }], alertId: seen.alertId, complete: false };
  hops.push({ hop: "route", ok: true, latencyMs: first.notice.createdAt - seen.firedAt, words: `${first.notice.route}: ${notices.flatMap(({ deliveries }) => deliveries.map(({ channel }) => channel)).join(", ")}` });
  const deliveries = notices.flatMap(({ notice, deliveries: all }) => (notice.status === "firing" ? all.map((delivery) => ({ notice, delivery })) : []));
  for (const { delivery } of deliveries) {
    const sent = delivery.state === "sent" || delivery.state === "merged";
    const latencyMs = delivery.settledAt === null ? null : delivery.settledAt - delivery.queuedAt;
    hops.push({ hop: `channel ${delivery.channel}`, ok: sent, latencyMs, words: sent ? `taken at the ${delivery.attempts === 1 ? "first" : `${delivery.attempts}th`} attempt` : `${delivery.state}${delivery.error === null ? "" : `: ${delivery.error}`}` });
  }
  const settled = deliveries.length > 0 && deliveries.every(({ delivery }) => delivery.state !== "queued");
  if (acknowledge) hops.push({ hop: "acknowledgement", ok: seen.acknowledgedAt !== null, latencyMs: seen.acknowledgedAt === null ? null : seen.acknowledgedAt - seen.firedAt, words: seen.acknowledgedAt === null ? "nobody acknowledged" : "acknowledged" });
  return { hops, alertId: seen.alertId, complete: settled && (!acknowledge || seen.acknowledgedAt !== null) };
}

async function store(tx: Tx, drill: Drill, outcome: DrillOutcome, finishedAt: number | null): Promise<void> {
  const body: DrillBody = { severity: drill.severity, acknowledge: drill.acknowledge, hops: drill.hops };
  await tx.updateTable("notify_drill").set({ outcome, finished_at: finishedAt, alert_id: drill.alertId ?? 0, body: JSON.stringify(body), ...(finishedAt === null ? {} : { secret: null }) }).where("id", "=", drill.id).execute();
}

/** Sees whether the end of it was told too: everybody who was told that it fires. */
async function endHop(tx: Tx, alertId: number): Promise<Hop | null> {
  const notices = await noticesOf(tx, alertId);
  const sent = (status: string): Set<string> => new Set(notices.filter(({ notice }) => notice.status === status).flatMap(({ deliveries }) => deliveries.filter(({ state }) => state === "sent").map(({ channel }) => channel)));
  const [told, ended] = [sent("firing"), sent("resolved")];
  const missing = [...told].filter((channel) => !ended.has(channel));
  return missing.length > 0 ? null : { hop: "end", ok: true, latencyMs: null, words: `its end was told by ${[...ended].join(", ") || "nobody, as nobody was told of it"}` };
}

export interface DrillPace {
  /** Sends the drill's event, signed with its secret, to the webhook endpoint of a running service. Never throws. */
  readonly send: (drill: { readonly id: number; readonly secret: string }) => Promise<Hop>;
  /** How long to wait for the notices to be taken, and for somebody to acknowledge, ms. */
  readonly withinMs: number;
  readonly pause: () => Promise<void>;
  /** Told of each step. */
  onProgress?(words: string): void;
}

/**
 * Takes a drill that was begun through to its end: sends its event, waits until every channel has answered (and somebody
 * acknowledged, when that was asked for), lets the trouble end, waits for that to be told, and keeps what was measured.
 * The service must be running: what is drilled is its own endpoint, rule, route and channels.
 */
export async function followDrill({ db, clock }: { readonly db: Database; readonly clock: Clock }, drill: Drill, { send, withinMs, pause, onProgress }: DrillPace): Promise<Drill> {
  const awaited = await awaitedDrill(db.read, clock.now());
  onProgress?.("event");
  const event = awaited?.id === drill.id ? await send(awaited) : { hop: "event", ok: false, latencyMs: null, words: "the drill was over before its event was sent" };
  let now = drill;
  for (;;) {
    const { hops, alertId, complete } = await measure(db.read, drill, event);
    if (hops.length > now.hops.length) onProgress?.(hops.at(-1)?.hop ?? "");
    now = { ...now, hops, alertId };
    if (complete || clock.now() - drill.startedAt >= withinMs) break;
    await pause();
  }
  await db.write((tx) => store(tx, now, "ending", null));
  const endsBy = clock.now() + Math.min(withinMs, MINUTE_MS);
  let end: Hop | null = null;
  while (now.alertId !== null && end === null && clock.now() < endsBy) {
    await pause();
    end = await endHop(db.read, now.alertId);
  }
  const last: Hop[] = now.alertId === null ? [] : [end ?? { hop: "end", ok: false, latencyMs: null, words: "its end was not told within the time" }];
  const hops = [...now.hops, ...last];
  const outcome = hops.every(({ ok }) => ok) ? "passed" : "failed";
  const finished: Drill = { ...now, hops, outcome, finishedAt: clock.now() };
  await db.write((tx) => store(tx, finished, outcome, finished.finishedAt));
  return finished;
}

/** Newest first. */
export async function listDrills(tx: Tx, limit: number): Promise<Drill[]> {
  return (await tx.selectFrom("notify_drill").selectAll().orderBy("id", "desc").limit(limit).execute()).map(toDrill);
}

export function showDrill(drill: Drill) {
  const iso = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());
  return {
    id: drill.id,
    outcome: drill.outcome,
    cause: drill.cause,
    asked_by: drill.askedBy,
    severity: drill.severity,
    acknowledge: drill.acknowledge,
    alert: drill.alertId,
    started_at: new Date(drill.startedAt).toISOString(),
    finished_at: iso(drill.finishedAt),
    hops: drill.hops.map(({ hop, ok, latencyMs, words }) => ({ hop, ok, latency_ms: latencyMs, words })),
  };
}
