import { Command, InvalidArgumentError, Option } from "commander";
import { catchUp, DERIVE } from "../app/derive.ts";
import { armEvent, EVENT_STATUSES, type EventStatus, readEvent, searchEvents, showEvent } from "../ledger/index.ts";
import { AppError } from "../platform/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { replayCommand } from "./events-replay.ts";
import { table } from "./table.ts";

const LIMIT_MAX = 100;

function limitArgument(text: string): number {
  if (!/^0*[1-9]\d*$/.test(text)) throw new InvalidArgumentError(`Give a whole number from 1 to ${LIMIT_MAX}.`);
  return Math.min(LIMIT_MAX, Number(text));
}

function listCommand(context: ServiceContext): Command {
  return new Command("list")
    .description("list events, newest first")
    .addOption(new Option("--limit <count>", "how many, up to 100").argParser(limitArgument).default(10))
    .option("--type <type>", "an event type; * stands for any characters")
    .addOption(new Option("--status <status>", "how far it is").choices(EVENT_STATUSES))
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch events list --type 'charge.*' --limit 20")
    .action(async (options: { limit: number; type?: string; status?: EventStatus; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const page = await searchEvents(db.read, DERIVE, { type: options.type, status: options.status }, options.limit, null);
        const data = page.events.map(showEvent);
        if (options.json === true) context.print(JSON.stringify({ ok: true, count: data.length, data, next_cursor: page.nextCursor }));
        else if (data.length === 0) context.print("No events. Point Stripe at <address>/webhooks/stripe, or start the service without a Stripe key to see the sandbox's.");
        else
          context.print(table(["RECEIVED (UTC)", "TYPE", "EVENT", "MODE", "STATUS", "OBJECT"], page.events.map((event) => [new Date(event.receivedAt).toISOString().slice(0, 19), event.type, event.eventId, event.live ? "live" : "test", event.status, event.objectId])));
      });
    });
}

function showCommand(context: ServiceContext): Command {
  return new Command("show")
    .description("print an event's body, byte for byte as it was delivered")
    .argument("<id>", "evt_…")
    .addHelpText("after", "\nExample:\n  $ tillwatch events show evt_1Oq… | jq .data.object.status")
    .action(async (id: string) => {
      await withDatabase(context, async (db) => {
        const found = await readEvent(db.read, id);
        if (found === null) throw new AppError("not_found", `there is no event ${id}; \`tillwatch events list\` shows the latest`, { code: "event_not_found" });
        process.stdout.write(found.raw);
      });
    });
}

function retryCommand(context: ServiceContext): Command {
  return new Command("retry")
    .description("try again to process events that were set aside")
    .argument("[id]", "evt_…; all of them when left out")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch events retry")
    .action(async (id: string | undefined, options: { json?: boolean }) => {
      const config = await context.config();
      await withDatabase(context, async (db) => {
        const count = async () => (await db.read.selectFrom("event_failure").select(({ fn }) => fn.countAll<number>().as("n")).executeTakeFirst())?.n ?? 0;
        const before = await count();
        if (id === undefined) await db.write((tx) => tx.updateTable("event_failure").set({ armed: 1 }).execute());
        else {
          const found = await readEvent(db.read, id);
          if (found === null) throw new AppError("not_found", `there is no event ${id}`, { code: "event_not_found" });
          await db.write((tx) => armEvent(tx, found.event.seq));
        }
        await catchUp(db, config.merchant.timeZone, context.clock, 60_000, config.slo.processedWithinMs);
        const left = await count();
        if (options.json === true) context.print(JSON.stringify({ ok: true, set_aside_before: before, set_aside: left }));
        else context.print(before === 0 ? "Nothing was set aside." : `${before - left} of ${before} processed; ${left} still set aside${left > 0 ? ", see `tillwatch events list --status failed`" : ""}.`);
      });
    });
}

/** `tillwatch events list | show | retry | replay`. */
export function eventsCommand(context: ServiceContext): Command {
  return new Command("events")
    .description("list, show and retry events")
    .addHelpText("after", "\nExample:\n  $ tillwatch events list --status failed")
    .addCommand(listCommand(context))
    .addCommand(showCommand(context))
    .addCommand(retryCommand(context))
    .addCommand(replayCommand(context));
}
