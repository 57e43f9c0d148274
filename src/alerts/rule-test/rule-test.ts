import { z } from "zod";
import { MINUTE_MS } from "../../platform/index.ts";
import { createDetector, type MinuteBucket } from "../detection/index.ts";
import { madeUpMinutes, type Moment, MONDAY } from "../detection/made-up-traffic.ts";
import { literalReplay } from "../replay/literal.ts";
import type { RuleSet } from "../lint.ts";
import { KIND_GROUPS, LITERAL_RULES, RULE_NAMES, type RuleGroup } from "../settings.ts";
import { inMaintenance, specialDays } from "../watch/model.ts";

const TIME_ERROR = 'expected a time after the start such as "14:00" or "2d 14:00"';
/** Minutes after the start. */
const time = z
  .string({ error: TIME_ERROR })
  .regex(/^(\d{1,3}d )?([01]\d|2[0-3]):[0-5]\d$/, { error: TIME_ERROR })
  .transform((text) => {
    const [, days, clock = "00:00"] = /^(?:(\d+)d )?(.*)$/.exec(text) ?? [];
    return Number(days ?? 0) * 1440 + Number(clock.slice(0, 2)) * 60 + Number(clock.slice(3));
  });
const between = z.tuple([time, time]).refine(([from, until]) => from <= until, { error: "expected the earlier time first" });

const LENGTH_ERROR = "expected a length such as 30m, 4h or 2d";
/** Minutes. */
const length = z
  .string({ error: LENGTH_ERROR })
  .regex(/^[1-9]\d{0,4}[mhd]$/, { error: LENGTH_ERROR })
  .transform((text) => Number.parseInt(text, 10) * ({ m: 1, h: 60, d: 1440 }[text.slice(-1)] ?? 1))
  .refine((minutes) => minutes <= 60 * 1440, { error: "expected at most 60d" });

const share = z.number().min(0).max(1);

const change = z.strictObject({
  at: time,
  for: length,
  attempts: z.number().min(0).max(1000).optional().describe("Times the usual number of attempts"),
  declined: share.optional().describe("Share of attempts that fail"),
  amounts: z.number().min(0).max(1000).optional().describe("Times the usual amounts"),
  webhooks_failed: share.optional().describe("Share of deliveries that fail"),
  webhooks: share.optional().describe("Share of deliveries that arrive"),
  unseen: z.boolean().optional().describe("Our own ingest is down: the minutes say nothing"),
});

const expected = z.strictObject({
  rule: z.enum(RULE_NAMES as [string, ...string[]], { error: `expected one of ${RULE_NAMES.join(", ")}` }),
  fires: between,
  severity: z.enum(["WARNING", "CRITICAL"]).optional(),
  resolves: between.optional(),
});

const test = z.strictObject({
  name: z.string().min(1).max(200),
  shop: z
    .strictObject({
      attempts_a_day: z.number().min(1).max(5_000_000).default(3000),
      declined: share.default(0.06),
      time_zone: z.string().default("UTC"),
      history: length.default(28 * 1440).describe("Ordinary days before the start, to learn from"),
      seed: z.int().min(1).max(1_000_000).default(7),
    })
    .prefault({}),
  alerts: z.record(z.string(), z.unknown()).default({}).describe("As in tillwatch.yaml"),
  length: length.default(1440),
  changes: z.array(change).max(100).default([]),
  expect: z.array(expected).max(100).default([]).describe("Everything that fires; anything else fails the test"),
});

export const ruleTests = z.strictObject({ tests: z.array(test).min(1).max(200) });
export type RuleTest = z.output<typeof test>;

export interface RuleTestResult {
  readonly name: string;
  /** What was not as expected, in words; empty when all was. */
  readonly problems: readonly string[];
}

interface Fired {
  readonly rule: string;
  readonly severity: string;
  /** Minutes after the start. */
  readonly at: number;
  readonly until: number | null;
  readonly why: string;
}

/** The start is a Monday's midnight UTC, whatever the history. */
const START = MONDAY + 35 * 86_400;

function traffic({ shop, length: minutes, changes }: RuleTest): { buckets: MinuteBucket[]; unseen: ReadonlySet<number> } {
  const unseen = new Set<number>();
  const arriving = new Map<number, number>();
  const apply = (moment: Moment, minute: number): void => {
    for (const one of changes) {
      if (minute < one.at || minute >= one.at + one.for) continue;
      moment.rate *= one.attempts ?? 1;
      moment.decline = one.declined ?? moment.decline;
      moment.meanSale *= one.amounts ?? 1;
      moment.webhookFailure = one.webhooks_failed ?? moment.webhookFailure;
      if (one.webhooks !== undefined) arriving.set(minute, one.webhooks);
      if (one.unseen === true) unseen.add(minute);
    }
  };
  const made = madeUpMinutes(
    { attemptsADay: shop.attempts_a_day, days: (shop.history + minutes) / 1440, start: START - shop.history * 60, declineRate: shop.declined, seed: shop.seed },
    (moment, minute) => apply(moment, minute - shop.history),
  );
  const buckets = made.map((bucket, minute) => {
    const arrived = arriving.get(minute - shop.history) ?? 1;
    return arrived === 1 ? bucket : { ...bucket, webhook_ok: Math.round(bucket.webhook_ok * arrived), webhook_failed: Math.round(bucket.webhook_failed * arrived) };
  });
  return { buckets, unseen };
}

/** Minutes after the start. */
const place = (ms: number): number => Math.round((ms / 1000 - START) / 60);

function clock(minutes: number): string {
  const day = Math.floor(minutes / 1440);
  const left = minutes - day * 1440;
  return `${day === 0 ? "" : `${day}d `}${String(Math.floor(left / 60)).padStart(2, "0")}:${String(left % 60).padStart(2, "0")}`;
}

const LITERAL_GROUP: Readonly<Record<string, RuleGroup>> = { webhook_failures: "webhooks", payment_errors: "payments", revenue_dip: "revenue" };

/** Everything that fires from the start on: adaptive rules, and those literal ones whose mode is threshold. */
function play(one: RuleTest, { settings, thresholds }: RuleSet): Fired[] {
  const { buckets, unseen } = traffic(one);
  const days = specialDays(settings, START * 1000, START * 1000 + one.length * MINUTE_MS);
  const detector = createDetector({ timeZone: one.shop.time_zone, currency: "USD", sensitivity: settings.sensitivity, drop: settings.drop, days, metrics: ["revenue_dip", "payment_error", "webhook_failure", "card_testing", "revenue_spike", "refund_surge", "dispute_surge"] });
  const literal = literalReplay(thresholds, (ms) => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(one.shop.time_zone).startOfDay().epochMilliseconds);
  const byId = new Map<string, Fired>();
  for (const [index, bucket] of buckets.entries()) {
    const minute = index - one.shop.history;
    const observed = !unseen.has(minute) && !inMaintenance(settings, bucket.ts * 1000);
    for (const { alert } of detector.push(bucket, undefined, { observed })) {
      const group = KIND_GROUPS[alert.kind];
      if (settings.off.has(alert.kind) || (group !== null && settings.modes[group] === "threshold")) continue;
      byId.set(alert.id, { rule: alert.kind, severity: alert.severity, at: place(alert.firedAt), until: alert.resolvedAt === null ? null : place(alert.resolvedAt), why: alert.why });
    }
    literal.push({ at: bucket.ts * 1000, attempts: bucket.attempts, failed: bucket.failed, webhooksFailed: bucket.webhook_failed, revenue: new Map([["usd", { amount: bucket.revenue_minor, sales: bucket.succeeded }]]) });
  }
  const plain = literal
    .firings()
    .filter(({ rule }) => LITERAL_RULES.some((name) => name === rule) && settings.modes[LITERAL_GROUP[rule] ?? "revenue"] === "threshold" && !settings.off.has(rule))
    .map((firing): Fired => ({ rule: firing.rule, severity: firing.severity, at: place(firing.firedAt), until: firing.resolvedAt === null ? null : place(firing.resolvedAt), why: firing.why }));
  return [...byId.values(), ...plain].filter(({ at }) => at >= 0).sort((a, b) => a.at - b.at);
}

const within = (minute: number | null, [from, until]: readonly [number, number]): boolean => minute !== null && minute >= from && minute <= until;

/** Plays the made-up shop through the rules and compares what fired with what was expected. */
export function runRuleTest(one: RuleTest, rules: RuleSet): RuleTestResult {
  const fired = play(one, rules);
  const left = [...fired];
  const problems: string[] = [];
  for (const wanted of one.expect) {
    const index = left.findIndex(({ rule, at }) => rule === wanted.rule && within(at, wanted.fires));
    const [found] = index < 0 ? [] : left.splice(index, 1);
    if (found === undefined) {
      problems.push(`${wanted.rule} did not fire between ${clock(wanted.fires[0])} and ${clock(wanted.fires[1])}`);
      continue;
    }
    if (wanted.severity !== undefined && found.severity !== wanted.severity) problems.push(`${wanted.rule} at ${clock(found.at)} was ${found.severity}, not ${wanted.severity}`);
    if (wanted.resolves !== undefined && !within(found.until, wanted.resolves)) {
      problems.push(`${wanted.rule} at ${clock(found.at)} ${found.until === null ? "was still open at the end" : `resolved at ${clock(found.until)}`}, not between ${clock(wanted.resolves[0])} and ${clock(wanted.resolves[1])}`);
    }
  }
  for (const { rule, severity, at, why } of left) problems.push(`not expected: ${severity} ${rule} at ${clock(at)}: ${why}`);
  return { name: one.name, problems };
}
