import { Command, InvalidArgumentError, Option } from "commander";
import { DERIVE } from "../app/derive.ts";
import { deadLetters, replay } from "../ingest/index.ts";
import { readEvent, searchEvents } from "../ledger/index.ts";
import { AppError, type Database } from "../platform/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";

interface Options {
  to?: string;
  dead?: boolean;
  type?: string;
  since?: number;
  until?: number;
  json?: boolean;
}

/** More at once is a migration, and wants thinking about. */
const MAX = 100_000;

function timeArgument(text: string): number {
  const ms = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}${text.includes("T") ? "" : "T00:00:00"}Z`);
  if (!Number.isFinite(ms)) throw new InvalidArgumentError("Give a time like 2026-10-01 or 2026-10-01T12:00:00Z.");
  return ms;
}

async function chosen(db: Database, target: string, id: string | undefined, options: Options): Promise<number[]> {
  if (options.dead === true) return await deadLetters(db.read, target, MAX);
  if (id !== undefined) {
    const found = await readEvent(db.read, id);
    if (found === null) throw new AppError("not_found", `there is no event ${id}; \`tillwatch events list\` shows the latest`, { code: "event_not_found" });
    return [found.event.seq];
  }
  const seqs: number[] = [];
  let cursor: string | null = null;
  do {
    const page = await searchEvents(db.read, DERIVE, { type: options.type, sinceMs: options.since, untilMs: options.until }, 100, cursor);
    seqs.push(...page.events.filter(({ eventId }) => !eventId.startsWith("imp_")).map(({ seq }) => seq));
    cursor = page.nextCursor;
  } while (cursor !== null && seqs.length <= MAX);
  if (seqs.length > MAX) throw new AppError("invalid", `these are more than ${MAX} events; narrow --since and --until`, { code: "too_many_events" });
  return seqs.reverse();
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
        const seqs = await chosen(db, target, id, options);
        for (let at = 0; at < seqs.length; at += 500) await db.write((tx) => replay(tx, target, seqs.slice(at, at + 500), context.clock.now()));
        if (options.json === true) context.print(JSON.stringify({ ok: true, to: target, events: seqs.length }));
        else context.print(`${seqs.length} event(s) will be sent to ${target} by the running service, oldest first.`);
      });
    });
}
