import { writeFile } from "node:fs/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { alertLine, backtest, type BacktestAlert, type BacktestResult } from "../alerts/detection/backtest.ts";
import type { Sensitivity } from "../alerts/detection/index.ts";
import type { ServiceContext } from "./context.ts";
import { table } from "./table.ts";

const SENSITIVITIES = ["calm", "normal", "eager"] as const;
/** Milliseconds before a progress bar is worth showing. */
const PATIENCE_MS = 1000;
const BAR_WIDTH = 30;
const SECONDS_A_MONTH = 30 * 86_400;

interface FileOptions {
  buckets: string;
  meta: string;
  slices?: string;
  out?: string;
  sensitivity: Sensitivity;
  drop?: number;
  compare?: boolean;
  json?: boolean;
}

interface Options extends Omit<FileOptions, "buckets" | "meta" | "sensitivity"> {
  buckets?: string;
  meta?: string;
  sensitivity?: Sensitivity;
  days?: number;
  rules?: string;
  webhookFailures?: number;
  paymentErrorRate?: number;
  revenueChange?: number;
}

function number(least: number, most: number) {
  return (text: string): number => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || value < least || value > most) throw new InvalidArgumentError(`Expected a number from ${least} to ${most}.`);
    return value;
  };
}

function days(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text) || Number(text) > 400) throw new InvalidArgumentError("Expected a whole number of days from 1 to 400.");
  return Number(text);
}

/** `tillwatch alerts backtest`: what would have fired on the stored history, or on files of minute buckets (which needs no database). */
export function backtestCommand(context: ServiceContext): Command {
  return new Command("backtest")
    .description("replay minute buckets through the detection: what would have fired, when, for how long")
    .option("--days <n>", "judge so many days of the stored history", days)
    .option("--rules <file>", "a tillwatch.yaml whose alerts section is tried instead of the configured one; with --days")
    .option("--webhook-failures <n>", "try this limit for failures in 5 minutes; with --days", number(0, 1_000_000))
    .option("--payment-error-rate <share>", "try this limit for failed payments in an hour, 0.05 is 5 %; with --days", number(0, 1))
    .option("--revenue-change <share>", "try this limit for revenue day over day, -0.3 is 30 % less; with --days", number(-1, 0))
    .option("--buckets <file>", "instead of the stored history: JSON lines, one a UTC minute, none missing")
    .option("--meta <file>", "JSON: timezone, currency, eval_from, calendar")
    .option("--slices <file>", "JSON lines: attempts and failures by card brand, country, ...")
    .option("--out <file>", "write the alerts as JSON lines (default: stdout)")
    .addOption(new Option("--sensitivity <word>", "how many false alarms to risk").choices(SENSITIVITIES))
    .option("--drop <percent>", "volume missing that counts as a dip, in percent (default: 30)", percent)
    .option("--compare", "run every sensitivity and print how often each would have fired; writes no alerts")
    .option("--json", "print one JSON document; with files it needs --out or --compare")
    .addHelpText(
      "after",
      "\nExample:\n  $ tillwatch alerts backtest --days 60\n  $ tillwatch alerts backtest --days 30 --payment-error-rate 0.08 --json\n  $ tillwatch alerts backtest --buckets minutes.jsonl --meta store.json --slices slices.jsonl --out alerts.jsonl\n  $ tillwatch alerts backtest --buckets minutes.jsonl --meta store.json --compare",
    )
    .action(async (options: Options, command: Command) => {
      const { buckets, meta, days: back } = options;
      if (back !== undefined) {
        if (buckets !== undefined || meta !== undefined) command.error("error: --days judges the stored history; leave out --buckets and --meta, or --days");
        const { backtestHistory } = await import("./alerts-backtest-stored.ts");
        await backtestHistory(context, { ...options, days: back });
        return;
      }
      if (buckets === undefined || meta === undefined) command.error("error: give --days N for the stored history, or --buckets FILE and --meta FILE");
      const files: FileOptions = { ...options, buckets: buckets ?? "", meta: meta ?? "", sensitivity: options.sensitivity ?? "normal" };
      if (files.json === true && files.out === undefined && files.compare !== true) command.error("error: --json prints the summary on stdout, so the alerts need --out FILE");
      if (files.compare === true) await compare(files);
      else await replay(files);
    });
}

async function replay(options: FileOptions): Promise<void> {
  const result = await run(options, options.sensitivity);
  const lines = result.alerts.map(alertLine).join("");
  if (options.out === undefined) process.stdout.write(lines);
  else await writeFile(options.out, lines);
  if (options.json === true) process.stdout.write(`${JSON.stringify(summary(result, options.sensitivity))}\n`);
  else if (options.out !== undefined) process.stdout.write(`${describe(result)}\n`);
}

async function compare(options: FileOptions): Promise<void> {
  const summaries = [];
  for (const sensitivity of SENSITIVITIES) summaries.push(summary(await run(options, sensitivity), sensitivity));
  if (options.json === true) process.stdout.write(`${JSON.stringify(summaries)}\n`);
  else {
    process.stdout.write(`${table(["SENSITIVITY", "ALERTS", "A MONTH", "HOURS OPEN", "AT STAKE"], summaries.map((one) => [one.sensitivity, one.alerts, one.alerts_a_month, one.hours_open, one.loss_minor === 0 ? null : `${one.currency} ${(one.loss_minor / 100).toFixed(0)}`]))}\n`);
  }
}

/** Alerts before `eval_from` belong to the time of learning. */
const counted = ({ alerts, evalFrom }: BacktestResult): readonly BacktestAlert[] => alerts.filter((alert) => alert.fired_at >= (evalFrom ?? 0));

function summary(result: BacktestResult, sensitivity: Sensitivity) {
  const alerts = counted(result);
  const seconds = result.minutes * 60;
  const open = alerts.reduce((sum, alert) => sum + (alert.resolved_at === null ? 0 : alert.resolved_at - alert.fired_at), 0);
  const byMetric: Record<string, number> = {};
  for (const { metric } of alerts) byMetric[metric] = (byMetric[metric] ?? 0) + 1;
  return {
    store_id: result.storeId, currency: result.currency, sensitivity, minutes: result.minutes, alerts: alerts.length,
    alerts_a_month: Math.round((alerts.length / seconds) * SECONDS_A_MONTH * 100) / 100, hours_open: Math.round(open / 360) / 10,
    loss_minor: alerts.reduce((sum, alert) => sum + (alert.loss_minor ?? 0), 0), by_metric: byMetric,
  };
}

function describe(result: BacktestResult): string {
  const alerts = counted(result);
  if (alerts.length === 0) return `${result.minutes} minutes: nothing would have fired.`;
  const time = (seconds: number): string => new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
  const rows = alerts.map((alert) => [time(alert.fired_at), alert.metric, alert.severity, alert.resolved_at === null ? "open" : `${Math.round((alert.resolved_at - alert.fired_at) / 60)} min`, alert.why]);
  return `${result.minutes} minutes: ${alerts.length} alert(s).\n\n${table(["FIRED (UTC)", "METRIC", "SEVERITY", "FOR", "WHY"], rows)}`;
}

async function run(options: FileOptions, sensitivity: Sensitivity): Promise<BacktestResult> {
  const progress = progressBar();
  try {
    return await backtest({
      bucketsFile: options.buckets, metaFile: options.meta, sensitivity, onProgress: progress.show,
      ...(options.slices === undefined ? {} : { slicesFile: options.slices }), ...(options.drop === undefined ? {} : { drop: options.drop }),
    });
  } finally {
    progress.clear();
  }
}

function percent(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 5 || value > 90) throw new InvalidArgumentError("Expected percent between 5 and 90.");
  return value / 100;
}

/** On stderr, only when it is a terminal, only after a second. */
function progressBar(): { show(share: number, minutes: number): void; clear(): void } {
  const since = performance.now();
  let shown = false;
  return {
    show(share, minutes) {
      if (!process.stderr.isTTY || performance.now() - since < PATIENCE_MS) return;
      const full = Math.round(share * BAR_WIDTH);
      process.stderr.write(`\r[${"#".repeat(full)}${" ".repeat(BAR_WIDTH - full)}] ${Math.round(share * 100)} %  ${minutes} minutes`);
      shown = true;
    },
    clear() {
      if (shown) process.stderr.write("\r\u001B[K");
    },
  };
}
