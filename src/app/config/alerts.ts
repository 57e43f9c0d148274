import { z } from "zod";
import { type AlertSettings, MODES, publicHolidays, RULE_NAMES } from "../../alerts/index.ts";
import { field } from "../../platform/index.ts";

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/;
const DATE_ERROR = "expected a date such as 2025-11-28";
const TIME_ERROR = "expected a time of the merchant's clock such as 22:00";
const MOST_DAYS = 366;

const clockTime = z
  .string({ error: TIME_ERROR })
  .regex(/^([01]\d|2[0-3]):[0-5]\d$/, { error: TIME_ERROR })
  .transform((text) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3)));

const quietHours = z.strictObject({ from: clockTime, until: clockTime }).refine(({ from, until }) => from !== until, { error: "expected two different times" });

function isDate(text: string): boolean {
  return DATE.test(text) && new Date(`${text}T00:00:00Z`).toISOString().startsWith(text);
}

function datesFrom(from: string, until: string): string[] {
  const dates: string[] = [];
  for (let ms = Date.parse(`${from}T00:00:00Z`); ms <= Date.parse(`${until}T00:00:00Z`) && dates.length <= MOST_DAYS; ms += 86_400_000) dates.push(new Date(ms).toISOString().slice(0, 10));
  return dates;
}

const date = z.string({ error: DATE_ERROR }).refine(isDate, { error: DATE_ERROR });
const specialDay = z
  .strictObject({
    from: date.describe("First day"),
    until: date.optional().describe("Last day; the first when left out"),
    kind: z.enum(["holiday", "closed", "promotion", "maintenance"], { error: "expected holiday, closed, promotion or maintenance" }),
    name: field.text(100).optional(),
  })
  .refine(({ from, until }) => until === undefined || (until >= from && datesFrom(from, until).length <= MOST_DAYS), { error: `expected until not before from, and at most ${MOST_DAYS} days`, path: ["until"] });

const INSTANT_ERROR = "expected a time with its zone such as 2025-11-28T02:00:00Z";
const instant = z.iso.datetime({ offset: true, error: INSTANT_ERROR }).transform((text) => Date.parse(text));
const maintenance = z.strictObject({ from: instant, until: instant }).refine(({ from, until }) => until > from && until - from <= 31 * 86_400_000, { error: "expected until after from, and at most 31 days", path: ["until"] });

const mode = z.enum(MODES, { error: "expected adaptive, threshold or both_must_agree" }).default("adaptive");

const COUNTRY_ERROR = "expected a country whose holidays are known, such as US, or with a region DE-BY";

function hasHolidays(country: string): boolean {
  try {
    return publicHolidays(country, [2025]).length > 0;
  } catch {
    return false;
  }
}

const country = z
  .string({ error: COUNTRY_ERROR })
  .regex(/^[A-Z]{2}(-[A-Z0-9]{1,3})?$/, { error: COUNTRY_ERROR })
  .refine(hasHolidays, { error: COUNTRY_ERROR });

/** What decides besides the plain thresholds. */
const settings = {
  mode: z
    .strictObject({ webhooks: mode, payments: mode, revenue: mode })
    .prefault({})
    .describe("Per kind: adaptive (what is usual for this shop decides, and the threshold where it is not usual), threshold (it alone), both_must_agree"),
  sensitivity: z.enum(["calm", "normal", "eager"], { error: "expected calm, normal or eager" }).default("normal").describe("How many false alarms to risk: see `tillwatch alerts backtest --compare`"),
  dip: field.fraction(0.05, 0.9).default(0.3).describe("Share of the usual volume missing that counts as a dip"),
  minimum_attempts: field.integer(0, 1_000_000).default(0).describe("A rate of failed payments says nothing below so many attempts"),
  quiet_hours: z.array(quietHours).max(10).default([]).describe("Times of the merchant's day in which no WARNING begins"),
  off: z.array(z.string().regex(/^[a-z0-9_:.-]{1,100}$/, { error: "expected the name of a rule" })).max(100).default([]).describe(`Rules that are switched off: ${RULE_NAMES.join(", ")}, or any that \`tillwatch alerts list\` shows`),
  holidays: z.array(country).max(10).optional().describe("Countries whose public holidays are quiet days; merchant.country when left out"),
  special_days: z.array(specialDay).max(200).default([]).describe("Own days that are not like others, by the merchant's calendar"),
  maintenance: z.array(maintenance).max(100).default([]).describe("Stretches of planned work: nothing is judged, nothing learnt"),
} as const;

export const alertSettings = settings;

type Given = z.output<z.ZodObject<typeof settings>>;

export function toSettings(given: Given): Omit<AlertSettings, "holidays"> & { readonly holidays: readonly string[] | null } {
  return {
    modes: given.mode,
    sensitivity: given.sensitivity,
    drop: given.dip,
    minimumAttempts: given.minimum_attempts,
    quietHours: given.quiet_hours.map(({ from, until }) => ({ fromMinute: from, untilMinute: until })),
    off: new Set(given.off),
    holidays: given.holidays ?? null,
    days: given.special_days.flatMap(({ from, until, kind, name }) => datesFrom(from, until ?? from).map((day) => ({ date: day, kind, ...(name === undefined ? {} : { name }) }))),
    maintenance: given.maintenance.map(({ from, until }) => ({ fromMs: from, untilMs: until })),
  };
}
