import { z } from "zod";
import type { HandedRule } from "../alerts/index.ts";
import type { HealthCheck } from "../health/index.ts";
import { beginDrill, DRILL_RULE, drillTrouble, followDrill, listDrills, showDrill } from "../notify/index.ts";
import { type Clock, type Database, errorText, type Http, isoSeconds, limitField, type Logger, MINUTE_MS } from "../platform/index.ts";
import { readRuns, type TaskDefinition } from "../tasks/index.ts";
import type { Config } from "./config.ts";
import { derivedUpTo, drillSender } from "./drill-event.ts";
import type { AskerParts } from "./notify.ts";

const POLL_MS = 250;
export const pauseMs = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, POLL_MS));

const TASK = "alert_drill";

/** Fires when the event of a drill has come and everything before it is derived from; ends at once with the drill. */
export function drillRule(db: Database): HandedRule {
  return {
    name: DRILL_RULE,
    life: { pendingMs: 0, recoveryMs: 0 },
    drill: true,
    subject: "drill",
    title: "Drill: nothing is wrong",
    todo: ["Nothing but to acknowledge, if you were asked to: this shows that alerts arrive."],
    judge: async (nowMs) => {
      const drill = await drillTrouble(db.read, nowMs);
      if (drill === null || !(await derivedUpTo(db, drill.eventSeq))) return { value: 0, summary: "The drill is over; nothing was wrong", verdict: { kind: "ok" } };
      return { value: 1, summary: `A made-up alert, asked for by ${drill.askedBy}, to see that a real one would arrive`, verdict: { kind: "breach", severity: drill.severity } };
    },
  };
}

/** The weekly drill; off until `tasks.alert_drill.enabled: on`, since it calls people. */
export function drillTask(db: Database, config: Config, clock: Clock): TaskDefinition {
  return {
    name: TASK,
    description: "Sends a made-up event through endpoint, rule, route and channels, and keeps how long each took",
    schedule: { kind: "cron", cron: "0 10 * * 2", timeZone: config.merchant.timeZone },
    enabled: false,
    missed: "skip",
    graceMs: 60 * MINUTE_MS,
    timeLimitMs: 10 * MINUTE_MS,
    // By the check of the same name, which tells of drills that people begin too.
    failuresToldElsewhere: true,
    run: async () => {
      const drill = await beginDrill({ db, clock }, { askedBy: "the schedule", cause: "schedule", severity: "CRITICAL", acknowledge: false });
      const { outcome, hops } = await followDrill({ db, clock }, drill, { send: drillSender({ db, clock, publicUrl: config.server.publicUrl }), withinMs: 3 * MINUTE_MS, pause: pauseMs });
      if (outcome !== "passed") throw new Error(`the alert drill failed: ${hops.filter(({ ok }) => !ok).map(({ hop, words }) => `${hop}: ${words}`).join("; ")}`);
      return { drill: drill.id, hops: hops.length };
    },
  };
}

/** Nobody follows a drill for longer; it was left by a process that died. */
const LEFT_MS = 31 * MINUTE_MS;

/** The newest drill: a failed one, one that never ended, and one that was due and not held. */
export function drillCheck({ db, clock }: { readonly db: Database; readonly clock: Clock }): HealthCheck {
  return {
    name: TASK,
    timeoutMs: 3000,
    run: async () => {
      const again = "hold another: tillwatch drill alerts";
      const [last] = await listDrills(db.read, 1);
      const [run] = await readRuns(db.read, TASK, { limit: 1 });
      if (run?.outcome === "skipped" && (last === undefined || last.startedAt < run.dueAt)) return { state: "degraded", figure: `the drill due at ${isoSeconds(run.dueAt)} was not held: no service was running`, sinceMs: run.dueAt, todo: again };
      if (last === undefined) return { state: "ok", figure: "none was held yet" };
      const when = isoSeconds(last.startedAt);
      if (last.outcome === "passed") return { state: "ok", figure: `drill ${last.id} passed at ${when}` };
      if (last.outcome === "failed") return { state: "degraded", figure: `drill ${last.id} failed at ${when}: ${last.hops.filter(({ ok }) => !ok).map(({ hop, words }) => `${hop}: ${words}`).join("; ") || "it was never followed to its end"}`, sinceMs: last.startedAt, todo: `a real alert may not arrive either: mend what failed, then ${again}` };
      if (clock.now() - last.startedAt > LEFT_MS) return { state: "degraded", figure: `drill ${last.id} of ${when} never ended: the process that followed it is gone`, sinceMs: last.startedAt, todo: again };
      return { state: "ok", figure: `drill ${last.id} is under way since ${when}` };
    },
  };
}

const DRILL = z.object({
  id: z.number(),
  outcome: z.enum(["running", "ending", "passed", "failed"]),
  cause: z.enum(["manual", "schedule"]),
  asked_by: z.string(),
  severity: z.enum(["WARNING", "CRITICAL"]),
  acknowledge: z.boolean(),
  alert: z.number().nullable(),
  started_at: z.string(),
  finished_at: z.string().nullable(),
  hops: z.array(z.object({ hop: z.string(), ok: z.boolean(), latency_ms: z.number().nullable(), words: z.string() })),
});

/** `/api/drills/alerts`: begin one, and those there were. */
export function drillRoutes(http: Http, { db, clock, log, publicUrl, viewer, operator, who, record }: AskerParts & { readonly db: Database; readonly clock: Clock; readonly log: Logger; readonly publicUrl: string | null }): void {
  const OK = z.literal(true);
  http.get(
    "/api/drills/alerts",
    { onRequest: viewer, schema: { summary: "Alert drills, newest first, with the latency of each hop", tags: ["drills"], querystring: z.strictObject({ limit: limitField({ absent: 20, most: 100 }) }), response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(DRILL) }) } } },
    async (request) => {
      const data = (await listDrills(db.read, request.query.limit)).map(showDrill);
      return { ok: true as const, count: data.length, data };
    },
  );
  const body = z.strictObject({ severity: z.enum(["WARNING", "CRITICAL"]).default("CRITICAL"), acknowledge: z.boolean().default(false).describe("Wait up to 10 minutes for somebody to acknowledge") });
  http.post("/api/drills/alerts", { onRequest: operator, schema: { summary: "Begin an alert drill; it goes on after the answer", tags: ["drills"], body, response: { 202: z.object({ ok: OK, data: DRILL }) } } }, async (request, reply) => {
    const drill = await beginDrill({ db, clock }, { askedBy: who(request), cause: "manual", ...request.body });
    await db.write((tx) => record(tx, request, "drill.alerts", String(drill.id), { ...request.body }));
    followDrill({ db, clock }, drill, { send: drillSender({ db, clock, publicUrl }), withinMs: (request.body.acknowledge ? 10 : 2) * MINUTE_MS, pause: pauseMs }).catch((error: unknown) => log.error({ error: errorText(error) }, "the alert drill could not be followed"));
    return await reply.code(202).send({ ok: true as const, data: showDrill(drill) });
  });
}
