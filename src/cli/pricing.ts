import { Command } from "commander";
import { COMMAND_LINE } from "../access/index.ts";
import { gateDeps, wordsOf } from "../app/pricing.ts";
import { AppError, type Database } from "../platform/index.ts";
import { approve, carryOutNext, type GateDeps, listSuggestions, needSuggestion, readRun, readSteps, readSuggestion, reject, rollBack, runPricing, type RunReport, showFacts, showSuggestion, showTimeline, type Suggestion } from "../pricing/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { stripeFor } from "./operation-setup.ts";
import { progressBar } from "./progress.ts";
import { table } from "./table.ts";

const ASKER = { actor: COMMAND_LINE, requestId: null };

async function deps(context: ServiceContext, db: Database): Promise<GateDeps> {
  return gateDeps(await context.config(), db, context.clock, await stripeFor(context, db));
}

function wordsLine({ worded, plain }: RunReport): string {
  if (worded + plain === 0) return "";
  return ` ${worded} explanations in the language model's words${plain === 0 ? "" : `, ${plain} in plain ones: its words were not there or did not hold up (\`tillwatch pricing show\` says why)`}.`;
}

function runCommand(context: ServiceContext): Command {
  return new Command("run")
    .description("look at a year of payments, watch what was changed, suggest once a week")
    .option("--force", "suggest now, however recent the last time was")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nNothing is changed at Stripe.\n\nExample:\n  $ tillwatch pricing run --force")
    .action(async (options: { force?: boolean; json?: boolean }) => {
      const config = await context.config();
      if (!config.pricing.enabled) throw new AppError("conflict", "pricing is off; switch it on with pricing.enabled: on in tillwatch.yaml", { code: "pricing_off" });
      await withDatabase(context, async (db) => {
        const bar = progressBar(1);
        const { rails, tests, watchAfter } = config.pricing;
        const report = await runPricing(
          { db, clock: context.clock, live: config.stripe.mode === "live", rails, tests, after: watchAfter, words: wordsOf(config), onProgress: (done) => bar.update(0, `${done} payments read`) },
          options.force === true,
        ).finally(bar.end);
        if (options.json === true) context.print(JSON.stringify({ ok: true, ...report }));
        else context.print(`${report.payments} payments looked at, ${report.priced} of them for ${report.products} priced products. ${report.suggested} new suggestions, ${report.refreshed} renewed, ${report.withdrawn} withdrawn; ${report.watched} changes watched, ${report.worse} of them bring less.${wordsLine(report)}`);
      });
    });
}

function factsCommand(context: ServiceContext): Command {
  return new Command("facts")
    .description("what was sold at which price, and what it can tell")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch pricing facts --json | jq '.data.products[].finding.text'")
    .action(async (options: { json?: boolean }) => {
      const live = (await context.config()).stripe.mode === "live";
      await withDatabase(context, async (db) => {
        const found = await readRun(db.read, live);
        if (options.json === true) return context.print(JSON.stringify({ ok: true, data: found === null ? null : showFacts(found.run) }));
        if (found === null) return context.print("Nothing was looked at yet; `tillwatch pricing run` begins.");
        const { products, payments, priced } = showFacts(found.run);
        const rows = products.flatMap(({ name, points, finding }) => points.map((point, index) => [index === 0 ? name : "", point.unit_amount.text, point.offers, point.paid, point.captured.text, index === points.length - 1 ? finding.text : ""]));
        context.print(`${priced} of ${payments} payments say what they were for.\n${table(["PRODUCT", "PRICE", "OFFERED", "PAID", "TAKEN", "SO FAR"], rows)}`);
      });
    });
}

function listCommand(context: ServiceContext): Command {
  return new Command("list")
    .description("suggestions and what became of them, newest first")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch pricing list --json | jq -r '.data[] | select(.state == \"open\") | .title'")
    .action(async (options: { json?: boolean }) => {
      const live = (await context.config()).stripe.mode === "live";
      await withDatabase(context, async (db) => {
        const data = (await listSuggestions(db.read, { live }, 100)).suggestions.map(showSuggestion);
        if (options.json === true) return context.print(JSON.stringify({ ok: true, count: data.length, data }));
        if (data.length === 0) return context.print("No suggestions. Most of the time there is not enough evidence for any; `tillwatch pricing facts` says how much is missing.");
        context.print(table(["ID", "STATE", "WHAT", "EFFECT"], data.map(({ id, state, title, effect }) => [id, state, title, effect.text])));
      });
    });
}

async function print(context: ServiceContext, db: Database, suggestion: Suggestion, json: boolean | undefined): Promise<void> {
  const data = { ...showSuggestion(suggestion), timeline: showTimeline(await readSteps(db.read, suggestion.id)) };
  if (json === true) return context.print(JSON.stringify({ ok: true, data }));
  const lines = [`${data.title}  (${data.id}, ${data.state.replaceAll("_", " ")})`, "", ...data.why, "", `Effect: ${data.effect.text}`, `Risk: ${data.risk}`, `Would disprove it: ${data.disproof}`, `To undo: ${data.undo}`];
  if (data.by_hand !== null) lines.push(`By hand: ${data.by_hand}`);
  if (data.watch !== null) lines.push(`Since then: ${data.watch.text}`);
  context.print([...lines, "", `basis ${data.basis}`, "", ...data.timeline.map(({ ts, what, text, by }) => `${ts}  ${what}: ${text} (${by})`)].join("\n"));
}

/** Decides and brings it to Stripe at once; what stays unanswered the service goes on with. */
async function decided(context: ServiceContext, db: Database, gate: GateDeps, act: () => Promise<Suggestion>, json: boolean | undefined): Promise<void> {
  const { id } = await act();
  await carryOutNext({ ...gate, prices: gate.prices() }, id);
  const after = await readSuggestion(db.read, id);
  if (after !== null) await print(context, db, after, json);
}

/** `tillwatch pricing …` */
export function pricingCommand(context: ServiceContext): Command {
  const command = new Command("pricing").description("gated price suggestions: facts, suggestions, approve, reject, roll back").addCommand(runCommand(context)).addCommand(factsCommand(context)).addCommand(listCommand(context));
  command
    .command("show <id>")
    .description("one suggestion with its reasons and time line")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch pricing show ps_1f…")
    .action(async (id: string, options: { json?: boolean }) => await withDatabase(context, async (db) => await print(context, db, await needSuggestion(await deps(context, db), id), options.json)));
  command
    .command("approve <id>")
    .description("approve what `show` told; it is made at Stripe then")
    .requiredOption("--basis <text>", "the basis that `show` printed: what you saw is what you approve")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch pricing approve ps_1f… --basis 0f3a…")
    .action(async (id: string, options: { basis: string; json?: boolean }) =>
      await withDatabase(context, async (db) => {
        const gate = await deps(context, db);
        await decided(context, db, gate, () => approve(gate, id, options.basis, ASKER), options.json);
      }),
    );
  for (const [name, act, description] of [["reject", reject, "say no, and why"], ["rollback", rollBack, "the old price again"]] as const) {
    command
      .command(`${name} <id>`)
      .description(description)
      .requiredOption("--reason <text>", "for the record")
      .option("--json", "print one JSON document")
      .addHelpText("after", `\nExample:\n  $ tillwatch pricing ${name} ps_1f… --reason "not before the season ends"`)
      .action(async (id: string, options: { reason: string; json?: boolean }) =>
        await withDatabase(context, async (db) => {
          const gate = await deps(context, db);
          await decided(context, db, gate, () => act(gate, id, options.reason, ASKER), options.json);
        }),
      );
  }
  return command;
}
