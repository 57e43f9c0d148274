import { z } from "zod";
import { field } from "../../platform/index.ts";
import { DEFAULT_LIMITS, INDICATORS, type Indicator, MILLION, type SliceOf, type Slo, unreachableLimits } from "../../slo/index.ts";

/** The section `slo`: on from the first day; each default can be changed or switched off, and others added. */

const DAY_MS = 86_400_000;
const ONLY_ERROR = "expected currency=, brand=, country= or method= and what it is, like currency=eur";
const CAUSES = ["customer", "risk", "technical"] as const;

/** By how much customers are hurt, and what a small team can keep. */
const DEFAULT_PPM: Readonly<Record<Indicator, number>> = { webhook_processed: 999_000, event_completeness: 999_000, payment_success: 990_000, api_availability: 995_000 };

const objectiveError = "expected a number from 0.5 to 0.99999, where 0.999 means 99.9 %";

const limit = z
  .strictObject({
    severity: z.enum(["page", "ticket"], { error: "expected page or ticket" }),
    long: field.duration(600_000, 30 * DAY_MS).describe("Says that it matters, like 1h"),
    short: field.duration(60_000, 30 * DAY_MS).describe("Says that it still goes on, like 5m"),
    burn: z.number({ error: "expected a burn rate from 0.1 to 100000" }).min(0.1).max(100_000),
  })
  .refine(({ long, short }) => short < long, { error: "expected short to be shorter than long" })
  .transform(({ long, short, ...rest }) => ({ ...rest, longMs: long, shortMs: short }));

const objective = z.strictObject({
  enabled: field.onOff(true),
  indicator: z.enum(INDICATORS, { error: `expected ${INDICATORS.join(", ")}` }).optional().describe("What is counted; may be left out where the name is an indicator's"),
  objective: z.number({ error: objectiveError }).min(0.5, { error: objectiveError }).max(0.99999, { error: objectiveError }).optional().describe("Share of good events, like 0.999"),
  min_bad_events: field.integer(1, 1_000_000).optional().describe("Fewer bad events than this alert nobody"),
  exclude: z.array(z.enum(CAUSES, { error: `expected ${CAUSES.join(", ")}` })).max(3).optional().describe("payment_success: failures of these causes do not count; customer and risk when left out, [] counts all"),
  only: z
    .string({ error: ONLY_ERROR })
    .regex(/^(currency|brand|country|method)=[\w-]{1,40}$/, { error: ONLY_ERROR })
    .transform((given): NonNullable<Slo["only"]> => {
      const [kind = "", value = ""] = given.split("=");
      // Currencies stand in small letters in the buckets, countries in capitals.
      return { kind: kind as SliceOf, value: kind === "currency" ? value.toLowerCase() : kind === "country" ? value.toUpperCase() : value };
    })
    .optional()
    .describe("payment_success: only these payments, like currency=eur"),
});

const NAME = z.string().regex(/^[a-z][a-z0-9_]{0,39}$/, { error: "expected a name of small letters, digits and _, like payment_success_eur" });

export const slo = z
  .strictObject({
    window_days: z.union([z.literal(28), z.literal(30)], { error: "expected 28 or 30" }).default(30).describe("The rolling period"),
    processed_within: field.duration(1000, DAY_MS).prefault("60s").describe("A webhook processed later than this after it came is late"),
    objectives: z.record(NAME, objective).prefault({}).describe("By name; the four defaults are named as their indicators"),
    limits: z.array(limit).max(10).optional().describe("Burn rates that alert; page 1h/5m 14.4 and 6h/30m 6, ticket 1d/2h 3 and 3d/6h 1 when left out"),
    min_bad_events: field.integer(1, 1_000_000).default(5).describe("Fewer bad events than this in the long window alert nobody"),
  })
  .describe("Service level objectives")
  .prefault({})
  .transform((given, context) => {
    const slos: Slo[] = [];
    for (const name of new Set([...INDICATORS, ...Object.keys(given.objectives)])) {
      const own = given.objectives[name];
      const indicator = own?.indicator ?? INDICATORS.find((one) => one === name);
      const refuse = (key: string, message: string): void => void context.issues.push({ code: "custom", message, input: own, path: ["objectives", name, key] });
      if (indicator === undefined) {
        refuse("indicator", `expected one of ${INDICATORS.join(", ")}, since ${name} is none of them`);
        continue;
      }
      if (own !== undefined && indicator !== "payment_success" && (own.exclude !== undefined || own.only !== undefined)) refuse("indicator", "exclude and only say something of payments alone: expected indicator: payment_success");
      if (own?.enabled === false) continue;
      slos.push({
        name,
        indicator,
        objectivePpm: own?.objective === undefined ? DEFAULT_PPM[indicator] : Math.round(own.objective * MILLION),
        windowDays: given.window_days,
        limits: given.limits ?? DEFAULT_LIMITS,
        minBad: own?.min_bad_events ?? given.min_bad_events,
        exclude: indicator === "payment_success" ? (own?.exclude ?? ["customer", "risk"]) : [],
        only: own?.only ?? null,
      });
    }
    return { slos, processedWithinMs: given.processed_within };
  });

/** Limits that the objectives make impossible; to be logged at start. */
export function sloWarnings({ slos }: { slos: readonly Slo[] }): string[] {
  return slos.flatMap(unreachableLimits);
}
