import { statfs } from "node:fs/promises";
import { basename } from "node:path";
import { sql } from "kysely";
import type { CheckResult, HealthCheck } from "../health/index.ts";
import { IMPORT_ENDPOINT, quarantined, tailStatus } from "../ingest/index.ts";
import { lastDeliveryAt } from "../ledger/index.ts";
import { countOpen } from "../operations/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import { judgeTask, readTaskStatuses, type TaskDefinition } from "../tasks/index.ts";
import { backupChecks } from "./backup.ts";
import type { Config } from "./config.ts";
import { DERIVE, deriveBacklog } from "./derive.ts";
import { forwardChecks } from "./forward.ts";
import { guardChecks } from "./guard.ts";
import { evaluatorCheck } from "./pulse.ts";
import { pricingChecks } from "./pricing.ts";
import { notifyAlertingChecks, notifyChecks } from "./notify.ts";
import { clockCheck, stripeCheck, type StripeLook } from "./stripe-checks.ts";
import { sweepChecks } from "./sweep.ts";
import { tailPaths } from "./tail.ts";

/** The service writes a sign of life every five seconds. */
const UNWRITTEN_MS = 20_000;

interface CheckParts {
  /** When this process last wrote something, ms UTC; left out by a command. */
  readonly writtenAt?: () => number;
  readonly db: Database;
  readonly config: Config;
  readonly clock: Clock;
  readonly tasks: readonly TaskDefinition[];
  /** Asks Stripe itself; left out: only what the sweep heard. */
  readonly stripe?: StripeLook;
}

const GIB = 1024 ** 3;
const HOUR = 3_600_000;

function database({ db, clock, writtenAt }: CheckParts): HealthCheck {
  return {
    name: "database",
    timeoutMs: 3000,
    whenSilent: "down",
    essential: true,
    run: async () => {
      await sql`select 1`.execute(db.read);
      const silentMs = writtenAt === undefined ? 0 : clock.now() - writtenAt();
      if (silentMs > UNWRITTEN_MS) return { state: "down", figure: `nothing could be written for ${Math.round(silentMs / 1000)} s`, todo: "deliveries are refused; is the disk full, the file read-only, the server out of space? The log says what the database answered" };
      return { state: "ok", figure: db.kind };
    },
  };
}

function disk({ config }: CheckParts): HealthCheck {
  return {
    name: "disk",
    timeoutMs: 2000,
    run: async () => {
      const { bavail, bsize, blocks } = await statfs(config.dataDir);
      const free = bavail * bsize;
      const share = blocks === 0 ? 1 : bavail / blocks;
      const figure = `${(free / GIB).toFixed(1)} GiB free`;
      if (free < GIB / 4) return { state: "down", figure, todo: `free space on the disk of ${config.dataDir}: events can soon not be stored` };
      if (share < 0.05 || free < GIB) return { state: "degraded", figure, todo: `less than 1 GiB or 5 % is left on the disk of ${config.dataDir}; free space, or keep less (retention)` };
      return { state: "ok", figure };
    },
  };
}

/** How long (ms) the oldest event that waits has waited; by the cursor's last move, when that is later. */
async function waitingFor(db: Database, nowMs: number): Promise<number> {
  const cursor = await db.read.selectFrom("consumer").select(["seq", "updated_at"]).where("name", "=", DERIVE).executeTakeFirst();
  const oldest = await db.read.selectFrom("event").select("received_at").where("seq", ">", cursor?.seq ?? 0).orderBy("seq").limit(1).executeTakeFirst();
  return oldest === undefined ? 0 : nowMs - Math.max(oldest.received_at, cursor?.updated_at ?? 0);
}

function derivation({ db, clock }: CheckParts): HealthCheck {
  return {
    name: "processing",
    timeoutMs: 3000,
    run: async () => {
      const backlog = await deriveBacklog(db.read);
      const failed = (await db.read.selectFrom("event_failure").select(({ fn }) => fn.countAll<number>().as("n")).executeTakeFirst())?.n ?? 0;
      const figure = `${backlog} events waiting, ${failed} set aside`;
      const waitingMs = backlog > 0 ? await waitingFor(db, clock.now()) : 0;
      if (waitingMs > 10 * 60_000) return { state: "down", figure, todo: `nothing has been derived for ${Math.round(waitingMs / 60_000)} minutes; the log says what fails` };
      if (waitingMs > 60_000) return { state: "degraded", figure, todo: "events wait to be derived from; if this lasts, the log says what fails" };
      if (backlog > 20_000) return { state: "degraded", figure, todo: "figures are behind the events; if this lasts, look into the log for what fails" };
      if (failed > 0) return { state: "degraded", figure, todo: "see GET /api/payments/events?status=failed; after an update they are tried again by `tillwatch events retry`" };
      return { state: "ok", figure };
    },
  };
}

function ingest({ db, clock }: CheckParts): HealthCheck {
  return {
    name: "ingest",
    timeoutMs: 3000,
    run: async () => {
      const last = await lastDeliveryAt(db.read, IMPORT_ENDPOINT);
      if (last === null) return { state: "unknown", figure: "no delivery yet", todo: "register <this address>/webhooks/stripe at Stripe and set STRIPE_WEBHOOK_SECRET; see the README" };
      const hours = (clock.now() - last) / HOUR;
      const figure = `last delivery ${Math.round((clock.now() - last) / 1000)} s ago`;
      if (hours > 24) return { state: "degraded", figure, sinceMs: last, todo: "nothing has come for a day; see at Stripe whether the endpoint is still enabled" };
      return { state: "ok", figure };
    },
  };
}

/** Files of another application that are followed; none, no check. */
function followed({ db, config }: CheckParts): HealthCheck[] {
  return tailPaths(config).map((path) => ({
    name: `tail_${basename(path)}`,
    timeoutMs: 3000,
    run: async () => {
      const status = await tailStatus(db.read, path);
      const figure = `${status.taken} lines taken, ${status.bad} bad, ${status.behind ?? "?"} bytes behind`;
      if (!status.there) return { state: "degraded", figure, todo: `${path} is not there; see whether the other application writes it, or take it out of ingest.tail` };
      if ((status.behind ?? 0) > 16 * 1024 * 1024) return { state: "degraded", figure, todo: "reading is behind the other application's writing; if this lasts, look into the log" };
      if (status.bad > 0) return { state: "ok", figure: `${figure}; last bad: line ${status.lastBad?.line ?? "?"}, ${status.lastBad?.reason ?? ""}` };
      return { state: "ok", figure };
    },
  }));
}

/** Rejected deliveries that look signed: forgeries, or a secret that is wrong here. */
function quarantine({ db }: CheckParts): HealthCheck {
  return {
    name: "quarantine",
    timeoutMs: 3000,
    run: async () => ({ state: "ok", figure: `${await quarantined(db.read)} rejected deliveries kept; what is authentic is taken once STRIPE_WEBHOOK_SECRET or the clock is right` }),
  };
}

function scheduler(parts: CheckParts): HealthCheck {
  return {
    name: "scheduler",
    timeoutMs: 3000,
    run: async () => {
      const statuses = await readTaskStatuses(parts.db, parts.tasks, parts.clock.now());
      const lagMs = Math.max(0, ...statuses.map((status) => status.overdueMs));
      const figure = `${Math.round(lagMs / 1000)} s behind`;
      if (lagMs > 10 * 60_000) return { state: "down", figure, todo: "due tasks are not begun; restart the service and look into its log" };
      if (lagMs > 2 * 60_000) return { state: "degraded", figure, todo: "due tasks are begun late; the machine may be overloaded" };
      return { state: "ok", figure };
    },
  };
}

function taskCheck(parts: CheckParts, task: TaskDefinition): HealthCheck {
  return {
    name: `task_${task.name}`,
    timeoutMs: 3000,
    run: async (): Promise<CheckResult> => {
      const [status] = await readTaskStatuses(parts.db, [task], parts.clock.now());
      return status === undefined ? { state: "unknown", figure: "has not run yet" } : judgeTask(status);
    },
  };
}

function operations({ db, clock }: CheckParts): HealthCheck {
  return {
    name: "operations",
    timeoutMs: 3000,
    run: async () => {
      const { unresolved, unconfirmed, awaiting } = await countOpen(db.read, clock.now());
      const figure = `${unresolved} unresolved, ${unconfirmed} unconfirmed, ${awaiting} awaiting approval`;
      if (unresolved > 0) return { state: "degraded", figure, todo: "Stripe has not said what became of them; they are asked about again by themselves, see GET /api/operations?state=sending" };
      if (unconfirmed > 0) return { state: "degraded", figure, todo: "done at Stripe, but no event told of it for 10 minutes; see whether webhooks arrive, and GET /api/operations?state=submitted" };
      return { state: "ok", figure };
    },
  };
}

/** Checks of which a person is told by an alert, not only by a page. */
export function alertingChecks(parts: Omit<CheckParts, "tasks">): HealthCheck[] {
  const all = { ...parts, tasks: [] };
  return [...sweepChecks(all), ...guardChecks(all), ...forwardChecks(all), ...backupChecks(all), evaluatorCheck(all), operations(all), ...pricingChecks(all), ...notifyAlertingChecks(all)];
}

/** What `/api/system-health` and `tillwatch health` look at. */
export function healthChecks(parts: CheckParts): HealthCheck[] {
  return [database(parts), disk(parts), derivation(parts), ingest(parts), quarantine(parts), ...followed(parts), ...sweepChecks(parts), ...guardChecks(parts), ...forwardChecks(parts), ...backupChecks(parts), scheduler(parts), evaluatorCheck(parts), stripeCheck(parts), ...(parts.config.ingest.sweep ? [] : [clockCheck(parts)]), operations(parts), ...pricingChecks(parts), ...notifyChecks(parts), ...parts.tasks.filter((task) => task.enabled !== false).map((task) => taskCheck(parts, task))];
}
