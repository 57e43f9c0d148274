import { sql } from "kysely";
import { z } from "zod";
import { asCurrency, minor, moneyText } from "../money/index.ts";
import { consumerSeq, lastSeq } from "../ledger/index.ts";
import { AppError, type Clock, type Database, errorText, type Guard, type Http, type HttpReply, isoMillis, type Logger, type Tx } from "../platform/index.ts";
import { DERIVE } from "./derive.ts";

/** How often new events are looked for while somebody watches, ms: the store is the truth, and one short step down its index. */
const POLL_MS = 700;
/** A sign of life when nothing happens, so that both ends notice a dead connection. */
const BEAT_MS = 10_000;
/** Events told in one go. */
const PAGE = 200;
/** Who was away for more events than this is told how many are left out; the events list has them all. */
const CATCH_UP = 2000;
const LISTENERS = 200;
/** A browser that takes nothing for so long is cut; it comes back where it was. */
const BUFFER_BYTES = 1024 * 1024;

interface FeedRow {
  seq: number;
  event_id: string;
  type: string;
  received_at: number;
  object_id: string | null;
  payment: string | null;
  status: string | null;
  currency: string | null;
  amount: number | null;
}

async function readFeed(tx: Tx, after: number, upTo: number, limit: number): Promise<FeedRow[]> {
  const { rows } = await sql<FeedRow>`
    select event.seq, event.event_id, term.value as type, event.received_at, event.object_id, payment.id as payment, payment.status, payment.currency, payment.amount
    from event join term on term.id = event.type_id
    left join payment on payment.no = (select min(payment_event.payment_no) from payment_event where payment_event.event_seq = event.seq and payment_event.payment_no >= 0)
    where event.seq > ${after} and event.seq <= ${upTo} order by event.seq limit ${limit}`.execute(tx);
  return rows;
}

function showRow(row: FeedRow): Record<string, unknown> {
  const code = asCurrency(row.currency);
  return {
    seq: row.seq,
    ts: isoMillis(row.received_at),
    event_id: row.event_id,
    event_type: row.type,
    object_id: row.object_id,
    payment_id: row.payment,
    payment_status: row.status,
    amount: row.amount === null || code === null ? null : moneyText(minor(row.amount), code),
    currency: row.currency,
  };
}

const message = (kind: string, data: unknown, id?: number): string => `${id === undefined ? "" : `id: ${id}\n`}event: ${kind}\ndata: ${JSON.stringify(data)}\n\n`;

interface Listener {
  readonly reply: HttpReply;
  /** Told up to here. */
  at: number;
  beatAt: number;
  allowed(): Promise<boolean>;
}

export interface LiveRoutes {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Pick<Logger, "error">;
  readonly viewer: Guard;
}

/**
 * `GET /api/live`: events as they are processed, as server-sent events whose ids are positions in the ledger. Who comes
 * back with `Last-Event-ID` is told everything after it, in order; nothing is told twice or left out, unless so much
 * was missed that a message says how much.
 */
export function liveRoute(http: Http, { db, clock, log, viewer }: LiveRoutes): void {
  const listeners = new Set<Listener>();
  let timer: NodeJS.Timeout | null = null;

  const drop = (listener: Listener): void => {
    listeners.delete(listener);
    listener.reply.raw.end();
  };
  const tell = async (listener: Listener, derived: number, behind: number): Promise<void> => {
    const { raw } = listener.reply;
    if (raw.writableLength > BUFFER_BYTES) {
      drop(listener);
      return;
    }
    const now = clock.now();
    if (derived - listener.at > CATCH_UP) {
      const skipped = derived - PAGE - listener.at;
      listener.at = derived - PAGE;
      raw.write(message("skipped", { count: skipped }, listener.at));
    }
    const rows = listener.at < derived ? await readFeed(db.read, listener.at, derived, PAGE) : [];
    for (const row of rows) raw.write(message("event", showRow(row), row.seq));
    // Positions that retention took leave gaps; being told them all, we are at the end.
    listener.at = rows.length < PAGE ? Math.max(listener.at, derived) : (rows.at(-1)?.seq ?? derived);
    if (rows.length === 0 && now - listener.beatAt < BEAT_MS) return;
    if (now - listener.beatAt >= BEAT_MS) {
      if (!(await listener.allowed())) {
        drop(listener);
        return;
      }
      listener.beatAt = now;
    }
    raw.write(message("beat", { ts: isoMillis(now), at: listener.at, behind }, listener.at));
  };
  const step = async (): Promise<void> => {
    try {
      const derived = await consumerSeq(db.read, DERIVE);
      const behind = (await lastSeq(db.read)) - derived;
      for (const listener of listeners) await tell(listener, derived, behind);
    } catch (error) {
      // The database is away: listeners hear no beat, and say since when.
      log.error({ error: errorText(error) }, "the live feed could not read");
    }
    timer = listeners.size === 0 ? null : setTimeout(() => void step(), POLL_MS);
  };

  http.addHook("preClose", (done) => {
    if (timer !== null) clearTimeout(timer);
    for (const listener of listeners) drop(listener);
    done();
  });
  http.get(
    "/api/live",
    {
      onRequest: viewer,
      // It lasts as long as somebody looks: no time limit, and no line in the log at its end.
      config: { quiet: true },
      schema: {
        summary: "Events as they are processed (server-sent events); resumes after Last-Event-ID",
        tags: ["events"],
        querystring: z.strictObject({ after: z.string().regex(/^\d{1,15}$/, "must be the id of a message of this feed").optional() }),
        produces: ["text/event-stream"],
      },
    },
    async (request, reply) => {
      if (listeners.size >= LISTENERS) throw new AppError("unavailable", `${LISTENERS} are watching already; close one`, { code: "too_many_listeners" });
      const header = request.headers["last-event-id"];
      const given = typeof header === "string" && /^\d{1,15}$/.test(header) ? header : request.query.after;
      const derived = await consumerSeq(db.read, DERIVE);
      // Who comes for the first time sees the last few; a position ahead of ours is of another database.
      const at = given === undefined || Number(given) > derived ? Math.max(0, derived - 30) : Number(given);
      const headers = { ...Object.fromEntries(Object.entries(reply.getHeaders()).filter(([, value]) => value !== undefined)), "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-store", "x-accel-buffering": "no" };
      reply.hijack();
      reply.raw.writeHead(200, headers as Record<string, string>);
      reply.raw.write("retry: 1500\n\n");
      const allowed = async (): Promise<boolean> => await viewer(request, reply).then(() => true, () => false);
      const listener: Listener = { reply, at, beatAt: Number.NEGATIVE_INFINITY, allowed };
      listeners.add(listener);
      reply.raw.on("close", () => listeners.delete(listener));
      if (timer === null) void step();
    },
  );
}
