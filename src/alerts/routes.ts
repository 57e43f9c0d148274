import { z } from "zod";
import { timeField } from "../ledger/index.ts";
import { type Clock, type Database, type Guard, type Http, type HttpRequest, limitField, MINUTE_MS, noQuery, type Tx } from "../platform/index.ts";
import { type Act, acknowledgeAlert, commentAlert, judgeAlert, resolveByHand, SILENCE_SCOPES, silenceAlert } from "./act.ts";
import { type Alert, FEEDBACK } from "./alert.ts";
import type { Doer } from "./history.ts";
import { ALERT_DETAIL_SHAPE, ALERT_SHAPE, showAlert, showDetail, showSilence, SILENCE_SHAPE } from "./present.ts";
import { readDetail } from "./read-detail.ts";
import { listAlerts } from "./store.ts";

export interface AlertRoutes {
  readonly db: Database;
  readonly clock: Clock;
  /** Whose figures are drawn beside an alert. */
  readonly live: boolean;
  /** Lets viewers and above through. */
  readonly viewer: Guard;
  readonly operator: Guard;
  /** Who asks, on a route behind a guard. */
  doer(request: HttpRequest): Doer;
  /** Writes a line of the audit trail in the transaction of the change. */
  trail(tx: Tx, request: HttpRequest, action: string, alert: Alert, detail: Readonly<Record<string, unknown>>): Promise<void>;
}

const OK = z.literal(true);
const flag = z.enum(["true", "false"]).transform((value) => value === "true");

const query = z.strictObject({
  state: z.enum(["open", "pending", "firing", "recovering", "resolved"]).optional(),
  rule: z.string().max(100).optional(),
  severity: z.enum(["WARNING", "CRITICAL"]).optional(),
  subject: z.string().max(100).optional(),
  since: timeField.optional().describe("Opened at or after"),
  until: timeField.optional().describe("Opened before"),
  acknowledged: flag.optional(),
  drill: flag.optional().describe("true: drills alone; false: without them"),
  limit: limitField({ absent: 50, most: 100 }),
  cursor: z.string().max(100).optional(),
});

const alertId = z.strictObject({
  id: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, "must be the id of an alert, a whole number in digits")
    .transform(Number),
});

const TEXT_ERROR = "must be text of 1 to 1000 characters without control characters";
const words = z
  .string({ error: TEXT_ERROR })
  .trim()
  .min(1, TEXT_ERROR)
  .max(1000, TEXT_ERROR)
  .regex(/^[^\p{Cc}]*$/u, TEXT_ERROR);
const note = z.strictObject({ note: words.nullish() }).nullish();

function readRoutes(http: Http, { db, clock, live, viewer }: AlertRoutes): void {
  http.get(
    "/api/alerts",
    {
      onRequest: viewer,
      schema: { summary: "Alerts, newest first", tags: ["alerts"], querystring: query, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(ALERT_SHAPE), next_cursor: z.string().nullable() }) } },
    },
    async (request) => {
      const { limit, cursor, since, until, ...filter } = request.query;
      const page = await listAlerts(db.read, { ...filter, sinceMs: since, untilMs: until }, limit, cursor ?? null);
      return { ok: true as const, count: page.alerts.length, data: page.alerts.map(showAlert), next_cursor: page.nextCursor };
    },
  );
  http.get(
    "/api/alerts/:id",
    {
      onRequest: viewer,
      schema: { summary: "One alert: its time line, its evidence, what was seen around it, and the times before", tags: ["alerts"], params: alertId, querystring: noQuery, response: { 200: z.object({ ok: OK, data: ALERT_DETAIL_SHAPE }) } },
    },
    async (request) => ({ ok: true as const, data: showDetail(await readDetail(db.read, request.params.id, live, clock.now())) }),
  );
}

function actRoutes(http: Http, deps: AlertRoutes): void {
  const { db, clock, operator } = deps;
  const act = (request: HttpRequest, id: number): Act => ({
    db,
    alertId: id,
    doer: deps.doer(request),
    nowMs: clock.now(),
    trail: (tx, action, alert, detail) => deps.trail(tx, request, action, alert, detail),
  });
  const answers = { 200: z.object({ ok: OK, data: ALERT_SHAPE }) };
  const answer = (alert: Alert) => ({ ok: true as const, data: showAlert(alert) });
  const schema = (summary: string) => ({ summary, tags: ["alerts"], params: alertId, querystring: noQuery, response: answers });
  http.post("/api/alerts/:id/ack", { onRequest: operator, schema: { ...schema("Take an alert on: escalation stops"), body: note } }, async (request) =>
    answer(await acknowledgeAlert(act(request, request.params.id), request.body?.note ?? null)),
  );
  http.post(
    "/api/alerts/:id/resolve",
    { onRequest: operator, schema: { ...schema("Say that it is over; should it go on, it fires again only when it was well once, gets worse, or after a day"), body: z.strictObject({ reason: words }) } },
    async (request) => answer(await resolveByHand(act(request, request.params.id), request.body.reason)),
  );
  http.post("/api/alerts/:id/comment", { onRequest: operator, schema: { ...schema("Add a comment to its time line"), body: z.strictObject({ text: words }) } }, async (request) =>
    answer(await commentAlert(act(request, request.params.id), request.body.text)),
  );
  http.post(
    "/api/alerts/:id/feedback",
    { onRequest: operator, schema: { ...schema("Was it real, expected or noise? What was expected is not learnt from"), body: z.strictObject({ feedback: z.enum(FEEDBACK), note: words.nullish() }) } },
    async (request) => answer(await judgeAlert(act(request, request.params.id), request.body.feedback, request.body.note ?? null)),
  );
}

const silenceBody = z
  .strictObject({
    scope: z.enum(SILENCE_SCOPES).default("alert").describe("This alert alone, whatever its rule tells, or whatever is told of its subject"),
    minutes: z.int().min(1).max(43_200).optional().describe("How long; until it is resolved when neither this nor until is given"),
    until: timeField.optional(),
    reason: words,
  })
  .refine(({ minutes, until }) => minutes === undefined || until === undefined, { error: "takes minutes or until, not both" });

function silenceRoute(http: Http, deps: AlertRoutes): void {
  const { db, clock, operator } = deps;
  http.post(
    "/api/alerts/:id/silence",
    {
      onRequest: operator,
      schema: { summary: "Mute the notices of an alert, its rule or its subject for a time; the alert goes on", tags: ["alerts"], params: alertId, querystring: noQuery, body: silenceBody, response: { 201: z.object({ ok: OK, data: SILENCE_SHAPE }) } },
    },
    async (request, reply) => {
      const { scope, minutes, until, reason } = request.body;
      const nowMs = clock.now();
      const act: Act = { db, alertId: request.params.id, doer: deps.doer(request), nowMs, trail: (tx, action, alert, detail) => deps.trail(tx, request, action, alert, detail) };
      const { silence } = await silenceAlert(act, scope, until ?? (minutes === undefined ? "when_resolved" : nowMs + minutes * MINUTE_MS), reason);
      return await reply.code(201).send({ ok: true as const, data: showSilence(silence) });
    },
  );
}

/** `/api/alerts`, `/api/alerts/:id`, and what a person does: `…/ack`, `…/resolve`, `…/comment`, `…/feedback`, `…/silence`. */
export function alertRoutes(http: Http, deps: AlertRoutes): void {
  readRoutes(http, deps);
  actRoutes(http, deps);
  silenceRoute(http, deps);
}
