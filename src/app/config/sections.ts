import { z } from "zod";
import { asCurrency, type Minor, parseMajor } from "../../money/index.ts";
import { field } from "../../platform/index.ts";
import { cronTrouble } from "../../tasks/index.ts";
import { backupSection } from "./backup.ts";
import { pricing } from "./pricing.ts";
import { reports } from "./reports.ts";
import { slo } from "./slo.ts";
import { watchdog } from "./watchdog.ts";
import { alertSettings, toSettings } from "./alerts.ts";
import { notify } from "./notify.ts";
import { oncall } from "./oncall.ts";

/**
 * The sections of `tillwatch.yaml`. A section is a strict object in the file's own names (snake_case) with a transform to
 * ours; a room that brings settings adds its section here and nothing else.
 */

const DAY_MS = 86_400_000;

const merchant = z
  .strictObject({
    name: field.text(100).default("Tillwatch").describe("Shown on pages, reports and notices"),
    time_zone: field.timeZone().default("UTC").describe("IANA time zone in which the merchant's day begins"),
    currency: z
      .string()
      .regex(/^[a-zA-Z]{3}$/, { error: "expected a three-letter currency code such as usd" })
      .default("usd")
      .transform((code) => code.toLowerCase())
      .describe("Currency shown first, and used where a request names none"),
    country: z
      .string()
      .regex(/^[A-Z]{2}$/, { error: "expected a two-letter country code in capitals such as US" })
      .optional()
      .describe("Country of the Stripe account"),
  })
  .describe("Who takes the money")
  .prefault({})
  .transform(({ name, time_zone, currency, country }) => ({ name, timeZone: time_zone, currency, country: country ?? null }));

const server = z
  .strictObject({
    port: field.integer(0, 65_535).default(5000).describe("PORT stands above it; 0 takes any free port"),
    host: field.text(255).default("127.0.0.1").describe("HOST stands above it; 0.0.0.0 listens on every interface"),
    public_url: field.webAddress().optional().describe("Address under which people and Stripe reach the service"),
    trusted_proxies: z.array(field.network()).max(100).default([]).describe("Proxies whose X-Forwarded-For is believed"),
    body_limit: field.bytes(64 * 1024, 64 * 1024 * 1024).prefault("1mb").describe("Largest request body taken"),
    request_time_limit: field.duration(1000, 300_000).prefault("30s").describe("A request not answered by then is cut"),
  })
  .describe("The HTTP server")
  .prefault({})
  .transform((given) => ({
    port: given.port,
    host: given.host,
    publicUrl: given.public_url ?? null,
    trustedProxies: given.trusted_proxies,
    bodyLimitBytes: given.body_limit,
    requestTimeLimitMs: given.request_time_limit,
  }));

const stripe = z
  .strictObject({
    mode: z.enum(["test", "live"]).default("test").describe("STRIPE_MODE stands above it"),
    api_base: field.webAddress().optional().describe("Another Stripe API base address; STRIPE_API_BASE stands above it"),
  })
  .describe("Stripe; its keys come from the environment only")
  .prefault({})
  .transform(({ mode, api_base }) => ({ mode, apiBase: api_base ?? null }));

const storage = z
  .strictObject({
    data_dir: field.text(4096).default("data").describe("Folder of the embedded database; DATA_DIR stands above it"),
    log_dir: field.text(4096).default("logs").describe("Folder of the NDJSON mirrors, or off; LOG_DIR stands above it"),
  })
  .describe("Where things are kept; paths are relative to the folder the service was started in")
  .prefault({});

const alerts = z
  .strictObject({
    webhook_failures_5m: field.integer(0, 1_000_000).default(3).describe("CRITICAL above this many webhook failures in 5 minutes"),
    payment_error_rate_1h: field.fraction(0, 1).default(0.05).describe("CRITICAL above this share of failed payments in an hour"),
    revenue_change_dod: field.fraction(-1, 0).default(-0.3).describe("WARNING below this change of revenue day over day"),
    evidence: field.onOff(true).describe("Ask for statistical evidence before a rate becomes a verdict"),
    ...alertSettings,
  })
  .describe("Thresholds of the production alerts, and how what is usual for this shop counts")
  .prefault({})
  .transform((given) => ({
    webhookFailures5m: given.webhook_failures_5m,
    paymentErrorRate1h: given.payment_error_rate_1h,
    revenueChangeDod: given.revenue_change_dod,
    evidence: given.evidence,
    settings: toSettings(given),
  }));

const limitAmount = z.union([z.number(), z.string().max(40)], { error: "expected an amount in the currency's major unit such as 500 or \"500.00\"" }).optional();

/** By currency; amounts are read as the currency writes them. */
const refundLimits = z
  .record(
    z.string().regex(/^[A-Za-z]{3}$/, { error: "expected a three-letter currency code such as usd" }),
    z.strictObject({
      single: limitAmount.describe("Largest single refund without a second person"),
      per_day: limitAmount.describe("All refunds within 24 hours"),
      per_key_day: limitAmount.describe("Refunds of one key within 24 hours"),
    }),
  )
  .transform((given, context) => {
    const limits: Record<string, { single: Minor | null; day: Minor | null; keyDay: Minor | null }> = {};
    for (const [code, { single, per_day, per_key_day }] of Object.entries(given)) {
      const currency = asCurrency(code);
      if (currency === null) continue;
      const read = (name: string, value: unknown): Minor | null => {
        if (value === undefined) return null;
        const parsed = parseMajor(value, currency, { from: "zero" });
        if (parsed.kind === "amount") return parsed.minor;
        context.issues.push({ code: "custom", message: parsed.message, input: value, path: [code, name] });
        return null;
      };
      limits[currency] = { single: read("single", single), day: read("per_day", per_day), keyDay: read("per_key_day", per_key_day) };
    }
    return limits;
  });

const operations = z
  .strictObject({
    refund_limits: refundLimits.prefault({}).describe("Above these a second person with another key approves; once any currency is named, every refund in another one needs approval"),
  })
  .describe("What may be done by one person alone")
  .prefault({})
  .transform(({ refund_limits }) => ({ refundLimits: refund_limits }));

const receipts = z
  .strictObject({
    mode: z
      .union([z.enum(["off", "stripe", "self"]), z.literal(false)], { error: "expected off, stripe or self" })
      .default("off")
      .transform((mode) => (mode === false ? "off" : mode))
      .describe("Who mails receipts: nobody, Stripe, or Tillwatch by SMTP"),
    from: field.text(320).optional().describe("Sender, like Shop <receipts@example.com>; needed for self"),
    reply_to: field.text(320).optional().describe("Where answers go"),
    logo: field.webAddress().refine((address) => address.startsWith("https://"), { error: "expected an https:// address of an image" }).optional().describe("Address of the merchant's logo"),
    in_test_mode: field.onOff(false).describe("Mail receipts in test mode too"),
  })
  .describe("Receipts by e-mail")
  .prefault({})
  .transform((given) => ({ mode: given.mode, from: given.from ?? null, replyTo: given.reply_to ?? null, logo: given.logo ?? null, inTestMode: given.in_test_mode }));

const smtp = z
  .strictObject({
    host: field.text(255).optional().describe("Mail server; without one nothing is mailed"),
    port: field.integer(1, 65_535).default(587),
    user: field.text(255).optional().describe("The password comes from the environment: SMTP_PASSWORD"),
    security: z.enum(["starttls", "tls", "none"], { error: "expected starttls, tls or none" }).default("starttls").describe("starttls (port 587), tls (port 465), or none for a relay on this machine"),
  })
  .describe("The mail server")
  .prefault({})
  .transform((given) => ({ host: given.host ?? null, port: given.port, user: given.user ?? null, security: given.security }));

/** Days as milliseconds; null keeps for ever. */
function kept(fallback: number | "forever") {
  return z
    .union([z.int().min(1).max(36_500), z.literal("forever")], { error: "expected a whole number of days from 1 to 36500, or forever" })
    .default(fallback)
    .transform((days) => (days === "forever" ? null : days * DAY_MS));
}

const retention = z
  .strictObject({
    events_days: kept("forever").describe("Events as they came; the payments derived from them are kept for ever"),
    deliveries_days: kept(90).describe("The record of each delivery"),
    minutes_days: kept(35).describe("Figures per minute"),
    hours_days: kept(400).describe("Figures per hour; figures per day are kept for ever"),
    task_runs_days: kept(90).describe("History of scheduled tasks"),
    completeness_days: kept(400).describe("What Stripe's list said per five minutes, and the record of gaps"),
  })
  .describe("How long things are kept")
  .prefault({})
  .transform((given) => ({
    eventsMs: given.events_days,
    deliveriesMs: given.deliveries_days,
    minutesMs: given.minutes_days,
    hoursMs: given.hours_days,
    taskRunsMs: given.task_runs_days,
    completenessMs: given.completeness_days,
  }));

function checkCron(expression: string, context: z.RefinementCtx): void {
  const trouble = cronTrouble(expression);
  if (trouble !== null) context.addIssue(`${trouble}; expected five fields such as "15 3 * * *"`);
}

const task = z
  .strictObject({
    enabled: field.onOff(true).describe("off: the task is never started by itself"),
    every: field.duration(60_000, 366 * DAY_MS).optional().describe("Interval, like 5m"),
    cron: field.text(100).superRefine(checkCron).optional().describe("Cron expression of five fields, in time_zone"),
    time_zone: field.timeZone().optional().describe("For cron; the merchant's when not given"),
    time_limit: field.duration(1000, DAY_MS).optional().describe("A run that takes longer is stopped"),
  })
  .refine(({ every, cron }) => every === undefined || cron === undefined, { error: "expected every or cron, not both" })
  .transform((given) => ({
    enabled: given.enabled,
    everyMs: given.every ?? null,
    cron: given.cron ?? null,
    timeZone: given.time_zone ?? null,
    timeLimitMs: given.time_limit ?? null,
  }));

const tasks = z
  .record(z.string().regex(/^[a-z][a-z0-9_]{0,62}$/, { error: "expected the name of a task, see `tillwatch tasks`" }), task)
  .describe("Scheduled tasks by name, see `tillwatch tasks`")
  .prefault({});

const forwardTarget = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z0-9][a-z0-9_-]{0,39}$/i, { error: "expected a short name of letters, digits, - and _" })
      .describe("Names it in records; its signing secret stands under this name in FORWARD_SECRET"),
    url: field.webAddress().describe("Where events are posted to"),
    types: z
      .array(z.string().regex(/^[a-z0-9_.]{1,100}(\.\*)?$|^\*$/, { error: "expected an event type such as charge.failed, or charge.*" }))
      .max(200)
      .default([])
      .describe("Only these event types; all when left out"),
    signature: z.enum(["own", "original"], { error: "expected own or original" }).default("own").describe("own: signed with FORWARD_SECRET; original: with Stripe's own signature where it came with one, ours beside it"),
    timeout: field.duration(1000, 60_000).prefault("10s").describe("An answer that takes longer is none"),
  })
  .transform(({ timeout, ...target }) => ({ ...target, timeoutMs: timeout }));

const ingest = z
  .strictObject({
    sweep: field.onOff(true).describe("Ask Stripe's list of events for what did not come by itself"),
    accounts: z
      .array(z.string().regex(/^acct_\w{1,64}$/, { error: "expected the id of a connected account such as acct_1Oq…" }))
      .max(100)
      .default([])
      .describe("Connected accounts to sweep beside the account itself"),
    tail: z.array(field.text(4096)).max(20).default([]).describe("NDJSON files of another application to follow (webhooks, payments, refunds); on one node only"),
    forward: z
      .array(forwardTarget)
      .max(10)
      .default([])
      .refine((targets) => new Set(targets.map(({ name }) => name)).size === targets.length, { error: "expected each name once" })
      .describe("The team's own applications that events are passed on to"),
  })
  .describe("Where events come from besides the webhook endpoint")
  .prefault({});

export const fileSchema = z.strictObject({ merchant, server, stripe, storage, ingest, alerts, operations, receipts, smtp, retention, backup: backupSection, tasks, reports, slo, watchdog, notify, oncall, pricing });

export type FileConfig = z.output<typeof fileSchema>;

/** The JSON Schema that editors use for `tillwatch.yaml`. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...rest } = z.toJSONSchema(fileSchema, { io: "input" });
  return { $schema, title: "tillwatch.yaml", ...rest };
}
