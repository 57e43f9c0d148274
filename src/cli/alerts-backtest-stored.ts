import { backtestStored, picture, showBacktest, type ShownBacktest, type Trial } from "../alerts/index.ts";
import type { Sensitivity } from "../alerts/detection/index.ts";
import { judgedScope, ruleSetOf } from "../app/alerts.ts";
import { type Config, loadConfig } from "../app/config.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { progressBar } from "./progress.ts";
import { table } from "./table.ts";

export interface StoredOptions {
  readonly days: number;
  readonly sensitivity?: Sensitivity;
  readonly drop?: number;
  readonly rules?: string;
  readonly webhookFailures?: number;
  readonly paymentErrorRate?: number;
  readonly revenueChange?: number;
  readonly compare?: boolean;
  readonly json?: boolean;
}

/** The configured rule set, or a file's, with what the flags change. */
function trialOf(config: Config, options: StoredOptions): Trial {
  const from = options.rules === undefined ? config : loadConfig({ ...process.env, TILLWATCH_CONFIG: options.rules });
  const { thresholds, settings } = ruleSetOf(from);
  return {
    settings: { ...settings, ...(options.sensitivity === undefined ? {} : { sensitivity: options.sensitivity }), ...(options.drop === undefined ? {} : { drop: options.drop }) },
    thresholds: {
      ...thresholds,
      ...(options.webhookFailures === undefined ? {} : { webhookFailures5m: options.webhookFailures }),
      ...(options.paymentErrorRate === undefined ? {} : { paymentErrorRate1h: options.paymentErrorRate }),
      ...(options.revenueChange === undefined ? {} : { revenueChangeDoD: options.revenueChange }),
    },
  };
}

function described(shown: ShownBacktest, asked: number): string {
  const judged = Math.round(shown.minutes / 1440);
  const short = judged < asked ? ` (${asked} were asked for; minutes are not kept longer, see retention.minutes_days)` : "";
  const head = `${judged} days judged${short}, ${shown.learnt_days} days learnt from before them: ${shown.alerts} alert${shown.alerts === 1 ? "" : "s"}, ${shown.alerts_a_month} a month, ${shown.hours_open} hours open.`;
  if (shown.alerts === 0) return `${head}\n\n${picture(shown)}`;
  const stakes = shown.at_stake.length === 0 ? "" : ` At stake: about ${shown.at_stake.map(({ text }) => text).join(" and ")}.`;
  const rows = shown.firings.map((one) => [one.fired_at, one.part, one.rule, one.severity, one.minutes === null ? "open" : `${one.minutes} min`, one.stake?.text ?? null, one.why]);
  return `${head}${stakes}\n\n${picture(shown)}\n\n${table(["FIRED", "PART", "RULE", "SEVERITY", "FOR", "AT STAKE", "WHY"], rows)}`;
}

const SENSITIVITIES = ["calm", "normal", "eager"] as const;

/** `tillwatch alerts backtest --days N`: the stored history. */
export async function backtestHistory(context: ServiceContext, options: StoredOptions): Promise<void> {
  const config = await context.config();
  const trial = trialOf(config, options);
  const { scope, feed } = judgedScope(config);
  await withDatabase(context, async (db) => {
    const run = async (one: Trial): Promise<ShownBacktest> => {
      const bar = progressBar(1);
      try {
        return showBacktest(await backtestStored(db.read, scope, feed, one, options.days, context.clock.now(), (share) => bar.update(share, "judging")), scope.timeZone);
      } finally {
        bar.end();
      }
    };
    if (options.compare === true) {
      const runs: { sensitivity: Sensitivity; shown: ShownBacktest }[] = [];
      for (const sensitivity of SENSITIVITIES) runs.push({ sensitivity, shown: await run({ ...trial, settings: { ...trial.settings, sensitivity } }) });
      const rows = runs.map(({ sensitivity, shown }) => {
        const adaptive = shown.firings.filter(({ part }) => part === "adaptive").length;
        return [sensitivity, adaptive, shown.alerts - adaptive, shown.alerts_a_month, shown.hours_open, shown.at_stake.map(({ text }) => text).join(", ") || null];
      });
      context.print(options.json === true ? JSON.stringify(runs.map(({ sensitivity, shown }) => ({ sensitivity, ...shown }))) : table(["SENSITIVITY", "ADAPTIVE", "THRESHOLD", "A MONTH", "HOURS OPEN", "AT STAKE"], rows));
      return;
    }
    const shown = await run(trial);
    context.print(options.json === true ? JSON.stringify({ ok: true, data: shown }) : described(shown, options.days));
  });
}
