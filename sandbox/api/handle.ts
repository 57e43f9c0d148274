import { createHash } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { Effect } from "../control/fault.ts";
import { Desk } from "../desk.ts";
import { newId } from "../random.ts";
import { seconds } from "../shapes/thing.ts";
import { isVersion } from "../shapes/version.ts";
import type { Reply } from "../state/replies.ts";
import type { World } from "../world.ts";
import { scopeOf } from "../world.ts";
import type { Caller } from "./key.ts";
import { callerOf, demand } from "./key.ts";
import { Params } from "./params.ts";
import { undertake } from "./undertake.ts";
import { Problem, envelope } from "./problem.ts";
import { render } from "./render.ts";
import type { Route } from "./route.ts";

export interface Incoming {
  method: string;
  /** Without the query. */
  pathname: string;
  pathParams: Readonly<Record<string, string>>;
  raw: Record<string, unknown>;
  header: (name: string) => string | undefined;
}

export type Outgoing =
  | { kind: "answer"; status: number; headers: Record<string, string>; body: string }
  /** No answer; the connection is held open. */
  | { kind: "hang"; holdMs: number }
  /** No answer; the connection is cut. */
  | { kind: "drop" };

/** What requests have in common while they are under way. */
export interface Gate {
  /** Keys whose first request has not been answered yet, by scope and key. */
  inUse: Set<string>;
  /** Counts a request, and says whether it is one too many. */
  overLimit: () => boolean;
}

interface Visit {
  world: World;
  route: Route;
  incoming: Incoming;
  requestId: string;
  caller: Caller;
  account: string;
  scope: string;
  version: string;
  /** Scope and key, or null when the request has no idempotency key. */
  key: string | null;
}

/** One request of the API, from key check to answer. Every error is an answer too. */
export async function handle(world: World, gate: Gate, route: Route, incoming: Incoming): Promise<Outgoing> {
  const requestId = `req_${world.random.alphanumeric(14)}`;
  let livemode = false;
  try {
    const visit = admit(world, route, incoming, requestId);
    livemode = visit.caller.livemode;
    return await serve(visit, gate);
  } catch (error) {
    if (!(error instanceof Problem)) world.log("internal_error", { request: requestId, method: incoming.method, path: incoming.pathname, error: error instanceof Error ? error.stack : String(error) });
    const problem = error instanceof Problem ? error : new Problem(500, "An unknown error occurred", { type: "api_error" });
    return answer(problem.status, envelope(problem, requestId, livemode, seconds(world.nowMs())), requestId, {});
  }
}

/** Who, where, in which version, and whether they may. @throws Problem */
function admit(world: World, route: Route, incoming: Incoming, requestId: string): Visit {
  const caller = callerOf(world, incoming.header("authorization"));
  const account = incoming.header("stripe-account") ?? world.settings.account;
  if (!/^acct_[A-Za-z0-9]+$/.test(account)) {
    throw new Problem(403, `The provided key does not have access to account '${account}' (or that account does not exist). Application access may have been revoked.`, { code: "account_invalid", beforeWork: true });
  }
  demand(caller, account, route.permission, route.method !== "GET");
  const version = incoming.header("stripe-version") ?? world.settings.apiVersion;
  if (!isVersion(version)) throw new Problem(400, `Invalid Stripe API version: ${version}`, { beforeWork: true });
  const sent = route.method === "POST" ? incoming.header("idempotency-key") : undefined;
  if (sent !== undefined && sent.length > 255) throw new Problem(400, "Idempotency keys must be at most 255 characters.", { type: "idempotency_error", beforeWork: true });
  const scope = scopeOf(account, caller.livemode);
  return { world, route, incoming, requestId, caller, account, scope, version, key: sent ?? null };
}

const RATE_LIMITED = "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.";

async function serve(visit: Visit, gate: Gate): Promise<Outgoing> {
  const { world, incoming } = visit;
  if (gate.overLimit()) throw new Problem(429, RATE_LIMITED, { code: "rate_limit", beforeWork: true });
  const before = world.faults.take(incoming.method, incoming.pathname, ["drop_before", "timeout_before"]);
  if (before?.kind === "drop_before") return { kind: "drop" };
  if (before?.kind === "timeout_before") return { kind: "hang", holdMs: before.holdMs };
  const fingerprint = fingerprintOf(incoming.raw);
  const replayed = replay(visit, fingerprint);
  if (replayed !== null) return onTheWay(visit, replayed);
  const slot = visit.key === null ? null : `${visit.scope} ${visit.key}`;
  if (slot !== null && gate.inUse.has(slot)) {
    throw new Problem(409, `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${visit.key}. Try again later.`, { type: "idempotency_error", code: "idempotency_key_in_use", beforeWork: true });
  }
  if (slot !== null) gate.inUse.add(slot);
  try {
    const delay = world.faults.take(incoming.method, incoming.pathname, ["delay"]);
    if (delay?.kind === "delay") await wait(delay.delayMs);
    return onTheWay(visit, work(visit, fingerprint));
  } finally {
    if (slot !== null) gate.inUse.delete(slot);
  }
}

/** The answer a key has had before. @throws Problem when the key was used for something else */
function replay(visit: Visit, fingerprint: string): Outgoing | null {
  if (visit.key === null) return null;
  const { world, key } = visit;
  const known = world.replies.find(visit.scope, key, world.nowMs());
  if (known === null) return null;
  const endpoint = `${visit.incoming.method} ${visit.incoming.pathname}`;
  const wrong = known.endpoint !== endpoint ? `for the same endpoint they were first used for ('${known.endpoint.split(" ")[1] ?? ""}')` : known.fingerprint === fingerprint ? null : "with the same parameters they were first used with";
  if (wrong !== null) {
    throw new Problem(400, `Keys for idempotent requests can only be used ${wrong}. Try using a key other than '${key}' if you meant to execute a different request.`, { type: "idempotency_error", beforeWork: true });
  }
  return { kind: "answer", status: known.status, body: known.body, headers: { ...headersFor(visit.requestId, visit), "original-request": known.request, "idempotent-replayed": "true" } };
}

function work(visit: Visit, fingerprint: string): Outgoing {
  const { world, incoming, requestId } = visit;
  const fault = world.faults.take(incoming.method, incoming.pathname, ["error"]);
  const result = fault?.kind === "error" ? refuse(visit, fault) : run(visit);
  const after = world.faults.take(incoming.method, incoming.pathname, ["error_after"]);
  if (after?.kind === "error_after") {
    const problem = new Problem(after.status, "An unknown error occurred", { type: "api_error" });
    Object.assign(result, { status: after.status, body: JSON.stringify(envelope(problem, requestId, visit.caller.livemode, seconds(world.nowMs()))), keep: true });
  }
  if (visit.key !== null && result.keep) {
    const reply: Reply = { endpoint: `${incoming.method} ${incoming.pathname}`, fingerprint, status: result.status, body: result.body, request: requestId };
    world.replies.keep(visit.scope, visit.key, reply, world.nowMs());
  }
  return { kind: "answer", status: result.status, body: result.body, headers: headersFor(requestId, visit) };
}

/** What the network makes of an answer; a replayed one gets lost as easily as a first one. */
function onTheWay(visit: Visit, outgoing: Outgoing): Outgoing {
  const fault = visit.world.faults.take(visit.incoming.method, visit.incoming.pathname, ["timeout_after", "drop_after"]);
  if (fault?.kind === "drop_after") return { kind: "drop" };
  return fault?.kind === "timeout_after" ? { kind: "hang", holdMs: fault.holdMs } : outgoing;
}

interface Result {
  status: number;
  body: string;
  /** Whether the idempotency key remembers it: not when nothing was begun. */
  keep: boolean;
}

function run(visit: Visit): Result {
  const { world, route, incoming } = visit;
  const desk = new Desk(world, visit.scope, { id: visit.requestId, idempotency_key: visit.key });
  const { expand, ...raw } = incoming.raw;
  const paths = Array.isArray(expand) ? expand.map(String) : typeof expand === "object" && expand !== null ? Object.values(expand).map(String) : [];
  const done = undertake(desk, () => render(desk, route.run({ desk, params: new Params(raw), path: incoming.pathParams, version: visit.version }), paths, visit.version));
  return done.kind === "refused" ? failure(visit, done.problem) : { status: 200, body: JSON.stringify(done.value, null, 2), keep: true };
}

function failure(visit: Visit, problem: Problem): Result {
  const body = JSON.stringify(envelope(problem, visit.requestId, visit.caller.livemode, seconds(visit.world.nowMs())), null, 2);
  return { status: problem.status, body, keep: !problem.beforeWork };
}

const FAULT_TYPE: Readonly<Record<number, "invalid_request_error" | "card_error">> = { 402: "card_error" };

function refuse(visit: Visit, fault: Extract<Effect, { kind: "error" }>): Result {
  const type = fault.type ?? FAULT_TYPE[fault.status] ?? (fault.status >= 500 ? "api_error" : "invalid_request_error");
  const message = fault.message ?? (fault.status === 429 ? RATE_LIMITED : fault.status >= 500 ? "An unknown error occurred" : "Refused by a fault of the stand-in.");
  const problem = new Problem(fault.status, message, {
    type: type as "api_error",
    ...(fault.code === undefined ? (fault.status === 429 ? { code: "rate_limit" } : {}) : { code: fault.code }),
    ...(fault.param === undefined ? {} : { param: fault.param }),
    beforeWork: !fault.stored,
  });
  return failure(visit, problem);
}

function headersFor(requestId: string, visit: Visit): Record<string, string> {
  const headers: Record<string, string> = { "request-id": requestId, "stripe-version": visit.version };
  if (visit.key !== null) {
    headers["idempotency-key"] = visit.key;
    headers["original-request"] = requestId;
  }
  if (visit.account !== visit.world.settings.account) headers["stripe-account"] = visit.account;
  return headers;
}

function answer(status: number, body: unknown, requestId: string, headers: Record<string, string>): Outgoing {
  return { kind: "answer", status, body: JSON.stringify(body, null, 2), headers: { "request-id": requestId, ...headers } };
}

/** Two requests are the same when their parameters are, in whatever order they were sent. */
function fingerprintOf(raw: Record<string, unknown>): string {
  return createHash("sha256").update(canonical(raw)).digest("hex");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : 1));
  return `{${entries.map(([field, one]) => `${JSON.stringify(field)}:${canonical(one)}`).join(",")}}`;
}

/** The answer to a path that is no part of the API. */
export function unknownPath(world: World, method: string, path: string): Outgoing {
  const requestId = newId(world.random, "req");
  const problem = new Problem(404, `Unrecognized request URL (${method}: ${path}). Please see https://stripe.com/docs or we can help at https://support.stripe.com/.`);
  return answer(404, envelope(problem, requestId, false, seconds(world.nowMs())), requestId, {});
}
