import type { Clock } from "../platform/index.ts";
import { type CheckResult, type CheckState, type HealthCheck, type HealthStatus, overall } from "./check.ts";
import { noMemory, plausible, type SinceMemory } from "./since.ts";

/** What one check found. */
interface Finding extends CheckResult {
  sinceMs: number;
}

export interface Examination {
  at: number;
  status: HealthStatus;
  /** No essential check is down. */
  ready: boolean;
  checks: Readonly<Record<string, Finding>>;
}

export interface ExaminerOptions {
  checks: readonly HealthCheck[];
  clock: Clock;
  /** Told when a check throws. */
  onError(error: unknown, check: string): void;
  /** A signal that aborts after so many milliseconds. */
  timeout?: (ms: number) => AbortSignal;
  /** Since when checks are in their states, beyond this process; none when left out. */
  memory?: SinceMemory;
}

export interface Examiner {
  /** Asks all checks at once, each within its own time; who asks within a second of the last time gets that answer. */
  examine(): Promise<Examination>;
}

const FRESH_MS = 1000;
const MEMORY_MS = 1000;
const SILENT = Symbol("silent");

export function createExaminer(options: ExaminerOptions): Examiner {
  const { checks, clock } = options;
  const timeout = options.timeout ?? ((ms) => AbortSignal.timeout(ms));
  const pending = new Set<string>();
  const seen = new Map<string, { state: CheckState; sinceMs: number }>();
  const changed: { name: string; state: CheckState; sinceMs: number }[] = [];
  let last: { at: number; examination: Promise<Examination> } | null = null;
  const memory = options.memory ?? noMemory;
  let remembered = false;

  const ask = async (check: HealthCheck): Promise<CheckResult> => {
    // One that hangs is not asked again until it has answered: hung calls would pile up behind what is down.
    if (pending.has(check.name)) return silent(check, "it has not answered yet from the last time");
    pending.add(check.name);
    const signal = timeout(check.timeoutMs);
    const answer = Promise.try(() => check.run(signal)).finally(() => pending.delete(check.name));
    try {
      const result = await Promise.race([answer, aborted(signal)]);
      if (result !== SILENT) return result;
      answer.catch(() => {});
      return silent(check, `no answer within ${check.timeoutMs} ms`);
    } catch (error) {
      if (signal.aborted) return silent(check, `no answer within ${check.timeoutMs} ms`);
      options.onError(error, check.name);
      return silent(check, "the check itself failed; the log says why");
    }
  };

  const find = async (check: HealthCheck): Promise<[string, Finding]> => {
    const result = await ask(check);
    const before = seen.get(check.name);
    const sinceMs = result.sinceMs ?? (before?.state === result.state ? plausible(before.sinceMs, clock) : clock.now());
    seen.set(check.name, { state: result.state, sinceMs });
    if (before?.state !== result.state) changed.push({ name: check.name, state: result.state, sinceMs });
    return [check.name, { ...result, sinceMs }];
  };

  /** The database may be away: the answer waits for neither reading nor writing what is remembered. */
  const remember = async (): Promise<void> => {
    try {
      if (!remembered) {
        for (const [name, state] of await memory.known()) if (!seen.has(name)) seen.set(name, state);
        remembered = true;
      }
    } catch (error) {
      options.onError(error, "since");
    }
  };

  const keep = (): void => {
    const changes = changed.splice(0);
    // What cannot be kept is seen anew after a restart.
    memory.keep(changes).catch((error: unknown) => options.onError(error, "since"));
  };

  const examineNow = async (at: number): Promise<Examination> => {
    if (!remembered) await Promise.race([remember(), aborted(timeout(MEMORY_MS))]);
    const found = await Promise.all(checks.map(find));
    keep();
    const byName = Object.fromEntries(found);
    const ready = checks.every((check) => check.essential !== true || byName[check.name]?.state !== "down");
    return { at, status: overall(found.map(([, finding]) => finding.state)), ready, checks: byName };
  };

  return {
    examine: async () => {
      const now = clock.now();
      if (last === null || now < last.at || now - last.at >= FRESH_MS) last = { at: now, examination: examineNow(now) };
      return await last.examination;
    },
  };
}

function silent(check: HealthCheck, todo: string): CheckResult {
  return { state: check.whenSilent ?? "unknown", todo };
}

async function aborted(signal: AbortSignal): Promise<typeof SILENT> {
  if (signal.aborted) return SILENT;
  const { promise, resolve } = Promise.withResolvers<typeof SILENT>();
  signal.addEventListener("abort", () => resolve(SILENT), { once: true });
  return await promise;
}
