import { z } from "zod";
import { asCurrency } from "../money/index.ts";
import { type Clock, type Database, type Guard, type Http, isoMillis, isoSeconds, noQuery } from "../platform/index.ts";
import { BASES, expectation, type Expectation, type ExpectationStep, type ExpectedMetric, METRICS, outlookNow, POSITIONS } from "./expectation.ts";
import { showMoney } from "./present.ts";
import { overviewSentence, type SentenceScope } from "./sentence.ts";

export interface ExpectationRoutes {
  readonly db: Database;
  readonly clock: Clock;
  readonly viewer: Guard;
  readonly scope: SentenceScope;
}

const OK = z.literal(true);
const VALUE = z.number().nullable();
const STEP = z.object({ at: z.string(), seen: VALUE, expected: VALUE, low: VALUE, high: VALUE });

const EXPECTATION_SHAPE = z.object({
  metric: z.enum(METRICS),
  currency: z.string().nullable(),
  time_zone: z.string(),
  step_s: z.number(),
  learning_days_left: z.number().nullable().describe("0: learnt; null: nobody follows the minutes just now"),
  basis: z.enum(BASES).describe("What the band rests on: `learnt` from the shop's own weeks; `guess`, while learning; `none`, and the band is null"),
  until: z.string(),
  now: z.object({ seen: VALUE, expected: VALUE, low: VALUE, high: VALUE, position: z.enum(POSITIONS), text: z.string() }).describe("Today so far"),
  today: z.array(STEP).describe("seen is null for steps to come; revenue in minor units, rates as fractions"),
  yesterday: z.array(STEP),
});

function valueText(metric: ExpectedMetric, currency: string | null, value: number | null): string {
  if (value === null) return "-";
  switch (metric) {
    case "revenue":
      return showMoney({ currency: currency ?? "", minor: Math.round(value) })?.text ?? "";
    case "attempts":
      return Math.round(value).toLocaleString("en-US");
    case "success_rate":
      return `${Math.round(value * 1000) / 10} %`;
  }
}

function nowText({ metric, currency, now, learningDaysLeft }: Expectation): string {
  const seen = valueText(metric, currency, now.seen);
  if (now.position === "unfollowed") return seen;
  if (now.position === "learning") {
    const left = learningDaysLeft === 0 || learningDaysLeft === null ? "" : ` (${learningDaysLeft} days left)`;
    const guess = now.low === null || now.high === null ? "" : `; a first guess is ${valueText(metric, currency, now.low)} to ${valueText(metric, currency, now.high)}`;
    return `${seen}; what is usual is still being learnt${left}${guess}`;
  }
  return `${seen}; usual by now are ${valueText(metric, currency, now.low)} to ${valueText(metric, currency, now.high)}`;
}

function showSteps(steps: readonly ExpectationStep[]): z.output<typeof STEP>[] {
  return steps.map(({ at, ...values }) => ({ at: isoSeconds(at), ...values }));
}

function showExpectation(shown: Expectation): z.output<typeof EXPECTATION_SHAPE> {
  return {
    metric: shown.metric,
    currency: shown.currency,
    time_zone: shown.timeZone,
    step_s: shown.stepMs / 1000,
    learning_days_left: shown.learningDaysLeft,
    basis: shown.basis,
    until: isoSeconds(shown.untilMs),
    now: { ...shown.now, text: nowText(shown) },
    today: showSteps(shown.today),
    yesterday: showSteps(shown.yesterday),
  };
}

const query = z.strictObject({
  metric: z.enum(METRICS).default("revenue"),
  currency: z
    .string()
    .refine((code) => asCurrency(code) !== null, "must be a three-letter currency code such as usd")
    .transform((code) => code.toLowerCase())
    .optional()
    .describe("The merchant's for revenue, all together for the others, when left out"),
});

const OUTLOOK_SHAPE = z.object({
  text: z.string(),
  learning_days_left: z.number().nullable(),
  judged_until: z.string().nullable(),
  streams: z.array(
    z.object({ name: z.string(), currency: z.string().nullable(), attempts_a_day: z.number(), learning_days_left: z.number(), dead_checkout_minutes: z.number().nullable(), halved_checkout_minutes: z.number().nullable(), text: z.string() }),
  ),
});

/** `/api/expectation`, `/api/outlook`, `/api/overview/sentence`. */
export function expectationRoutes(http: Http, { db, clock, viewer, scope }: ExpectationRoutes): void {
  http.get(
    "/api/expectation",
    { onRequest: viewer, schema: { summary: "What was seen today and yesterday beside what is usual for this shop, in steps of ten minutes", tags: ["alerts"], querystring: query, response: { 200: z.object({ ok: OK, data: EXPECTATION_SHAPE }) } } },
    async (request) => {
      const { metric, currency } = request.query;
      const of = currency ?? (metric === "revenue" ? scope.mainCurrency : null);
      return { ok: true as const, data: showExpectation(await expectation(db.read, scope, metric, of, clock.now())) };
    },
  );
  http.get(
    "/api/outlook",
    { onRequest: viewer, schema: { summary: "How soon trouble is noticed at this shop's volume, and what is still being learnt", tags: ["alerts"], querystring: noQuery, response: { 200: z.object({ ok: OK, data: OUTLOOK_SHAPE }) } } },
    async () => {
      const { text, learningDaysLeft, judgedUntil, streams } = await outlookNow(db.read, clock.now());
      const shown = streams.map((one) => ({ name: one.name, currency: one.currency, attempts_a_day: Math.round(one.attemptsADay * 10) / 10, learning_days_left: one.learningDaysLeft, dead_checkout_minutes: one.deadMinutes, halved_checkout_minutes: one.halvedMinutes, text: one.text }));
      return { ok: true as const, data: { text, learning_days_left: learningDaysLeft, judged_until: judgedUntil === null ? null : isoMillis(judgedUntil), streams: shown } };
    },
  );
  http.get(
    "/api/overview/sentence",
    { onRequest: viewer, schema: { summary: "The state of things in one line", tags: ["alerts"], querystring: noQuery, response: { 200: z.object({ ok: OK, data: z.object({ text: z.string(), state: z.enum(["ok", "WARNING", "CRITICAL"]), open_alerts: z.number(), position: z.enum(POSITIONS) }) }) } } },
    async () => {
      const sentence = await overviewSentence(db.read, scope, clock.now());
      return { ok: true as const, data: { text: sentence.text, state: sentence.state, open_alerts: sentence.openAlerts, position: sentence.position } };
    },
  );
}
