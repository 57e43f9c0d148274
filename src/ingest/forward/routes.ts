import { z } from "zod";
import { timeField } from "../../ledger/index.ts";
import { AppError, type Clock, type Database, type Guard, type Http, type HttpRequest, isoSeconds, limitField, noQuery, type Tx } from "../../platform/index.ts";
import { deadLettersOf, forwardStatus } from "./forward.ts";
import { chooseForReplay, replayAll, type ReplayChoice } from "./replay.ts";

export interface ForwardRoutes {
  readonly db: Database;
  readonly clock: Clock;
  readonly viewer: Guard;
  readonly operator: Guard;
  readonly targets: readonly { readonly name: string; readonly url: string; readonly types: readonly string[]; readonly signature: "own" | "original" }[];
  /** Whose view of the ledger events are chosen in. */
  readonly consumer: string;
  /** Writes into the audit trail who asked for what. */
  note(tx: Tx, request: HttpRequest, target: string, detail: Readonly<Record<string, unknown>>): Promise<void>;
}

const OK = z.literal(true);
const TIME = z.string().nullable();

const TARGET_SHAPE = z.object({
  name: z.string(),
  url: z.string(),
  types: z.array(z.string()).describe("empty: all"),
  signature: z.enum(["own", "original"]),
  state: z.enum(["not_begun", "sending", "waiting"]).describe("waiting: it does not take events; all wait in their order"),
  behind: z.number().describe("events that wait"),
  set_aside: z.number().describe("events that it refused while it took others; tried again by themselves"),
  dead: z.number().describe("events given up on after three days; replay sends them again"),
  next_try_at: TIME,
  last_taken_at: TIME,
  last_error: z.string().nullable(),
});

const DEAD_SHAPE = z.object({ event_id: z.string().nullable(), event_type: z.string().nullable(), position: z.number(), since: z.string(), attempts: z.number() });

const time = (ms: number | null): string | null => (ms === null ? null : isoSeconds(ms));
const NAME = z.object({ name: z.string().min(1).max(40) });

/** Only https user info must not be told: an address may hold a password. */
function shownUrl(url: string): string {
  const parsed = new URL(url);
  parsed.username = "";
  parsed.password = "";
  parsed.search = parsed.search === "" ? "" : "?…";
  return decodeURI(parsed.href);
}

async function showTarget({ db }: ForwardRoutes, target: ForwardRoutes["targets"][number]): Promise<z.output<typeof TARGET_SHAPE>> {
  const status = await forwardStatus(db.read, target.name);
  const waiting = status !== null && status.waitingUntil !== null && status.behind > 0;
  return {
    name: target.name,
    url: shownUrl(target.url),
    types: [...target.types],
    signature: target.signature,
    state: status === null ? "not_begun" : waiting ? "waiting" : "sending",
    behind: status?.behind ?? 0,
    set_aside: status?.parked ?? 0,
    dead: status?.dead ?? 0,
    next_try_at: waiting ? time(status.waitingUntil) : null,
    last_taken_at: time(status?.lastTakenAt ?? null),
    last_error: status?.lastError ?? null,
  };
}

const REPLAY_BODY = z.strictObject({
  event_id: z.string().max(255).optional(),
  dead: z.literal(true).optional().describe("all that were given up on"),
  type: z
    .string()
    .regex(/^[a-z0-9_.*]{1,100}$/i, "must be an event type such as charge.failed; * stands for any characters")
    .optional(),
  since: timeField.optional().describe("received at or after"),
  until: timeField.optional().describe("received before"),
});

/** @throws AppError when the choice is none, or two at once. */
function choiceOf({ event_id: id, dead, type, since, until }: z.output<typeof REPLAY_BODY>): ReplayChoice {
  const some = type !== undefined || since !== undefined || until !== undefined;
  if (Number(id !== undefined) + Number(dead === true) + Number(some) !== 1) {
    throw new AppError("invalid", "choose events in one way: `event_id`, or `dead`, or by `type`, `since` and `until`", { code: "choice_invalid" });
  }
  if (id !== undefined) return { kind: "one", id };
  return dead === true ? { kind: "dead" } : { kind: "some", type, sinceMs: since, untilMs: until };
}

/** `/api/forward`: the applications that events are passed on to, what they were given up on, and sending again. */
export function forwardRoutes(http: Http, deps: ForwardRoutes): void {
  const { db, clock, viewer, operator, targets } = deps;
  const targetOf = (name: string) => {
    const found = targets.find((target) => target.name === name);
    if (found === undefined) throw new AppError("not_found", targets.length === 0 ? "no application is configured; set ingest.forward" : `there is no application ${name}; there is ${targets.map((target) => target.name).join(", ")}`, { code: "target_unknown" });
    return found;
  };
  http.get("/api/forward", { onRequest: viewer, schema: { summary: "Applications that events are passed on to, and how far each is", tags: ["events"], querystring: noQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(TARGET_SHAPE) }) } } }, async () => {
    const data = await Promise.all(targets.map((target) => showTarget(deps, target)));
    return { ok: true as const, count: data.length, data };
  });
  http.get(
    "/api/forward/:name/dead",
    {
      onRequest: viewer,
      schema: {
        summary: "Events that an application was given up on, oldest first",
        tags: ["events"],
        params: NAME,
        querystring: z.strictObject({ limit: limitField({ absent: 50, most: 100 }), cursor: z.string().regex(/^\d{1,15}$/, "must be the next_cursor of the page before").optional() }),
        response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(DEAD_SHAPE), next_cursor: z.string().nullable() }) },
      },
    },
    async (request) => {
      const { name } = targetOf(request.params.name);
      const { limit, cursor } = request.query;
      const rows = await deadLettersOf(db.read, name, cursor === undefined ? 0 : Number(cursor), limit + 1);
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      return {
        ok: true as const,
        count: page.length,
        data: page.map((row) => ({ event_id: row.eventId, event_type: row.eventType, position: row.seq, since: isoSeconds(row.since), attempts: row.attempts })),
        next_cursor: rows.length > limit && last !== undefined ? String(last.seq) : null,
      };
    },
  );
  http.post(
    "/api/forward/:name/replay",
    {
      onRequest: operator,
      schema: { summary: "Send events to an application once more: one, its dead letters, or by type and time", tags: ["events"], params: NAME, querystring: noQuery, body: REPLAY_BODY, response: { 200: z.object({ ok: OK, data: z.object({ to: z.string(), events: z.number() }) }) } },
    },
    async (request) => {
      const { name } = targetOf(request.params.name);
      const choice = choiceOf(request.body);
      const seqs = await chooseForReplay(db, deps.consumer, name, choice);
      const now = clock.now();
      await db.write((tx) => deps.note(tx, request, name, { ...choice, events: seqs.length }));
      await replayAll(db, name, seqs, now);
      return { ok: true as const, data: { to: name, events: seqs.length } };
    },
  );
}
