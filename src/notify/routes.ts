import { z } from "zod";
import { AppError, type Clock, type Database, type Guard, type Http, type HttpRequest, limitField, noQuery, type Tx } from "../platform/index.ts";
import type { Channel } from "./channel.ts";
import { enableChannel, readChannels } from "./channel-store.ts";
import { backlog, listNotices, readNoticeWithAttempts } from "./list.ts";
import { MATCHER_TEXT, parseMatcher } from "./matcher.ts";
import { ATTEMPT_SHAPE, CHANNEL_SHAPE, type ChannelView, NOTICE_SHAPE, PREVIEW_SHAPE, showAttempt, showChannel, showNotice, showPreview, showSilence, SILENCE_SHAPE } from "./present.ts";
import { createSilence, expireSilence, listSilences, previewSilence, readSilence } from "./silences.ts";
import { tryChannel } from "./test-notice.ts";

export interface NotifyRoutes {
  readonly db: Database;
  readonly clock: Clock;
  readonly channels: readonly Channel[];
  /** Whose channel it is, in words; null: shared. */
  personOf(channel: string): string | null;
  readonly viewer: Guard;
  readonly operator: Guard;
  /** Who asks, in words. */
  who(request: HttpRequest): string;
  /** Writes the audit trail, in the transaction of the change. */
  record(tx: Tx, request: HttpRequest, action: string, subject: string, detail: Readonly<Record<string, unknown>>): Promise<void>;
}

const OK = z.literal(true);
const id = z.strictObject({ id: z.string().regex(/^[1-9]\d{0,14}$/, "must be a whole number in digits").transform(Number) });
const name = z.strictObject({ name: z.string().min(1).max(40) });
const cursor = z.string().max(100).optional();
const TAGS = { notices: ["notices"], silences: ["silences"] };

/** How each configured channel is. */
export async function channelViews(tx: Tx, channels: readonly Channel[], personOf: (channel: string) => string | null): Promise<ChannelView[]> {
  const [states, waiting] = [await readChannels(tx), await backlog(tx)];
  return channels.map((channel) => ({ name: channel.name, kind: channel.kind, person: personOf(channel.name), state: states.get(channel.name) ?? null, waiting: waiting.get(channel.name)?.waiting ?? 0, oldestAt: waiting.get(channel.name)?.oldestAt ?? null }));
}

function noticeRoutes(http: Http, { db, viewer }: NotifyRoutes): void {
  const query = z.strictObject({ channel: z.string().max(40).optional(), state: z.enum(["queued", "sent", "dead", "merged", "dropped"]).optional(), limit: limitField({ absent: 20, most: 100 }), cursor });
  http.get(
    "/api/notices",
    { onRequest: viewer, schema: { summary: "Notices, newest first, with what became of each on its way", tags: TAGS.notices, querystring: query, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(NOTICE_SHAPE), next_cursor: z.string().nullable() }) } } },
    async (request) => {
      const { notices, nextCursor } = await listNotices(db.read, request.query);
      return { ok: true as const, count: notices.length, data: notices.map(showNotice), next_cursor: nextCursor };
    },
  );
  http.get(
    "/api/notices/:id",
    { onRequest: viewer, schema: { summary: "One notice with every attempt to deliver it", tags: TAGS.notices, params: id, querystring: noQuery, response: { 200: z.object({ ok: OK, data: NOTICE_SHAPE.extend({ attempts: z.array(ATTEMPT_SHAPE) }) }) } } },
    async (request) => {
      const found = await readNoticeWithAttempts(db.read, request.params.id);
      return { ok: true as const, data: { ...showNotice(found), attempts: found.attempts.map(showAttempt) } };
    },
  );
}

function channelRoutes(http: Http, deps: NotifyRoutes): void {
  const { db, channels, viewer, operator } = deps;
  const view = async (wanted: string) => {
    const [found] = await channelViews(db.read, channels.filter((channel) => channel.name === wanted), deps.personOf);
    if (found === undefined) throw new AppError("not_found", `there is no channel ${wanted}; GET /api/channels lists them`, { code: "channel_not_found" });
    return showChannel(found);
  };
  http.get("/api/channels", { onRequest: viewer, schema: { summary: "Channels: state, what waits, last success, why disabled", tags: TAGS.notices, querystring: noQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(CHANNEL_SHAPE) }) } } }, async () => {
    const data = (await channelViews(db.read, channels, deps.personOf)).map(showChannel);
    return { ok: true as const, count: data.length, data };
  });
  http.post(
    "/api/channels/:name/test",
    {
      onRequest: operator,
      schema: { summary: "Send a test notice now", tags: TAGS.notices, params: name, querystring: noQuery, response: { 200: z.object({ ok: OK, delivered: z.boolean(), notice: z.number(), status: z.number().nullable(), reason: z.string().nullable(), latency_ms: z.number() }) } },
    },
    async (request) => {
      const { noticeId, outcome, latencyMs } = await tryChannel(deps, channels, request.params.name, deps.who(request));
      await db.write((tx) => deps.record(tx, request, "channel.test", request.params.name, { notice: noticeId, outcome: outcome.kind }));
      return { ok: true as const, delivered: outcome.kind === "sent", notice: noticeId, status: outcome.status, reason: outcome.kind === "sent" ? null : outcome.reason, latency_ms: latencyMs };
    },
  );
  http.post("/api/channels/:name/enable", { onRequest: operator, schema: { summary: "Let a disabled channel send again", tags: TAGS.notices, params: name, querystring: noQuery, response: { 200: z.object({ ok: OK, data: CHANNEL_SHAPE }) } } }, async (request) => {
    await view(request.params.name);
    await db.write(async (tx) => {
      await enableChannel(tx, request.params.name);
      await deps.record(tx, request, "channel.enable", request.params.name, {});
    });
    return { ok: true as const, data: await view(request.params.name) };
  });
}

const matcher = z
  .union([
    z.string().max(400).regex(MATCHER_TEXT, "must be a matcher such as rule=check_*, severity=CRITICAL or subject!=disk").transform((text) => parseMatcher(text)),
    z.strictObject({ label: z.string().regex(/^[a-zA-Z_]\w{0,99}$/), op: z.enum(["=", "!="]).default("="), value: z.string().max(200) }),
  ])
  .describe('"rule=check_*", or {label, op, value}; * is any text, | separates alternatives');
const matchers = z.array(matcher).min(1).max(20);
const time = z.iso.datetime({ offset: true, error: "must be a time such as 2025-10-20T09:00:00Z" }).transform((text) => Date.parse(text));
const DURATION: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const duration = z.string().regex(/^[1-9]\d{0,4}[mhd]$/, "must be a duration such as 30m, 2h or 1d").transform((text) => Number.parseInt(text, 10) * (DURATION[text.at(-1) ?? ""] ?? 0));

const silenceBody = z
  .strictObject({
    kind: z.enum(["silence", "maintenance"]).default("silence"),
    matchers,
    reason: z.string().max(1000),
    author: z.string().max(200).optional().describe("Who asks, when left out"),
    starts_at: time.optional().describe("Now when left out"),
    ends_at: z.union([time, z.literal("when_resolved")]).optional(),
    duration: duration.optional().describe("Instead of ends_at, from the start"),
  })
  .refine((body) => (body.ends_at === undefined) !== (body.duration === undefined), { error: "give ends_at (a time, or when_resolved) or duration, one of them" });

function silenceRoutes(http: Http, deps: NotifyRoutes): void {
  const { db, clock, viewer, operator } = deps;
  const query = z.strictObject({ state: z.enum(["pending", "active", "ended"]).optional(), kind: z.enum(["silence", "maintenance"]).optional(), limit: limitField({ absent: 50, most: 100 }), cursor });
  http.get(
    "/api/silences",
    { onRequest: viewer, schema: { summary: "Silences and maintenance windows, newest first", tags: TAGS.silences, querystring: query, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(SILENCE_SHAPE), next_cursor: z.string().nullable() }) } } },
    async (request) => {
      const { silences, nextCursor } = await listSilences(db.read, request.query, clock.now());
      return { ok: true as const, count: silences.length, data: silences.map((silence) => showSilence(silence, clock.now())), next_cursor: nextCursor };
    },
  );
  http.get("/api/silences/:id", { onRequest: viewer, schema: { summary: "One silence", tags: TAGS.silences, params: id, querystring: noQuery, response: { 200: z.object({ ok: OK, data: SILENCE_SHAPE }) } } }, async (request) => ({
    ok: true as const,
    data: showSilence(await readSilence(db.read, request.params.id), clock.now()),
  }));
  http.post(
    "/api/silences",
    { onRequest: operator, schema: { summary: "Silence alerts, or announce a maintenance window", tags: TAGS.silences, body: silenceBody, response: { 201: z.object({ ok: OK, data: SILENCE_SHAPE }) } } },
    async (request, reply) => {
      const body = request.body;
      const made = await db.write(async (tx) => {
        const nowMs = clock.now();
        const startsAt = body.starts_at ?? nowMs;
        const silence = await createSilence(tx, { kind: body.kind, matchers: body.matchers, author: body.author ?? deps.who(request), reason: body.reason, startsAt, endsAt: body.ends_at ?? startsAt + (body.duration ?? 0) }, nowMs);
        await deps.record(tx, request, "silence.create", String(silence.id), { ...showSilence(silence, nowMs) });
        return silence;
      });
      return await reply.code(201).send({ ok: true as const, data: showSilence(made, clock.now()) });
    },
  );
  http.post(
    "/api/silences/preview",
    { onRequest: viewer, schema: { summary: "What a silence mutes now, and would have muted in the last week", tags: TAGS.silences, body: z.strictObject({ matchers }), response: { 200: z.object({ ok: OK, data: PREVIEW_SHAPE }) } } },
    async (request) => ({ ok: true as const, data: showPreview(await previewSilence(db.read, request.body.matchers, clock.now())) }),
  );
  http.delete("/api/silences/:id", { onRequest: operator, schema: { summary: "End a silence before its time", tags: TAGS.silences, params: id, querystring: noQuery, response: { 200: z.object({ ok: OK, data: SILENCE_SHAPE }) } } }, async (request) => {
    const gone = await db.write(async (tx) => {
      const silence = await expireSilence(tx, request.params.id, deps.who(request), clock.now());
      await deps.record(tx, request, "silence.expire", String(silence.id), {});
      return silence;
    });
    return { ok: true as const, data: showSilence(gone, clock.now()) };
  });
}

/** `/api/notices`, `/api/channels`, `/api/silences`. */
export function notifyRoutes(http: Http, deps: NotifyRoutes): void {
  noticeRoutes(http, deps);
  channelRoutes(http, deps);
  silenceRoutes(http, deps);
}
