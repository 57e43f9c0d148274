import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { AppError, type Clock, type Logger, MINUTE_MS } from "../platform/index.ts";
import type { ReportOrder } from "../reports/index.ts";

export interface ReportMaker {
  /** @throws AppError `unavailable` when too many wait, when it fails or takes too long, or `pdf_unavailable`. */
  make(order: ReportOrder): Promise<Buffer>;
  /** Ends what is being made. */
  stop(): Promise<void>;
}

/** Reading the buckets of years takes seconds; one at a time, so that they never take more than one core. */
const LIMIT_MS = 120_000;
const WAITING_MOST = 8;
const KEPT_MS = MINUTE_MS;
const KEPT_MOST = 12;
const OUTPUT_MOST = 32 * 1024 * 1024;

function argumentsOf({ asked, format, public: isPublic }: ReportOrder): string[] {
  const given = Object.entries({ "--from": asked.from, "--to": asked.to, "--period": asked.period, "--tz": asked.tz, "--compare": asked.compare });
  return ["--format", format, "--output", "-", ...(isPublic ? ["--public"] : []), ...given.flatMap(([name, value]) => (value === undefined ? [] : [name, value]))];
}

interface Ran {
  readonly done: Promise<Buffer>;
  kill(): void;
}

/** One run of the command, which is how a person would make the same report. */
function runCommand(order: ReportOrder): Ran {
  const main = fileURLToPath(new URL(`../cli/main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, "report", "enterprise", ...argumentsOf(order)], { stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT_MS, killSignal: "SIGKILL" });
  try {
    // Webhooks go first.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // Gone already, or not allowed: then it is as quick as everything else.
  }
  const done = new Promise<Buffer>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let [bytes, errors] = [0, ""];
    child.stdout.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > OUTPUT_MOST) child.kill("SIGKILL");
      else chunks.push(chunk);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      errors = `${errors}${chunk.toString()}`.slice(-4000);
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (code === 0) resolve(Buffer.concat(chunks));
      else reject(new Error(`the report's process ended with ${code ?? signal}: ${errors.trim()}`));
    });
  });
  return { done, kill: () => void child.kill("SIGKILL") };
}

/** Makes one now, in a process of its own; ended when the signal says so. */
export async function makeBeside(order: ReportOrder, signal: AbortSignal): Promise<Buffer> {
  const { done, kill } = runCommand(order);
  signal.addEventListener("abort", kill, { once: true });
  try {
    return await done;
  } finally {
    signal.removeEventListener("abort", kill);
  }
}

function failure(order: ReportOrder, error: unknown): AppError {
  const text = error instanceof Error ? error.message : String(error);
  const pdf = order.format === "pdf" ? /tillwatch: (.*Chromium.*)/.exec(text)?.[1] : undefined;
  if (pdf !== undefined) return new AppError("unavailable", pdf, { code: pdf.includes("none was found") ? "pdf_unavailable" : "pdf_failed", cause: error });
  return new AppError("unavailable", "the report could not be made; the log says why. Try again, or make it with `tillwatch report enterprise`", { code: "report_failed", cause: error });
}

/**
 * Makes reports in a process of their own, one after the other: reading a year holds a thread for seconds, and this one
 * takes webhooks. The same report asked for again within a minute, or while it is being made, is made once.
 */
export function reportMaker(clock: Clock, log: Logger, run: (order: ReportOrder) => Ran = runCommand): ReportMaker {
  const kept = new Map<string, { readonly madeAt: number; readonly made: Promise<Buffer> }>();
  let [last, waiting, stopped] = [Promise.resolve(), 0, false];
  let running: Ran | null = null;

  const begin = async (order: ReportOrder): Promise<Buffer> => {
    const before = last;
    const ended = Promise.withResolvers<void>();
    last = ended.promise;
    waiting += 1;
    try {
      await before;
      if (stopped) throw new AppError("unavailable", "the service is ending", { code: "stopping" });
      running = run(order);
      return await running.done;
    } catch (error) {
      if (error instanceof AppError) throw error;
      log.error({ error, format: order.format }, "a report could not be made");
      throw failure(order, error);
    } finally {
      running = null;
      waiting -= 1;
      ended.resolve();
    }
  };

  return {
    make: async (order) => {
      const nowMs = clock.now();
      const { from, to, period, tz, compare } = order.asked;
      const name = JSON.stringify([order.format, order.public, from, to, period, tz, compare]);
      for (const [key, { madeAt }] of kept) if (nowMs - madeAt >= KEPT_MS || nowMs < madeAt) kept.delete(key);
      const known = kept.get(name);
      if (known !== undefined) return await known.made;
      if (waiting > WAITING_MOST) throw new AppError("unavailable", "many reports are being made just now; try again in a minute", { code: "reports_busy" });
      const made = begin(order);
      kept.set(name, { madeAt: nowMs, made });
      const [oldest] = kept.keys();
      if (kept.size > KEPT_MOST && oldest !== undefined) kept.delete(oldest);
      // What failed is not kept: the next one may succeed.
      made.catch(() => kept.delete(name));
      return await made;
    },
    stop: async () => {
      stopped = true;
      running?.kill();
      await last.catch(() => {});
    },
  };
}
