import { z } from "zod";
import { principalOf } from "../access/index.ts";
import { asCurrency, parseMajor } from "../money/index.ts";
import { AppError, type Guard, type Http, type HttpRequest, isoSeconds, isUnavailable, limitField, noQuery } from "../platform/index.ts";
import { carryOutNext } from "./carry-out.ts";
import { approve, type Asker, type GateDeps, needSuggestion, propose, reject, rollBack } from "./gate.ts";
import { detailShape, factsShape, showFacts, showSuggestion, showTimeline, suggestionShape } from "./present.ts";
import { readRun } from "./run.ts";
import { listSuggestions, readSteps, readSuggestion } from "./store.ts";
import { SUGGESTION_KINDS, SUGGESTION_STATES, type Suggestion } from "./suggestion.ts";

export interface PricingRoutes extends GateDeps {
  readonly viewer: Guard;
  readonly operator: Guard;
  readonly admin: Guard;
  /** Begins a run now, as the scheduler would. */
  runNow(request: HttpRequest): Promise<{ readonly id: number }>;
}

const PATIENCE_MS = 65_000;
const OK = { ok: true as const };
const suggestionId = z.strictObject({ id: z.string().regex(/^ps_[0-9a-f]{20}$/, "must be a suggestion's id, ps_…") });
const reason = z.string().trim().min(3, "must say why, in 3 to 500 characters").max(500, "must say why, in 3 to 500 characters").regex(/^[^\p{Cc}]*$/u, "must be one line without control characters");
const ok = z.literal(true);
const one = z.object({ ok, data: detailShape });

const listQuery = z.strictObject({
  limit: limitField({ absent: 20, most: 100 }),
  cursor: z.string().regex(/^\d{1,15}$/, "must be the next_cursor of the page before").optional(),
  state: z.enum(SUGGESTION_STATES).optional(),
  kind: z.enum(SUGGESTION_KINDS).optional(),
});

function askerOf(request: HttpRequest): Asker {
  const { keyId, name } = principalOf(request);
  return { actor: { keyId, name }, requestId: request.id };
}

/** `/api/pricing…`. */
export function pricingRoutes(http: Http, deps: PricingRoutes): void {
  const { db, live, viewer, operator, admin } = deps;
  const tags = ["pricing"];
  const detail = async (suggestion: Suggestion) => ({ ...OK, data: { ...showSuggestion(suggestion), timeline: showTimeline(await readSteps(db.read, suggestion.id)) } });
  /** What was approved is made at once; what stays unanswered goes on in the loop. */
  const carriedOut = async (suggestion: Suggestion): Promise<Suggestion> => {
    if (suggestion.state !== "applying" && suggestion.state !== "rolling_back") return suggestion;
    try {
      await carryOutNext({ ...deps, prices: deps.prices() }, suggestion.id);
    } catch (error) {
      // It is decided and on record; without a Stripe to ask now, the loop goes on with it.
      if (!isUnavailable(error)) throw error;
    }
    return (await readSuggestion(db.read, suggestion.id)) ?? suggestion;
  };

  const status = z.object({ ok, enabled: z.boolean(), last_run: z.string().nullable(), facts: factsShape.nullable(), hint: z.string().nullable() });
  http.get("/api/pricing", { onRequest: viewer, schema: { summary: "What was sold at which price, and what that can tell", tags, querystring: noQuery, response: { 200: status } } }, async () => {
    const found = await readRun(db.read, live);
    const hint = deps.enabled ? (found === null ? "nothing was looked at yet; POST /api/pricing/run begins" : null) : "pricing is off; pricing.enabled: on in tillwatch.yaml switches it on. Nothing is ever changed without an admin";
    return { ...OK, enabled: deps.enabled, last_run: found === null ? null : isoSeconds(found.at), facts: found === null ? null : showFacts(found.run), hint };
  });
  const page = z.object({ ok, count: z.int(), data: z.array(suggestionShape), next_cursor: z.string().nullable() });
  http.get("/api/pricing/suggestions", { onRequest: viewer, schema: { summary: "Suggestions and what became of them, newest first", tags, querystring: listQuery, response: { 200: page } } }, async (request) => {
    const { limit, cursor, state, kind } = request.query;
    const { suggestions, next } = await listSuggestions(db.read, { state, kind, live, before: cursor === undefined ? undefined : Number(cursor) }, limit);
    return { ...OK, count: suggestions.length, data: suggestions.map(showSuggestion), next_cursor: next === null ? null : String(next) };
  });
  http.get("/api/pricing/suggestions/:id", { onRequest: viewer, schema: { summary: "One suggestion with its time line", tags, params: suggestionId, response: { 200: one } } }, async (request) => await detail(await needSuggestion(deps, request.params.id)));
  const wish = z.strictObject({ price_id: z.string().regex(/^(price|plan)_[A-Za-z0-9_]{1,250}$/, "must be a price's id, price_…"), amount: z.unknown().describe("Major units of the price's currency: 12.50"), reason });
  http.post("/api/pricing/suggestions", { onRequest: operator, handlerTimeout: PATIENCE_MS, schema: { summary: "Propose a price; another person with an admin key approves it", tags, body: wish, response: { 200: one } } }, async (request) => {
    const { price_id, amount, reason: why } = request.body;
    if (!deps.enabled) throw new AppError("conflict", "pricing is off; an admin switches it on with pricing.enabled: on in tillwatch.yaml", { code: "pricing_off" });
    const code = asCurrency((await deps.prices().price(price_id)).currency);
    if (code === null) throw new AppError("unprocessable", `${price_id} has no currency that is known`, { code: "price_not_usable" });
    const to = parseMajor(amount, code);
    if (to.kind === "refused") throw new AppError("invalid", `amount: ${to.message}`, { code: to.reason });
    const names = (await readRun(db.read, live))?.run.names ?? {};
    return await detail(await propose(deps, { price: price_id, to: to.minor, why, productName: (product) => names[product] ?? product }, askerOf(request)));
  });
  const seen = z.strictObject({ basis: z.string().regex(/^[0-9a-f]{16}$/, "must be the `basis` of the suggestion that you saw") });
  http.post("/api/pricing/suggestions/:id/approve", { onRequest: admin, handlerTimeout: PATIENCE_MS, schema: { summary: "Approve what you saw; a large step then waits for another admin", tags, params: suggestionId, body: seen, response: { 200: one } } }, async (request) =>
    await detail(await carriedOut(await approve(deps, request.params.id, request.body.basis, askerOf(request)))),
  );
  for (const [verb, act, summary] of [["reject", reject, "Say no, and why"], ["rollback", rollBack, "The old price again; what was bought at the new one stays"]] as const) {
    http.post(`/api/pricing/suggestions/:id/${verb}`, { onRequest: admin, handlerTimeout: PATIENCE_MS, schema: { summary, tags, params: suggestionId, body: z.strictObject({ reason }), response: { 200: one } } }, async (request) =>
      await detail(await carriedOut(await act(deps, request.params.id, request.body.reason, askerOf(request)))),
    );
  }
  const begun = z.object({ ok, run_id: z.int() });
  http.post("/api/pricing/run", { onRequest: operator, schema: { summary: "Look at the figures now, in the background", tags, response: { 202: begun } } }, async (request, reply) => {
    if (!deps.enabled) throw new AppError("conflict", "pricing is off; an admin switches it on with pricing.enabled: on in tillwatch.yaml", { code: "pricing_off" });
    const { id } = await deps.runNow(request);
    return await reply.code(202).send({ ...OK, run_id: id });
  });
}
