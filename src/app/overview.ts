import { z } from "zod";
import { listAlerts } from "../alerts/index.ts";
import { listOperations } from "../operations/index.ts";
import { type Clock, type Database, type Guard, type Http, noQuery, type Tx } from "../platform/index.ts";
import type { Config } from "./config.ts";

const WANTS_SHAPE = z.object({ alerts: z.number().describe("Alerts that fire"), approvals: z.number().describe("Operations that wait for a second person") });

/** Counts up to here: more is told as this. */
const MOST = 100;

async function readWants(tx: Tx): Promise<z.output<typeof WANTS_SHAPE>> {
  const open = await listAlerts(tx, { state: "open" }, MOST, null);
  const waiting = await listOperations(tx, { state: "awaiting_approval", limit: MOST });
  return { alerts: open.alerts.filter(({ state }) => state === "firing").length, approvals: waiting.operations.length };
}

export interface OverviewRoutes {
  readonly db: Database;
  readonly config: Config;
  readonly clock: Clock;
  readonly viewer: Guard;
}

/** `/api/wants`: what waits for a person. */
export function overviewRoutes(http: Http, { db, viewer }: OverviewRoutes): void {
  http.get(
    "/api/wants",
    { onRequest: viewer, schema: { summary: "How many things wait for a person", tags: ["service"], querystring: noQuery, response: { 200: z.object({ ok: z.literal(true), data: WANTS_SHAPE }) } } },
    async () => ({ ok: true as const, data: await readWants(db.read) }),
  );
}
