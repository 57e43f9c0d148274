import { z } from "zod";
import { MATCHER_TEXT, type Matcher, parseMatcher } from "../../notify/index.ts";
import { field } from "../../platform/index.ts";

/** The section `notify:` of `tillwatch.yaml`: channels, routes, mute times, maintenance, inhibition. */

export const shortName = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,39}$/i, { error: "expected a short name of letters, digits, - and _" });

/** A secret is named, never given: the file is copied, mailed and committed. */
function secretOf(example: string) {
  const error = `expected env:NAME, the environment variable that holds it, such as env:${example}; secrets do not stand in the file`;
  return z.string({ error }).regex(/^env:[A-Za-z_][A-Za-z0-9_]{0,99}$/, { error });
}

const common = {
  allow_private: field.onOff(false).describe("The address may be inside this machine or its networks"),
  timeout: field.duration(1000, 20_000).prefault("10s").describe("An answer that takes longer is none"),
};

const slack = z.strictObject({ kind: z.literal("slack"), url: secretOf("SLACK_URL").describe("Address of an incoming webhook"), ...common });
const teams = z.strictObject({ kind: z.literal("teams"), url: secretOf("TEAMS_URL").describe("Address of a workflow's webhook"), ...common });
const discord = z.strictObject({ kind: z.literal("discord"), url: secretOf("DISCORD_URL").describe("Address of a webhook"), ...common });
const pagerduty = z.strictObject({ kind: z.literal("pagerduty"), routing_key: secretOf("PAGERDUTY_KEY").describe("Key of an Events API v2 integration"), api: field.webAddress().optional().describe("Another address, for the EU service region"), ...common });
const opsgenie = z.strictObject({ kind: z.literal("opsgenie"), api_key: secretOf("OPSGENIE_KEY"), api: field.webAddress().optional().describe("Another address: EU, or Jira Service Management"), ...common });
const alertmanager = z.strictObject({ kind: z.literal("alertmanager"), url: secretOf("ALERTMANAGER_URL").describe("Base address, with user:password@ where needed"), ...common });
const webhook = z.strictObject({
  kind: z.literal("webhook"),
  url: secretOf("NOTICES_URL"),
  secret: secretOf("NOTICES_SECRET").describe("Signs what is sent, as Standard Webhooks has it"),
  shape: z.enum(["tillwatch", "alertmanager"]).default("tillwatch").describe("Body: our own, or Alertmanager's version 4"),
  ...common,
});
const ntfy = z.strictObject({ kind: z.literal("ntfy"), url: secretOf("NTFY_URL").describe("Address with the topic, https://ntfy.sh/…"), token: secretOf("NTFY_TOKEN").optional(), ...common });
const telegram = z.strictObject({ kind: z.literal("telegram"), token: secretOf("TELEGRAM_TOKEN"), chat: z.string().regex(/^(-?\d{1,20}|@\w{3,64})$/, { error: 'expected the id of a chat in quotes, such as "-1001234567890"' }), api: field.webAddress().optional(), ...common });
const mail = z.strictObject({
  kind: z.literal("mail"),
  to: z.array(z.email({ error: "expected an e-mail address" }).max(320)).min(1).max(20),
  from: field.text(320).optional().describe("Sender; receipts.from when left out"),
});

const channel = z.discriminatedUnion("kind", [slack, teams, discord, mail, pagerduty, opsgenie, alertmanager, webhook, ntfy, telegram], {
  error: "expected a kind: slack, teams, discord, mail, pagerduty, opsgenie, alertmanager, webhook, ntfy or telegram",
});

export type ChannelConfig = z.output<typeof channel>;

const matcher = z
  .string()
  .max(400)
  .regex(MATCHER_TEXT, { error: "expected a matcher such as rule=check_*, severity=CRITICAL or subject!=disk" })
  .transform((text): Matcher => parseMatcher(text));

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;

/** `09:00` as minutes after midnight; 24:00 is the end of a day. */
export const timeOfDay = z
  .string()
  .regex(/^([01]\d|2[0-3]):[0-5]\d$|^24:00$/, { error: 'expected a time of day in quotes, such as "09:00"' })
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const hours = z
  .string()
  .regex(/^\d\d:\d\d-\d\d:\d\d$/, { error: 'expected hours such as "22:00-06:00"' })
  .transform((text, context) => {
    const [from, to] = text.split("-").map((part) => timeOfDay.safeParse(part));
    if (from?.success === true && to?.success === true && from.data !== to.data) return { from: from.data, to: to.data };
    context.issues.push({ code: "custom", message: 'expected hours such as "22:00-06:00", from one time of day to another', input: text });
    return z.NEVER;
  });

export const interval = z
  .strictObject({
    weekdays: z.array(z.enum(DAYS)).max(7).default([]).describe("None: every day"),
    hours: z.array(hours).max(10).default([]).describe("None: the whole day. One that passes midnight belongs to the day on which it begins"),
    dates: z.array(z.string().refine(isDate, { error: "expected a date in quotes, such as \"2025-12-24\"" })).max(400).default([]),
    time_zone: field.timeZone().optional().describe("The merchant's when left out"),
  })
  .transform(({ weekdays, time_zone, ...rest }) => ({ ...rest, weekdays: weekdays.map((day) => DAYS.indexOf(day) + 1), timeZone: time_zone ?? null }));

export type IntervalConfig = z.output<typeof interval>;

export function isDate(text: string): boolean {
  try {
    return /^\d{4}-\d\d-\d\d$/.test(text) && Temporal.PlainDate.from(text).toString() === text;
  } catch {
    return false;
  }
}

const pace = {
  channels: z.array(shortName).max(20).optional().describe("The parent's when left out"),
  group_by: z.array(z.string().regex(/^[a-zA-Z_]\w{0,99}$/, { error: "expected the name of a label" })).max(10).optional().describe("Labels that make a group; subject when nothing is said, [] for one group"),
  wait: field.duration(0, 3_600_000).optional().describe("A WARNING waits as long for company; 30s. A CRITICAL waits for nothing"),
  interval: field.duration(60_000, 86_400_000).optional().describe("Between notices of one group; 5m"),
  repeat: field.duration(600_000, 30 * 86_400_000).optional().describe("What still fires is told again; 4h"),
  mute: z.array(shortName).max(20).optional().describe("Names of times in which nothing new is told"),
  active: z.array(shortName).max(20).optional().describe("Names of times in which alone something new is told"),
  digest: z
    .union([z.enum(["off", "hourly"]), z.literal(false), z.strictObject({ daily: timeOfDay, time_zone: field.timeZone().optional() })], { error: 'expected off, hourly, or {daily: "09:00"}' })
    .optional()
    .describe("WARNINGs together instead of one by one"),
  escalate: z.union([shortName, z.literal(false)]).optional().describe("Name of a policy in oncall.policies; off for none"),
};

const paceObject = z.strictObject(pace);

export interface RouteConfig extends z.output<typeof paceObject> {
  name: string;
  match: Matcher[];
  continue: boolean;
  routes?: RouteConfig[] | undefined;
}

const route: z.ZodType<RouteConfig> = z.strictObject({
  name: shortName.describe("Names it in notices and to a pager"),
  match: z.array(matcher).max(20).default([]).describe("All must hold; none: everything"),
  continue: field.onOff(false).describe("Look at the routes behind it too"),
  ...pace,
  get routes(): z.ZodOptional<z.ZodArray<z.ZodType<RouteConfig>>> {
    return z.array(route).max(50).optional();
  },
});

const root = z.strictObject({ ...pace, routes: z.array(route).max(50).optional().describe("The first that matches takes it") });

export type RootConfig = z.output<typeof root>;

const inhibit = z.strictObject({
  name: field.text(200).describe("What is happening then, in words"),
  source: z.array(matcher).min(1).max(20).describe("While an alert like this fires"),
  target: z.array(matcher).min(1).max(20).describe("alerts like these are what it causes, and are not told"),
  equal: z.array(z.string().max(100)).max(10).default([]).describe("if they agree in these labels"),
});

export const notify = z
  .strictObject({
    channels: z.record(shortName, channel).default({}).describe("Ways to people and other systems, by name"),
    route: root.optional().describe("Who is told what; when left out, every channel is told everything, a pager only what is CRITICAL"),
    times: z.record(shortName, z.array(interval).min(1).max(20)).default({}).describe("Times by name, for mute and active"),
    maintenance: z
      .record(shortName, z.strictObject({ match: z.array(matcher).max(20).default([]), times: z.array(interval).min(1).max(20) }))
      .default({})
      .describe("Recurring windows in which alerts that match are not told"),
    inhibit: z.array(inhibit).max(50).optional().describe("Instead of ours: CRITICAL over WARNING on a subject, a database that is down over all, an outage of Stripe over payments"),
    acknowledgement_lasts: field.duration(300_000, 7 * 86_400_000).prefault("4h").describe("Older than this it is asked about again"),
    links_last: field.duration(600_000, 7 * 86_400_000).prefault("1d").describe("How long a link that acknowledges works"),
    keep_days: z.int({ error: "expected a whole number of days from 1 to 3650" }).min(1).max(3650).default(90).describe("How long notices and attempts are kept"),
  })
  .describe("Who is told of alerts, how and when")
  .prefault({})
  .transform(({ acknowledgement_lasts, links_last, keep_days, ...rest }) => ({ ...rest, forgottenMs: acknowledgement_lasts, linksLastMs: links_last, keepMs: keep_days * 86_400_000 }));
