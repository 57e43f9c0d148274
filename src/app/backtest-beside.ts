import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BACKTEST_SHAPE, type ShownBacktest, type TrialAsked } from "../alerts/index.ts";
import { AppError } from "../platform/index.ts";

/** A month of minutes takes seconds; what takes longer is broken off. */
const LONGEST_MS = 110_000;
const MOST_OUTPUT = 32 * 1024 * 1024;

function flags({ days, sensitivity, dip, webhook_failures_5m, payment_error_rate_1h, revenue_change_dod }: TrialAsked): string[] {
  const given = { days, sensitivity, drop: dip === undefined ? undefined : dip * 100, "webhook-failures": webhook_failures_5m, "payment-error-rate": payment_error_rate_1h, "revenue-change": revenue_change_dod };
  // `--name=value`, since a value may begin with a minus.
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
}

/**
 * Tries a rule set on the stored history in a process of its own: it reads a month of minutes and judges each, which no
 * thread that serves may do. One at a time.
 *
 * @throws AppError `rate_limited` while another runs, `unavailable` when it does not end well.
 */
export function backtestBeside(): (asked: TrialAsked) => Promise<ShownBacktest> {
  const main = fileURLToPath(new URL(`../cli/main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));
  let running = false;
  return async (asked) => {
    if (running) throw new AppError("rate_limited", "a backtest is running already; try again when it has ended", { code: "backtest_running" });
    running = true;
    try {
      return await new Promise<ShownBacktest>((resolve, reject) => {
        const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, "alerts", "backtest", "--json", ...flags(asked)], { stdio: ["ignore", "pipe", "pipe"], timeout: LONGEST_MS });
        let output = "";
        let trouble = "";
        child.stdout.on("data", (chunk: Buffer) => {
          output += chunk.toString();
          if (output.length > MOST_OUTPUT) child.kill();
        });
        child.stderr.on("data", (chunk: Buffer) => {
          trouble = `${trouble}${chunk.toString()}`.slice(-500);
        });
        child.once("error", reject);
        child.once("close", (code, signal) => {
          if (code !== 0) {
            reject(new AppError("unavailable", signal === null ? `the backtest ended with code ${code}` : `the backtest took longer than ${LONGEST_MS / 1000} s; ask for fewer days`, { code: "backtest_failed", cause: new Error(trouble) }));
            return;
          }
          try {
            resolve(BACKTEST_SHAPE.parse((JSON.parse(output) as { data: unknown }).data));
          } catch (error) {
            reject(new AppError("internal", "the backtest gave no result", { cause: error }));
          }
        });
      });
    } finally {
      running = false;
    }
  };
}
