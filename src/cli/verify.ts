import { Command, InvalidArgumentError, Option } from "commander";
import { stripeOf, sweptAccounts } from "../app/sweep.ts";
import { type Verified, verifyAll } from "../app/verify.ts";
import type { EventsVerified } from "../ingest/index.ts";
import { asCurrency } from "../money/index.ts";
import { type Database, isoSeconds, parseInstant } from "../platform/index.ts";
import type { PartFound, Total } from "../reconcile/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { progressBar } from "./progress.ts";
import { table } from "./table.ts";
import { majorWide } from "./wide-amount.ts";

/** Something of Stripe's is not here, or is otherwise. */
const EXIT_DRIFT = 3;
const EXIT_INCOMPLETE = 1;
const DAY = 86_400_000;
const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: DAY };
/** Stripe allows at least this many reads a month, and 500 per payment where there are more. */
const READS = 10_000;

type Since = { agoMs: number } | { atMs: number };

interface Options {
  repair?: boolean;
  events?: boolean;
  since: Since;
  reads: number;
  json?: boolean;
}

/** `30d`, `12h`, or a time. Milliseconds before now, or ms UTC. */
function sinceArgument(text: string): Since {
  const [, count, unit] = /^(\d{1,4})([mhd])$/.exec(text) ?? [];
  if (count !== undefined && unit !== undefined) return { agoMs: Number(count) * (UNITS[unit] ?? DAY) };
  const atMs = parseInstant(/(Z|[+-]\d\d:\d\d)$/.test(text) ? text : `${text}${text.includes("T") ? "" : "T00:00:00"}Z`);
  if (atMs === null) throw new InvalidArgumentError("Give a span like 30d or 12h, or a time like 2026-10-01T12:00:00Z.");
  return { atMs };
}

function readsArgument(text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new InvalidArgumentError("Give a whole number from 1 to 9999999.");
  return Number(text);
}

function showEvents(found: EventsVerified): Record<string, unknown> {
  return {
    account: found.account,
    from: isoSeconds(found.fromMs),
    until: isoSeconds(found.untilMs),
    at_stripe: found.atStripe,
    missing: found.missing,
    repaired: found.repaired,
    complete: found.trouble === null,
    trouble: found.trouble,
    missing_events: found.examples.map(({ id, type, createdAt }) => ({ id, type, created: isoSeconds(createdAt) })),
  };
}

/** As text: a total may be wider than a number of JSON's. */
function showTotal({ what, currency, count, atStripe, here }: Total): Record<string, unknown> {
  return { what, currency, count, at_stripe_minor: String(atStripe), here_minor: String(here), at_stripe: majorWide(atStripe, currency), here: majorWide(here, currency), same: atStripe === here };
}

function showPart(part: PartFound): Record<string, unknown> {
  return {
    part: part.part,
    compared: part.compared,
    compared_from: isoSeconds(part.comparedFromMs),
    complete: part.complete,
    trouble: part.trouble,
    exchanged: part.exchanged,
    totals: part.totals.map(showTotal),
    differences: part.differences,
    examples: part.examples.slice(0, 100).map(({ object, kind, id, createdAt, text }) => ({ object, kind, id, created: createdAt === null ? null : isoSeconds(createdAt), text })),
  };
}

function readableEvents(found: EventsVerified): string {
  const who = found.account === null ? "" : ` of ${found.account}`;
  const head = `${found.atStripe - found.missing} of ${found.atStripe} events${who} from ${isoSeconds(found.fromMs)} until ${isoSeconds(found.untilMs)} ${found.missing === 0 ? "are here." : "were here."}`;
  if (found.missing === 0) return head;
  const rows = found.examples.map(({ id, type, createdAt }) => [id, type, isoSeconds(createdAt)]);
  const more = found.missing > rows.length ? `\n…and ${found.missing - rows.length} more` : "";
  const end = found.repaired > 0 ? `${found.repaired} were taken from Stripe now.` : "Run it with --repair to take them.";
  return `${head}\n\n${table(["MISSING", "TYPE", "CREATED"], rows)}${more}\n\n${end}`;
}

const NAMES: Readonly<Record<PartFound["part"], readonly [string, string]>> = { charges: ["charge", "charges"], refunds: ["refund", "refunds"], disputes: ["dispute", "disputes"], payouts: ["payout", "payouts"], balance: ["movement of the balance", "movements of the balance"] };
const SHOWN = 20;

function readablePart(part: PartFound): string {
  const [one, many] = NAMES[part.part];
  const counted = `${part.compared} ${part.compared === 1 ? one : many}`;
  const lines: string[] = [];
  if (part.differences === 0 && part.complete) lines.push(part.compared === 0 ? `Stripe has no ${many} of this time, and there are none here.` : `${counted} ${part.compared === 1 ? "is" : "are"} here as at Stripe.`);
  else lines.push(`${counted} compared, ${part.differences} differ${part.complete ? "" : `; not all were compared (back to ${isoSeconds(part.comparedFromMs)}): ${part.trouble}`}.`);
  if (part.exchanged > 0) lines.push(`${part.exchanged} of the balance were exchanged into another currency, and are compared as charges, refunds and disputes only.`);
  for (const { text } of part.examples.slice(0, SHOWN)) lines.push(`  - ${text}`);
  if (part.differences > SHOWN) lines.push(`  …and ${part.differences - Math.min(SHOWN, part.examples.length)} more (--json shows the first hundred)`);
  return lines.join("\n");
}

function readableTotals(parts: readonly PartFound[]): string {
  const rows = parts.flatMap((part) => part.totals.map(({ what, currency, count, atStripe, here }) => [part.part === "balance" ? `balance: ${what.replaceAll("_", " ")}` : what, (asCurrency(currency) ?? currency).toUpperCase(), count, majorWide(atStripe, currency), majorWide(here, currency), atStripe === here ? "" : majorWide(here - atStripe, currency)]));
  return rows.length === 0 ? "" : table(["TOTAL", "CURRENCY", "OBJECTS", "AT STRIPE", "HERE", "DIFFERENCE"], rows);
}

function readable({ events, parts, repaired, left }: Verified, repair: boolean): string {
  const blocks = [readableEvents(events), ...parts.map(readablePart), readableTotals(parts)].filter((block) => block !== "");
  if (repaired > 0) blocks.push(`${repaired} objects were taken from Stripe now, and agree.`);
  if (left.length > 0 && repair) blocks.push(`Still different:\n${left.slice(0, SHOWN).map(({ text }) => `  - ${text}`).join("\n")}`);
  else if (left.length > 0) blocks.push("Run it with --repair to take from Stripe what is missing or differs.");
  return blocks.join("\n\n");
}

async function compare(context: ServiceContext, db: Database, options: Options): Promise<Verified[]> {
  const config = await context.config();
  const api = await stripeOf(db, config, context.clock);
  const nowMs = context.clock.now();
  const sinceMs = "agoMs" in options.since ? nowMs - options.since.agoMs : options.since.atMs;
  const results: Verified[] = [];
  for (const account of sweptAccounts(config)) {
    const bar = progressBar(1);
    try {
      results.push(
        await verifyAll({ db, api, config, clock: context.clock, account, sinceMs, nowMs, repair: options.repair === true, objects: options.events !== true, reads: options.reads, onProgress: (share, note) => bar.update(share, note) }),
      );
    } finally {
      bar.end();
    }
  }
  return results;
}

/** `tillwatch verify`: exit 3 when something differs and was not repaired, 1 when not everything could be compared. */
export function verifyCommand(context: ServiceContext): Command {
  return new Command("verify")
    .description("compare events, charges, refunds, disputes, payouts and the balance with Stripe; exit 3 when they differ")
    .option("--repair", "take from Stripe what is missing or differs")
    .option("--events", "compare the events only")
    .addOption(new Option("--since <time>", "how far back: 30d, 12h, or a time; Stripe's list of events reaches 30 days").argParser(sinceArgument).default({ agoMs: 30 * DAY }, "30d"))
    .addOption(new Option("--reads <count>", "requests to Stripe at the most; a hundred events or objects are one").argParser(readsArgument).default(READS))
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExit code: 0 all agree, 3 something differs, 1 not everything could be compared.\n\nExample:\n  $ tillwatch verify --since 2d\n  $ tillwatch verify --repair --json | jq .accounts[].objects")
    .action(async (options: Options) => {
      await withDatabase(context, async (db) => {
        const results = await compare(context, db, options);
        const missing = results.reduce((sum, { events }) => sum + events.missing, 0);
        const repaired = results.reduce((sum, one) => sum + one.events.repaired, 0);
        const drift = results.some(({ events, drift: left }) => events.missing > events.repaired || left > 0);
        const complete = results.every(({ events, parts }) => events.trouble === null && parts.every((part) => part.complete));
        if (options.json === true) {
          const accounts = results.map((one) => ({ ...showEvents(one.events), objects: one.parts.map(showPart), objects_repaired: one.repaired, requests: one.requests }));
          context.print(JSON.stringify({ ok: !drift && complete, drift, complete, missing, repaired, accounts }));
        } else context.print(results.map((one) => readable(one, options.repair === true)).join("\n\n"));
        if (drift) context.setExitCode(EXIT_DRIFT);
        else if (!complete) context.setExitCode(EXIT_INCOMPLETE);
      });
    });
}
