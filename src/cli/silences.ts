import { Command } from "commander";
import { COMMAND_LINE, recordAudit } from "../access/index.ts";
import { createSilence, expireSilence, listSilences, parseMatcher, previewSilence, showPreview, showSilence } from "../notify/index.ts";
import { AppError } from "../platform/index.ts";
import { type CliContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `30m`, `2h`, `1d` as milliseconds. @throws AppError `invalid`. */
export function durationMs(text: string): number {
  const unit = UNIT_MS[text.at(-1) ?? ""];
  if (!/^[1-9]\d{0,4}[mhd]$/.test(text) || unit === undefined) throw new AppError("invalid", `--for is ${JSON.stringify(text)}; right would be 30m, 2h or 1d`, { code: "duration_invalid" });
  return Number.parseInt(text, 10) * unit;
}

function listCommand(context: CliContext): Command {
  return new Command("list")
    .description("silences, newest first")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch silences list")
    .action(async (options: { json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const data = (await listSilences(db.read, { limit: 50 }, context.clock.now())).silences.map((silence) => showSilence(silence, context.clock.now()));
        if (options.json === true) context.print(JSON.stringify({ ok: true, count: data.length, data }));
        else if (data.length === 0) context.print("No silences.");
        else context.print(table(["ID", "STATE", "MATCHES", "UNTIL", "AUTHOR", "REASON"], data.map((one) => [one.id, one.state, one.matchers.map(({ text }) => text).join(" "), one.ended_at ?? one.ends_at ?? "resolved", one.author, one.reason])));
      });
    });
}

interface AddOptions {
  author: string;
  reason: string;
  for?: string;
  untilResolved?: boolean;
  json?: boolean;
}

function addCommand(context: CliContext): Command {
  return new Command("add")
    .description("silence alerts that match")
    .argument("<matcher...>", "such as rule=check_* or severity=WARNING; all must hold")
    .requiredOption("--author <name>", "who answers for it")
    .requiredOption("--reason <text>", "why")
    .option("--for <duration>", "30m, 2h, 1d")
    .option("--until-resolved", "until nothing that it mutes fires any more")
    .option("--json", "print one JSON document")
    .addHelpText("after", '\nExample:\n  $ tillwatch silences add subject=webhooks --for 2h --author Ann --reason "endpoint is being moved"')
    .action(async (matchers: string[], options: AddOptions) => {
      if ((options.for === undefined) !== (options.untilResolved === true)) throw new AppError("invalid", "give --for a duration, or --until-resolved, one of them", { code: "silence_end" });
      await withDatabase(context, async (db) => {
        const nowMs = context.clock.now();
        const made = await db.write(async (tx) => {
          const silence = await createSilence(tx, { matchers: matchers.map(parseMatcher), author: options.author, reason: options.reason, endsAt: options.for === undefined ? "when_resolved" : nowMs + durationMs(options.for) }, nowMs);
          await recordAudit(tx, { at: nowMs, actor: COMMAND_LINE, action: "silence.create", subject: String(silence.id), detail: { ...showSilence(silence, nowMs) }, requestId: null, outcome: "ok" });
          return silence;
        });
        const data = showSilence(made, nowMs);
        context.print(options.json === true ? JSON.stringify({ ok: true, data }) : `Silence ${data.id} is ${data.state} until ${data.ends_at ?? "resolved"}.`);
      });
    });
}

function expireCommand(context: CliContext): Command {
  return new Command("expire")
    .description("end a silence before its time")
    .argument("<id>")
    .addHelpText("after", "\nExample:\n  $ tillwatch silences expire 3")
    .action(async (text: string) => {
      if (!/^[1-9]\d{0,14}$/.test(text)) throw new AppError("invalid", "give the id of a silence, a whole number", { code: "silence_id" });
      await withDatabase(context, async (db) => {
        await db.write(async (tx) => {
          const silence = await expireSilence(tx, Number(text), COMMAND_LINE.name, context.clock.now());
          await recordAudit(tx, { at: context.clock.now(), actor: COMMAND_LINE, action: "silence.expire", subject: String(silence.id), requestId: null, outcome: "ok" });
        });
        context.print(`Silence ${text} has ended.`);
      });
    });
}

function previewCommand(context: CliContext): Command {
  return new Command("preview")
    .description("what a silence mutes now, and would have muted in the last week")
    .argument("<matcher...>")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch silences preview severity=WARNING")
    .action(async (matchers: string[], options: { json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const data = showPreview(await previewSilence(db.read, matchers.map(parseMatcher), context.clock.now()));
        if (options.json === true) context.print(JSON.stringify({ ok: true, data }));
        else context.print([`${data.firing.length} fire now, ${data.past.length} fired in the last ${data.looked_back_days} days.`, ...(data.past.length === 0 ? [] : [table(["FIRED", "RULE", "SEVERITY", "TITLE", "NOTICES"], data.past.map((one) => [one.fired_at, one.rule, one.severity, one.title, one.notices]))])].join("\n"));
      });
    });
}

/** `tillwatch silences list|add|expire|preview`. */
export function silencesCommand(context: CliContext): Command {
  return new Command("silences")
    .description("silences: list, add, end, look beforehand")
    .addHelpText("after", '\nExample:\n  $ tillwatch silences add subject=webhooks --for 2h --author Ann --reason "endpoint is being moved"')
    .addCommand(listCommand(context))
    .addCommand(addCommand(context))
    .addCommand(expireCommand(context))
    .addCommand(previewCommand(context));
}
