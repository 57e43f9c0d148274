import { z } from "zod";
import { AppError, type Clock, type Database, DAY_MS, type Guard, type Http, type HttpRequest, isoSeconds, noQuery, type Tx } from "../platform/index.ts";
import { type Duty, duties } from "./duty.ts";
import { calendarOf, createFeed, type Feed, feedOf, listFeeds, noteUse, revokeFeed } from "./feed.ts";
import { cancelOverride, createOverride, readOverrides, type StoredOverride, swapShifts } from "./overrides.ts";
import { personOf, type Roster } from "./roster.ts";
import { shifts } from "./rotation.ts";

export interface OnCallRoutes {
  readonly db: Database;
  readonly clock: Clock;
  readonly roster: Roster;
  readonly viewer: Guard;
  readonly operator: Guard;
  /** Where the service is reached from outside; null: not configured. */
  readonly publicUrl: string | null;
  /** Who asks, in words. */
  who(request: HttpRequest): string;
  /** Writes the audit trail, in the transaction of the change. */
  record(tx: Tx, request: HttpRequest, action: string, subject: string, detail: Readonly<Record<string, unknown>>): Promise<void>;
}

const OK = z.literal(true);
const time = z.iso.datetime({ offset: true, error: "must be a time such as 2025-10-20T09:00:00Z" }).transform((text) => Date.parse(text));
const name = z.string().min(1).max(40);
const reason = z.string().trim().max(500).default("");
const id = z.strictObject({ id: z.string().regex(/^[1-9]\d{0,14}$/, "must be a whole number in digits").transform(Number) });

const PERSON = z.object({ id: z.string(), name: z.string() });
const DUTY = z.object({
  rotation: z.string(),
  time_zone: z.string(),
  now: PERSON.nullable(),
  override: z.number().nullable(),
  until: z.string().nullable(),
  next: PERSON.nullable(),
  gap: z.object({ starts_at: z.string(), ends_at: z.string() }).nullable(),
});
const SHIFT = z.object({ rotation: z.string(), person: PERSON.nullable(), starts_at: z.string(), ends_at: z.string(), override: z.number().nullable() });
const OVERRIDE = z.object({ id: z.number(), rotation: z.string(), person: z.string(), starts_at: z.string(), ends_at: z.string(), author: z.string(), reason: z.string(), created_at: z.string() });
const FEED = z.object({ id: z.number(), rotation: z.string().nullable(), person: z.string().nullable(), created_by: z.string(), created_at: z.string(), used_at: z.string().nullable(), revoked_at: z.string().nullable() });

const iso = (ms: number | null): string | null => (ms === null ? null : isoSeconds(ms));

/** Who is on, as API and command line show it. */
export function showDuty({ rotation, timeZone, now, override, until, next, gap }: Duty): z.output<typeof DUTY> {
  const person = (one: typeof now) => (one === null ? null : { id: one.id, name: one.name });
  return { rotation, time_zone: timeZone, now: person(now), override, until: iso(until), next: person(next), gap: gap === null ? null : { starts_at: isoSeconds(gap.startsAt), ends_at: isoSeconds(gap.endsAt) } };
}

export function showOverride({ id: number, rotation, person, startsAt, endsAt, author, reason: why, createdAt }: StoredOverride): z.output<typeof OVERRIDE> {
  return { id: number, rotation, person, starts_at: isoSeconds(startsAt), ends_at: isoSeconds(endsAt), author, reason: why, created_at: isoSeconds(createdAt) };
}

function showFeed({ id: number, rotation, person, createdBy, createdAt, usedAt, revokedAt }: Feed): z.output<typeof FEED> {
  return { id: number, rotation, person, created_by: createdBy, created_at: isoSeconds(createdAt), used_at: iso(usedAt), revoked_at: iso(revokedAt) };
}

const LONGEST_RANGE_MS = 366 * DAY_MS;

function readRoutes(http: Http, { db, clock, roster, viewer }: OnCallRoutes): void {
  http.get(
    "/api/oncall",
    { onRequest: viewer, schema: { summary: "Who is on call now, until when, who is next, and gaps", tags: ["on-call"], querystring: noQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(DUTY), people: z.array(PERSON) }) } } },
    async () => {
      const data = (await duties(db.read, roster, clock.now())).map(showDuty);
      return { ok: true as const, count: data.length, data, people: roster.people.map(({ id: person, name: words }) => ({ id: person, name: words })) };
    },
  );
  const range = z.strictObject({ from: time.optional(), to: time.optional(), rotation: name.optional() });
  http.get(
    "/api/oncall/calendar",
    { onRequest: viewer, schema: { summary: "Shifts of a time, gaps and stand-ins included; two weeks from now when nothing is said", tags: ["on-call"], querystring: range, response: { 200: z.object({ ok: OK, count: z.number(), from: z.string(), to: z.string(), data: z.array(SHIFT), overrides: z.array(OVERRIDE) }) } } },
    async (request) => {
      const from = request.query.from ?? clock.now();
      const to = request.query.to ?? from + 14 * DAY_MS;
      if (to <= from || to - from > LONGEST_RANGE_MS) throw new AppError("invalid", "`to` must be after `from`, at most 366 days", { code: "range_invalid" });
      const overrides = await readOverrides(db.read, from, to);
      const wanted = roster.rotations.filter((rotation) => request.query.rotation === undefined || rotation.name === request.query.rotation);
      const data = wanted.flatMap((rotation) =>
        shifts(rotation, overrides, from, to).map(({ person, startsAt, endsAt, override }) => {
          const known = person === null ? null : (personOf(roster, person) ?? { id: person, name: person });
          return { rotation: rotation.name, person: known === null ? null : { id: known.id, name: known.name }, starts_at: isoSeconds(startsAt), ends_at: isoSeconds(endsAt), override };
        }),
      );
      return { ok: true as const, count: data.length, from: isoSeconds(from), to: isoSeconds(to), data, overrides: overrides.map(showOverride) };
    },
  );
}

function overrideRoutes(http: Http, deps: OnCallRoutes): void {
  const { db, clock, roster, operator } = deps;
  const span = z.strictObject({ starts_at: time, ends_at: time });
  http.post(
    "/api/oncall/overrides",
    {
      onRequest: operator,
      schema: { summary: "Somebody stands in", tags: ["on-call"], body: z.strictObject({ rotation: name, person: name, starts_at: time, ends_at: time, reason }), response: { 201: z.object({ ok: OK, data: OVERRIDE }) } },
    },
    async (request, reply) => {
      const { rotation, person, starts_at, ends_at, reason: why } = request.body;
      const made = await db.write(async (tx) => {
        const override = await createOverride(tx, roster, { rotation, person, startsAt: starts_at, endsAt: ends_at, author: deps.who(request), reason: why }, clock.now());
        await deps.record(tx, request, "oncall.override", String(override.id), { ...showOverride(override) });
        return override;
      });
      return await reply.code(201).send({ ok: true as const, data: showOverride(made) });
    },
  );
  http.post(
    "/api/oncall/swaps",
    {
      onRequest: operator,
      schema: { summary: "Two exchange their shifts", tags: ["on-call"], body: z.strictObject({ rotation: name, first: span, second: span, reason }), response: { 201: z.object({ ok: OK, data: z.array(OVERRIDE) }) } },
    },
    async (request, reply) => {
      const { rotation, first, second, reason: why } = request.body;
      const spanOf = ({ starts_at, ends_at }: z.output<typeof span>) => ({ startsAt: starts_at, endsAt: ends_at });
      const made = await db.write(async (tx) => {
        const swapped = await swapShifts(tx, roster, { rotation, first: spanOf(first), second: spanOf(second), author: deps.who(request), reason: why }, clock.now());
        for (const override of swapped) await deps.record(tx, request, "oncall.swap", String(override.id), { ...showOverride(override) });
        return swapped;
      });
      return await reply.code(201).send({ ok: true as const, data: made.map(showOverride) });
    },
  );
  http.delete(
    "/api/oncall/overrides/:id",
    { onRequest: operator, schema: { summary: "Cancel a stand-in; one under way ends now", tags: ["on-call"], params: id, querystring: noQuery, response: { 200: z.object({ ok: OK, data: OVERRIDE }) } } },
    async (request) => {
      const gone = await db.write(async (tx) => {
        const override = await cancelOverride(tx, request.params.id, deps.who(request), clock.now());
        await deps.record(tx, request, "oncall.cancel", String(override.id), {});
        return override;
      });
      return { ok: true as const, data: showOverride(gone) };
    },
  );
}

function feedRoutes(http: Http, deps: OnCallRoutes): void {
  const { db, clock, roster, viewer, operator } = deps;
  http.get("/api/oncall/feeds", { onRequest: viewer, schema: { summary: "Calendars that somebody subscribed to", tags: ["on-call"], querystring: noQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(FEED) }) } } }, async () => {
    const data = (await listFeeds(db.read)).map(showFeed);
    return { ok: true as const, count: data.length, data };
  });
  http.post(
    "/api/oncall/feeds",
    {
      onRequest: operator,
      schema: { summary: "A secret address for a calendar to subscribe to; told once", tags: ["on-call"], body: z.strictObject({ rotation: name.nullish(), person: name.nullish() }), response: { 201: z.object({ ok: OK, data: FEED, path: z.string(), url: z.string().nullable() }) } },
    },
    async (request, reply) => {
      const { feed, token } = await db.write(async (tx) => {
        const made = await createFeed(tx, roster, { rotation: request.body.rotation ?? null, person: request.body.person ?? null, by: deps.who(request) }, clock.now());
        await deps.record(tx, request, "oncall.feed", String(made.feed.id), { rotation: made.feed.rotation, person: made.feed.person });
        return made;
      });
      const path = `/calendar/${token}.ics`;
      return await reply.code(201).send({ ok: true as const, data: showFeed(feed), path, url: deps.publicUrl === null ? null : `${deps.publicUrl.replace(/\/+$/, "")}${path}` });
    },
  );
  http.delete("/api/oncall/feeds/:id", { onRequest: operator, schema: { summary: "Revoke a calendar's address", tags: ["on-call"], params: id, querystring: noQuery, response: { 200: z.object({ ok: OK, data: FEED }) } } }, async (request) => {
    const gone = await db.write(async (tx) => {
      const feed = await revokeFeed(tx, request.params.id, clock.now());
      await deps.record(tx, request, "oncall.feed_revoke", String(feed.id), {});
      return feed;
    });
    return { ok: true as const, data: showFeed(gone) };
  });
}

/** The calendar itself. Calendars send no key: the address is the secret, and can be revoked. */
function calendarRoute(http: Http, { db, clock, roster }: OnCallRoutes): void {
  http.get<{ Params: { file: string } }>("/calendar/:file", { schema: { hide: true } }, async (request, reply) => {
    const token = /^([A-Za-z0-9_-]{32})\.ics$/.exec(request.params.file)?.[1];
    const feed = token === undefined ? null : await feedOf(db.read, token);
    if (feed === null) throw new AppError("not_found", "this calendar is not there, or its address was revoked", { code: "calendar_not_found" });
    await db.write((tx) => noteUse(tx, feed, clock.now()));
    return await reply.type("text/calendar; charset=utf-8").header("content-disposition", 'inline; filename="on-call.ics"').send(await calendarOf(db.read, roster, feed, clock.now()));
  });
}

/** `/api/oncall`, stand-ins, swaps, and calendars. */
export function onCallRoutes(http: Http, deps: OnCallRoutes): void {
  readRoutes(http, deps);
  overrideRoutes(http, deps);
  feedRoutes(http, deps);
  calendarRoute(http, deps);
}
