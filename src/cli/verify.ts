import { Command, InvalidArgumentError, Option } from "commander";
import { stripeOf, sweptAccounts } from "../app/sweep.ts";
import { type EventsVerified, verifyEvents } from "../ingest/index.ts";
import { type Database, isoSeconds } from "../platform/index.ts";
import { eventLister } from "../stripe/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { progressBar } from "./progress.ts";
import { table } from "./table.ts";

/** Something of Stripe's is not here. */
const EXIT_DRIFT = 3;
const DAY = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY };

/** `30d`, `12h`, or a time. Milliseconds before now, or ms UTC. */
function sinceArgument(text: string): { agoMs: number } | { atMs: number } {
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return { agoMs: Number(count) * (UNITS[unit] ?? DAY) };
  const atMs = Date.parse(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}${text.includes("T") ? "" : "T00:00:00"}Z`);
  if (!Number.isFinite(atMs)) throw new InvalidArgumentError("Give a span like 30d or 12h, or a time like 2026-10-01T12:00:00Z.");
  return { atMs };
}

function show(found: EventsVerified): Record<string, unknown> {
  return {
    account: found.account,
    from: isoSeconds(found.fromMs),
    until: isoSeconds(found.untilMs),
    at_stripe: found.atStripe,
    missing: found.missing,
    repaired: found.repaired,
    missing_events: found.examples.map(({ id, type, createdAt }) => ({ id, type, created: isoSeconds(createdAt) })),
  };
}

function readable(found: EventsVerified): string {
  const who = found.account === null ? "" : ` of ${found.account}`;
  const head = `${found.atStripe - found.missing} of ${found.atStripe} events${who} from ${isoSeconds(found.fromMs)} until ${isoSeconds(found.untilMs)} ${found.missing === 0 ? "are here." : "were here."}`;
  if (found.missing === 0) return head;
  const rows = found.examples.map(({ id, type, createdAt }) => [id, type, isoSeconds(createdAt)]);
  const more = found.missing > rows.length ? `\n…and ${found.missing - rows.length} more` : "";
  const end = found.repaired > 0 ? `${found.repaired} were taken from Stripe now.` : "Run it with --repair to take them.";
  return `${head}\n\n${table(["MISSING", "TYPE", "CREATED"], rows)}${more}\n\n${end}`;
}

async function compare(context: ServiceContext, db: Database, since: { agoMs: number } | { atMs: number }, repair: boolean): Promise<EventsVerified[]> {
  const config = await context.config();
  const list = eventLister(await stripeOf(db, config, context.clock));
  const nowMs = context.clock.now();
  const sinceMs = "agoMs" in since ? nowMs - since.agoMs : since.atMs;
  const results: EventsVerified[] = [];
  for (const account of sweptAccounts(config)) {
    const bar = progressBar(1);
    try {
      results.push(await verifyEvents({ db, list, account, sinceMs, nowMs, repair, onProgress: (share, compared) => bar.update(share, `${compared} events compared`) }));
    } finally {
      bar.end();
    }
  }
  return results;
}

/** `tillwatch verify`: exit 3 when something was missing and was not repaired. */
export function verifyCommand(context: ServiceContext): Command {
  return new Command("verify")
    .description("compare the events here with Stripe's own list; exit 3 when some are missing")
    .option("--repair", "take what is missing")
    .addOption(new Option("--since <time>", "how far back, at most 30 days: 30d, 12h, or a time").argParser(sinceArgument).default({ agoMs: 30 * DAY }, "30d"))
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch verify --since 2d\n  $ tillwatch verify --repair --json | jq .missing")
    .action(async (options: { repair?: boolean; since: { agoMs: number } | { atMs: number }; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const results = await compare(context, db, options.since, options.repair === true);
        const missing = results.reduce((sum, one) => sum + one.missing, 0);
        const repaired = results.reduce((sum, one) => sum + one.repaired, 0);
        if (options.json === true) context.print(JSON.stringify({ ok: missing === repaired, missing, repaired, accounts: results.map(show) }));
        else context.print(results.map(readable).join("\n\n"));
        if (missing > repaired) context.setExitCode(EXIT_DRIFT);
      });
    });
}
