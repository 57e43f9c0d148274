import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Access, entranceOf, requireEntrance, requireRole } from "../access/index.ts";
import { VALIDATION_SHAPE, type ValidationReport, validationRoutes } from "../health/index.ts";
import { AppError, type Clock, type Http, type Logger } from "../platform/index.ts";
import type { Config } from "./config.ts";

/** Longer than any question may take, shorter than a browser waits. */
const LIMIT_MS = 60_000;
const OUTPUT_MAX = 4 * 1024 * 1024;

/** Runs `tillwatch validate --json` in a process of its own: it reads the database at length, which nothing in this one may. */
async function runBeside(log: Logger): Promise<ValidationReport> {
  const main = fileURLToPath(new URL(`../cli/main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, "validate", "--json"], { stdio: ["ignore", "pipe", "pipe"], timeout: LIMIT_MS, killSignal: "SIGKILL" });
  let [output, trouble] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    if (output.length < OUTPUT_MAX) output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    trouble = `${trouble}${chunk.toString()}`.slice(-2000);
  });
  await new Promise<void>((resolve) => {
    child.once("error", () => resolve());
    child.once("close", () => resolve());
  });
  const read = VALIDATION_SHAPE.safeParse(parsed(output));
  if (read.success) return read.data;
  log.error({ code: child.exitCode, trouble }, "the validation gave no report");
  throw new AppError("unavailable", "the validation gave no report; the log says why, and `tillwatch validate` shows it on a terminal", { code: "validation_failed" });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The report, found out anew when it is too old; one process at a time, whoever asks. */
function validateBeside(log: Logger, clock: Clock): (maxAgeMs: number) => Promise<ValidationReport> {
  let last: { at: number; report: ValidationReport } | null = null;
  let asking: Promise<ValidationReport> | null = null;
  return async (maxAgeMs) => {
    const age = last === null ? Number.POSITIVE_INFINITY : clock.now() - last.at;
    if (last !== null && age >= 0 && age < maxAgeMs) return last.report;
    asking ??= runBeside(log).finally(() => {
      asking = null;
    });
    const report = await asking;
    last = { at: clock.now(), report };
    return report;
  };
}

/** `/api/validation`, and its page: behind a key, and where that is configured or a link was signed, in totals without one. */
export function mountValidation(http: Http, { access, config, clock, log }: { access: Access; config: Pick<Config, "reports">; clock: Clock; log: Logger }): void {
  validationRoutes(http, {
    viewer: requireRole(access, "viewer"),
    entrance: requireEntrance({ access, page: "validation", role: "viewer", isPublic: config.reports.public }),
    audience: (request) => (entranceOf(request).kind === "key" ? "key" : "public"),
    report: validateBeside(log, clock),
  });
}
