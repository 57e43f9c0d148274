import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { Problem } from "../api/problem.ts";
import { undertake } from "../api/undertake.ts";
import { declineNames } from "../cards/decline.ts";
import { Desk } from "../desk.ts";
import type { Charge } from "../shapes/charge.ts";
import type { Dispute } from "../shapes/dispute.ts";
import { disputeReasons } from "../shapes/dispute.ts";
import type { PaymentIntent } from "../shapes/payment-intent.ts";
import type { Refund } from "../shapes/refund.ts";
import type { Thing } from "../shapes/thing.ts";
import type { Traffic } from "../traffic/stream.ts";
import { closeDispute, openDispute } from "../work/dispute.ts";
import { answerChallenge } from "../work/payment.ts";
import { moveRefund } from "../work/refund.ts";
import type { World } from "../world.ts";
import { scopeOf } from "../world.ts";
import type { Effect } from "./fault.ts";

export interface Levers {
  traffic: Traffic | null;
  clock: { virtualMs: number | null; offsetMs: number };
}

const count = z.number().int().min(0);

const faultSchema = z.strictObject({
  method: z.enum(["GET", "POST", "DELETE"]).optional(),
  path: z.string().optional(),
  times: z.number().int().min(1).default(1),
  effect: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("error"), status: z.number().int().min(400).max(599), type: z.string().optional(), code: z.string().optional(), message: z.string().optional(), param: z.string().optional(), stored: z.boolean().optional() }),
    z.strictObject({ kind: z.literal("error_after"), status: z.number().int().min(500).max(599).default(500) }),
    z.strictObject({ kind: z.enum(["timeout_after", "timeout_before"]), holdMs: count.default(120_000) }),
    z.strictObject({ kind: z.enum(["drop_before", "drop_after"]) }),
    z.strictObject({ kind: z.literal("delay"), delayMs: count }),
    z.strictObject({ kind: z.literal("refund_status"), status: z.enum(["pending", "requires_action", "failed"]) }),
  ]),
});

const mischiefSchema = z.strictObject({ dropEvery: count, duplicates: count, disorderMs: count, forgeEvery: count, clockOffsetMs: z.number().int(), dead: z.boolean() }).partial();

const share = z.number().min(0).max(1);
const trafficSchema = z.strictObject({
  ratePerMinute: z.number().min(0),
  declineRate: share,
  declineCauses: z.array(z.tuple([z.enum(declineNames as [string, ...string[]]), z.number().min(0)])).min(1),
  refundRate: share,
  disputeRate: share,
  invoiceRate: share,
  challengeFailureRate: share,
}).partial();

const keySchema = z.strictObject({ key: z.string().regex(/^(sk|rk)_(test|live)_/), permissions: z.array(z.string()).optional(), revoked: z.boolean().optional() });
const settingsSchema = z.strictObject({ rateLimit: count, checkBalance: z.boolean(), haste: z.number().positive(), bookingDelayMs: count, slowDelayMs: count, deliveryTimeoutMs: count }).partial();

/** The levers of the stand-in itself. They take JSON and nothing else, so that no web page can pull them by a form. */
export function addControls(server: FastifyInstance, world: World, levers: Levers): void {
  server.setErrorHandler(async (error: Error & { statusCode?: number }, _request, reply) => {
    if (error instanceof z.ZodError) return reply.code(400).send({ error: z.prettifyError(error) });
    if (error instanceof Problem) return reply.code(error.status).send({ error: error.message, code: error.code });
    const status = error.statusCode ?? 500;
    if (status >= 500) world.log("internal_error", { error: error.stack });
    return reply.code(status).send({ error: status >= 500 ? "Internal error" : error.message });
  });
  server.register(async (control) => {
    control.addHook("preValidation", async (request, reply) => {
      if (request.method !== "GET" && request.method !== "DELETE" && request.headers["content-type"]?.startsWith("application/json") !== true) {
        await reply.code(415).send({ error: "Send application/json." });
      }
    });
    addLevers(control, world, levers);
    addTurns(control, world);
  }, { prefix: "/_sandbox" });
}

/** What changes the stand-in: faults, deliveries, traffic, clock, keys. */
function addLevers(control: FastifyInstance, world: World, { traffic, clock }: Levers): void {
  control.get("/", async () => ({
    now: new Date(world.nowMs()).toISOString(), objects: world.objects.count(), events: world.events.count(), deliveries: world.outbox.counts(),
    faults: world.faults.list(), webhooks: world.mischief, settings: world.settings, traffic: traffic !== null,
  }));
  control.get("/faults", async () => world.faults.list());
  control.post("/faults", async (request) => {
    const { method, path, times, effect } = faultSchema.parse(request.body);
    const stored = effect.kind === "error" ? { ...effect, stored: effect.stored ?? effect.status >= 500 } : effect;
    return world.faults.add({ times, effect: stored as Effect, ...(method === undefined ? {} : { method }), ...(path === undefined ? {} : { path }) });
  });
  control.delete("/faults", async () => {
    world.faults.clear();
    return [];
  });
  control.post("/webhooks", async (request) => Object.assign(world.mischief, mischiefSchema.parse(request.body)));
  control.post("/settings", async (request) => Object.assign(world.settings, settingsSchema.parse(request.body)));
  control.post("/traffic", async (request, reply) => {
    if (traffic === null) return reply.code(409).send({ error: "This stand-in was started without traffic: give --rate." });
    const { ratePerMinute, ...mix } = trafficSchema.parse(request.body);
    if (ratePerMinute !== undefined) traffic.setRate(ratePerMinute, world.nowMs());
    traffic.setMix(Object.fromEntries(Object.entries(mix).filter(([, value]) => value !== undefined)));
    return { ok: true };
  });
  control.post("/clock", async (request) => {
    const { offsetMs } = z.strictObject({ offsetMs: z.number().int() }).parse(request.body);
    clock.offsetMs = offsetMs;
    return { now: new Date(world.nowMs()).toISOString() };
  });
  control.post("/keys", async (request) => {
    const { key, permissions, revoked } = keySchema.parse(request.body);
    if (permissions !== undefined) world.restrictedKeys.set(key, permissions);
    if (revoked === true) world.revokedKeys.add(key);
    if (revoked === false) world.revokedKeys.delete(key);
    return { ok: true };
  });
}

/** What customers and banks do: authenticate, dispute, decide; and Stripe: settle a refund, send an event again. */
function addTurns(control: FastifyInstance, world: World): void {
  control.post<{ Params: { id: string } }>("/payment_intents/:id/authenticate", async (request) => {
    const { result } = z.strictObject({ result: z.enum(["succeeded", "failed"]) }).parse(request.body);
    return turn(world, request.params.id, (desk, thing) => answerChallenge(desk, thing as PaymentIntent, result === "succeeded"));
  });
  control.post<{ Params: { id: string } }>("/refunds/:id", async (request) => {
    const { status, failureReason } = z.strictObject({ status: z.enum(["succeeded", "failed", "pending", "requires_action", "canceled"]), failureReason: z.string().default("declined") }).parse(request.body);
    return turn(world, request.params.id, (desk, thing) => moveRefund(desk, thing as Refund, status, failureReason));
  });
  control.post("/disputes", async (request) => {
    const spec = z.strictObject({ charge: z.string(), reason: z.enum(disputeReasons).default("fraudulent"), inquiry: z.boolean().default(false), amount: z.number().int().positive().nullable().default(null) }).parse(request.body);
    return turn(world, spec.charge, (desk, thing) => openDispute(desk, thing as Charge, spec));
  });
  control.post<{ Params: { id: string } }>("/disputes/:id", async (request) => {
    const { outcome } = z.strictObject({ outcome: z.enum(["won", "lost"]) }).parse(request.body);
    return turn(world, request.params.id, (desk, thing) => closeDispute(desk, thing as Dispute, outcome));
  });
  control.post<{ Params: { id: string } }>("/events/:id/resend", async (request, reply) => {
    const event = world.events.byId(request.params.id);
    if (event === null) return reply.code(404).send({ error: "No such event." });
    const endpoints = world.objects.all(scopeOf(world.settings.account, event.happening.livemode), "webhook_endpoint", { status: "enabled" });
    for (const endpoint of endpoints) world.outbox.add(event.happening.id, endpoint.id, world.nowMs());
    return { endpoints: endpoints.length };
  });
}

/** Finds the object in either mode and lets something happen to it, in one transaction. */
function turn(world: World, id: string, happen: (desk: Desk, thing: Thing) => Thing): Thing {
  for (const livemode of [false, true]) {
    const desk = new Desk(world, scopeOf(world.settings.account, livemode), { id: null, idempotency_key: null });
    const thing = desk.peek(id);
    if (thing === null) continue;
    const done = undertake(desk, () => happen(desk, thing));
    if (done.kind === "refused") throw done.problem;
    return done.value;
  }
  throw new Problem(404, `There is no object ${id}.`);
}
