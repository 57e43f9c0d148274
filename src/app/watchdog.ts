import type { CheckState, HealthCheck } from "../health/index.ts";
import { AppError, askOutside, type Clock, type Database, MINUTE_MS, type Secret } from "../platform/index.ts";
import type { TaskDefinition } from "../tasks/index.ts";
import { writePulse } from "./pulse.ts";

/** What must be well for the outside to be told so. Each is a health check; those that are not there are not asked. */
const VITAL = ["database", "evaluator", "notify_outbox", "scheduler", "ingest", "sweep"];

export interface WatchdogSettings {
  /** Null: nobody watches from outside. */
  readonly url: Secret | null;
  /** Put behind the address when something is not well; null: then nothing is sent, and the silence tells. */
  readonly failSuffix: string | null;
  readonly allowPrivate: boolean;
}

interface Vital {
  readonly name: string;
  readonly state: CheckState;
  readonly text: string;
}

async function look(check: HealthCheck): Promise<Vital> {
  const told = (state: CheckState, text: string): Vital => ({ name: check.name, state, text: `${check.name}: ${text}` });
  const { promise, resolve } = Promise.withResolvers<Vital>();
  const timer = setTimeout(() => resolve(told("down", `no answer within ${check.timeoutMs} ms`)), check.timeoutMs);
  const asked = Promise.try(() => check.run(AbortSignal.timeout(check.timeoutMs))).then(
    ({ state, figure }) => told(state, String(figure ?? state)),
    () => told("down", "could not be looked at"),
  );
  return await Promise.race([asked, promise]).finally(() => clearTimeout(timer));
}

/** Not well is degraded too: who watches from outside is told before it is too late. What was never seen yet (no delivery so far) is no fault. */
function unwell(vitals: readonly Vital[]): Vital[] {
  return vitals.filter(({ state }) => state === "degraded" || state === "down");
}

const TIMEOUT_MS = 10_000;

/**
 * Tells somebody outside (a healthchecks.io-style address) every minute that all is well here, or that it is not: when
 * Tillwatch dies, its silence is noticed by another. The database is proven by writing to it.
 */
export function watchdogTask(db: Database, clock: Clock, { url, failSuffix, allowPrivate }: WatchdogSettings, checks: () => readonly HealthCheck[]): TaskDefinition {
  return {
    name: "watchdog",
    description: "Tells a watchdog outside that alerts are judged, notices go out, the database takes writes and events arrive",
    schedule: { kind: "every", everyMs: MINUTE_MS },
    // A ping for a time that has passed says nothing.
    missed: "skip",
    graceMs: MINUTE_MS,
    timeLimitMs: MINUTE_MS,
    enabled: url !== null,
    run: async () => {
      if (url === null) return { skipped: "WATCHDOG_URL is not set" };
      const written = await db.write((tx) => writePulse(tx, "watchdog", clock.now())).then(
        () => null,
        (): Vital => ({ name: "write", state: "down", text: "the database takes no writes" }),
      );
      const vitals = await Promise.all(checks().filter(({ name }) => VITAL.includes(name)).map(look));
      const bad = unwell(written === null ? vitals : [written, ...vitals]);
      const reasons = bad.map(({ text }) => text);
      if (bad.length > 0 && failSuffix === null) return { sent: "nothing", reasons };
      const address = `${url.reveal().replace(/\/+$/, "")}${bad.length > 0 ? failSuffix : ""}`;
      const body = bad.length > 0 ? reasons.join("\n") : `all is well: ${vitals.map(({ text }) => text).join("; ")}`;
      const answered = await askOutside({ method: "POST", url: address, headers: { "content-type": "text/plain; charset=utf-8" }, body, timeoutMs: TIMEOUT_MS, allowPrivate });
      if (answered.kind !== "answered") throw new AppError("upstream", `the watchdog was not reached: ${answered.reason}`, { code: "watchdog_unreachable" });
      if (answered.status < 200 || answered.status > 299) throw new AppError("upstream", `the watchdog answered ${answered.status}; is its address (WATCHDOG_URL) still right?`, { code: "watchdog_refused" });
      return { sent: bad.length > 0 ? "fail" : "success", reasons };
    },
  };
}
