import { Command, Option } from "commander";
import { measuredSlos, sloMoneyText } from "../app/slo.ts";
import { AppError, type Database } from "../platform/index.ts";
import { exportOpenSlo, exportPrometheus, type Measured, showSlo, type ShownSlo, standingOf } from "../slo/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

/** Measured now, so that it is right without a running service too. */
async function measure(context: ServiceContext, db: Database, measured: readonly Measured[]): Promise<ShownSlo[]> {
  const shown = [];
  for (const one of measured) shown.push(showSlo(one.slo, await standingOf(db.read, one, context.clock.now()), sloMoneyText));
  return shown;
}

function share(value: number | null): string {
  return value === null ? "-" : `${Math.round(value * 1000) / 10} %`;
}

function worst(burn: ShownSlo["burn"]): string {
  const fires = burn.filter(({ state }) => state === "fires").map(({ severity }) => severity);
  return fires.includes("page") ? "PAGE" : fires.includes("ticket") ? "TICKET" : burn.some(({ state }) => state === "held") ? "held" : "-";
}

function listCommand(context: ServiceContext): Command {
  return new Command("list")
    .description("objectives: attainment, what is left of the budget, what burns")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch slo list --json | jq '.data[] | {name, attainment, left: .budget.left}'")
    .action(async (options: { json?: boolean }) => {
      const config = await context.config();
      await withDatabase(context, async (db) => {
        const data = await measure(context, db, measuredSlos(config, context.clock));
        if (options.json === true) context.print(JSON.stringify({ ok: true, count: data.length, data }));
        else if (data.length === 0) context.print("No objective is configured; see slo.objectives in tillwatch.yaml.");
        else
          context.print(
            table(
              ["NAME", "OBJECTIVE", "DAYS", "ATTAINED", "BAD", "OF", "BUDGET LEFT", "BURNS"],
              data.map((one) => [one.name, one.objective_text, one.window_days, one.attainment_text, one.period.bad, one.period.total, share(one.budget.left), worst(one.burn)]),
            ),
          );
      });
    });
}

function readable(slo: ShownSlo): string {
  const { budget, period } = slo;
  const lines = [
    `${slo.title} (${slo.name})`,
    `Good are ${slo.counts_as_good}.`,
    "",
    `Objective       ${slo.objective_text} in ${slo.window_days} days`,
    `Attained        ${slo.attainment_text} (${period.bad} bad of ${period.total}${slo.until === null ? "" : `, until ${slo.until}`})`,
    `Budget          ${budget.allowed_events} bad events are allowed, ${budget.spent_events} happened, ${budget.left_events} are left (${share(budget.left)})`,
    ...budget.money.map((one) => `                about ${one.spent.text} of ${one.allowed.text} spent`),
    ...(budget.gone_at === null ? [] : [`                at this pace it is gone at ${budget.gone_at}`]),
    "",
    table(
      ["ALERT", "LONG", "BURN", "SHORT", "BURN", "LIMIT", "STATE"],
      slo.burn.map(({ severity, limit, long, short, state }) => [severity, long.window, long.burn === null ? "-" : Math.round(long.burn * 100) / 100, short.window, short.burn === null ? "-" : Math.round(short.burn * 100) / 100, limit, state]),
    ),
    ...slo.warnings.map((warning) => `\nWarning: ${warning}`),
  ];
  return lines.join("\n");
}

function named(measured: readonly Measured[], name: string): Measured {
  const found = measured.find(({ slo }) => slo.name === name);
  if (found === undefined) throw new AppError("not_found", `there is no objective ${name}; there are ${measured.map(({ slo }) => slo.name).join(", ") || "none"}`, { code: "slo_not_found" });
  return found;
}

function showCommand(context: ServiceContext): Command {
  return new Command("show")
    .description("one objective with its budget and burn rates")
    .argument("<name>", "its name, as slo list shows it")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch slo show payment_success")
    .action(async (name: string, options: { json?: boolean }) => {
      const config = await context.config();
      const one = named(measuredSlos(config, context.clock), name);
      await withDatabase(context, async (db) => {
        const [shown] = await measure(context, db, [one]);
        if (shown !== undefined) context.print(options.json === true ? JSON.stringify({ ok: true, data: shown }) : readable(shown));
      });
    });
}

function exportCommand(context: ServiceContext): Command {
  return new Command("export")
    .description("write the objectives for other tools: OpenSLO v1 documents, or alerting rules for Prometheus")
    .addOption(new Option("--format <format>", "of what").choices(["openslo", "prometheus"]).default("openslo"))
    .option("--json", "print one JSON document with the text in it")
    .addHelpText("after", "\nExample:\n  $ tillwatch slo export --format prometheus > tillwatch.rules.yaml")
    .action(async (options: { format: "openslo" | "prometheus"; json?: boolean }) => {
      const config = await context.config();
      const metricsUrl = `${config.server.publicUrl ?? `http://${config.server.host}:${config.server.port}`}/metrics`;
      const text = options.format === "openslo" ? exportOpenSlo(config.slo.slos, metricsUrl) : exportPrometheus(config.slo.slos);
      context.print(options.json === true ? JSON.stringify({ ok: true, format: options.format, text }) : text.trimEnd());
    });
}

/** `tillwatch slo [list] | show NAME | export`. */
export function sloCommand(context: ServiceContext): Command {
  return new Command("slo")
    .description("objectives: attainment, error budget, burn rates; export to OpenSLO and Prometheus")
    .addHelpText("after", "\nExample:\n  $ tillwatch slo\n  $ tillwatch slo show payment_success")
    .addCommand(listCommand(context), { isDefault: true })
    .addCommand(showCommand(context))
    .addCommand(exportCommand(context));
}
