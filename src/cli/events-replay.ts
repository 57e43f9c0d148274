import { Command, InvalidArgumentError, Option } from "commander";
import { DERIVE } from "../app/derive.ts";
import { chooseForReplay, replayAll, type ReplayChoice } from "../ingest/index.ts";
import { AppError } from "../platform/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";

interface Options {
  to?: string;
  dead?: boolean;
  type?: string;
  since?: number;
  until?: number;
  json?: boolean;
}

function timeArgument(text: string): number {
  const ms = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}${text.includes("T") ? "" : "T00:00:00"}Z`);
  if (!Number.isFinite(ms)) throw new InvalidArgumentError("Give a time like 2026-10-01 or 2026-10-01T12:00:00Z.");
  return ms;
}

function choiceOf(id: string | undefined, options: Options): ReplayChoice {
  if (options.dead === true) return { kind: "dead" };
  if (id !== undefined) return { kind: "one", id };
  return { kind: "some", type: options.type, sinceMs: options.since, untilMs: options.until };
}

/** `tillwatch events replay`: the running service sends them, oldest first, beside what is new. */
export function replayCommand(context: ServiceContext): Command {
  return new Command("replay")
    .description("pass events on to your application once more")
    .argument("[id]", "evt_…; or choose with --type, --since, --until, --dead")
    .option("--to <name>", "the application, as ingest.forward names it; may be left out when there is one")
    .option("--dead", "those that were given up after three days")
    .option("--type <type>", "an event type; * stands for any characters")
    .addOption(new Option("--since <time>", "received at or after").argParser(timeArgument))
    .addOption(new Option("--until <time>", "received before").argParser(timeArgument))
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch events replay evt_1Oq…\n  $ tillwatch events replay --type 'charge.*' --since 2026-10-01")
    .action(async (id: string | undefined, options: Options) => {
      const { ingest } = await context.config();
      const names = ingest.forward.map(({ name }) => name);
      const target = options.to ?? (names.length === 1 ? names[0] : undefined);
      if (target === undefined || !names.includes(target)) throw new AppError("invalid", names.length === 0 ? "no application is configured; set ingest.forward" : `name the application with --to: ${names.join(", ")}`, { code: "target_unknown" });
      if (id === undefined && options.dead !== true && options.type === undefined && options.since === undefined && options.until === undefined) {
        throw new AppError("invalid", "say which events: an id, --type, --since, --until or --dead", { code: "nothing_chosen" });
      }
      await withDatabase(context, async (db) => {
        const seqs = await chooseForReplay(db, DERIVE, target, choiceOf(id, options));
        await replayAll(db, target, seqs, context.clock.now());
        if (options.json === true) context.print(JSON.stringify({ ok: true, to: target, events: seqs.length }));
        else context.print(`${seqs.length} event(s) will be sent to ${target} by the running service, oldest first.`);
      });
    });
}
