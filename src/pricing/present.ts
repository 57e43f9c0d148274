import { z } from "zod";
import { type Currency, estimate, type Minor, moneyText, subtract } from "../money/index.ts";
import { isoMillis, isoSeconds } from "../platform/index.ts";
import { shareInterval } from "./declines.ts";
import type { OfferFacts, PricePoint, Tally } from "./facts.ts";
import type { StoredRun } from "./run.ts";
import { basisDigest, type readSteps } from "./store.ts";
import { type Suggestion, SUGGESTION_KINDS, SUGGESTION_STATES } from "./suggestion.ts";

const money = z.object({ currency: z.string(), minor: z.int(), text: z.string() });
type Money = z.output<typeof money>;

function moneyOf(amount: Minor | null, currency: Currency | null): Money | null {
  return amount === null || currency === null ? null : { currency, minor: amount, text: moneyText(amount, currency) };
}

const time = z.string().describe("ISO 8601, UTC");

export const suggestionShape = z.object({
  id: z.string(),
  kind: z.enum(SUGGESTION_KINDS),
  state: z.enum(SUGGESTION_STATES),
  mode: z.enum(["test", "live"]),
  title: z.string(),
  why: z.array(z.string()),
  effect: z.object({
    text: z.string(),
    low: z.number().nullable().describe("Relative change of revenue, lower end of the middle 90 %: 0.03 is 3 % more"),
    median: z.number().nullable(),
    high: z.number().nullable(),
    monthly: z.object({ low: money, high: money }).nullable(),
  }),
  evidence: z.array(z.object({ what: z.string(), value: z.string() })),
  disproof: z.string().describe("What would show that it is wrong"),
  risk: z.string(),
  undo: z.string(),
  by_hand: z.string().nullable().describe("What to do at Stripe, for what Tillwatch does not do itself"),
  product: z.string().nullable(),
  price: z.string().nullable(),
  new_price: z.string().nullable(),
  from: money.nullable(),
  to: money.nullable(),
  basis: z.string().describe("Names what stands here; who approves sends it back"),
  proposed_by: z.string(),
  approved_by: z.array(z.string()),
  reason: z.string().nullable(),
  error: z.string().nullable(),
  watch: z.object({ verdict: z.string(), text: z.string(), purchases: z.int(), low: z.number().nullable(), high: z.number().nullable(), at: time }).nullable(),
  created: time,
  decided: time.nullable(),
  applied: time.nullable(),
});

const stepShape = z.object({ ts: time, what: z.string(), text: z.string(), by: z.string() });
export const detailShape = suggestionShape.extend({ timeline: z.array(stepShape) });

function at(ms: number | null): string | null {
  return ms === null ? null : isoSeconds(ms);
}

/** A suggestion as people and machines read it. */
export function showSuggestion(suggestion: Suggestion): z.output<typeof suggestionShape> {
  const { told, currency, watch } = suggestion;
  const monthly = told.effect.monthly;
  return {
    id: suggestion.id,
    kind: suggestion.kind,
    state: suggestion.state,
    mode: suggestion.live ? "live" : "test",
    title: told.title,
    why: [...told.why],
    effect: { ...told.effect, monthly: monthly === null ? null : { low: moneyOf(monthly.low, monthly.currency) as Money, high: moneyOf(monthly.high, monthly.currency) as Money } },
    evidence: [...told.evidence],
    disproof: told.disproof,
    risk: told.risk,
    undo: told.undo,
    by_hand: told.byHand,
    product: suggestion.product,
    price: suggestion.basis.price,
    new_price: suggestion.newPrice,
    from: moneyOf(suggestion.from, currency),
    to: moneyOf(suggestion.to, currency),
    basis: basisDigest(suggestion),
    proposed_by: suggestion.proposer.name,
    approved_by: [suggestion.first, suggestion.second].flatMap((person) => (person === null ? [] : [person.name])),
    reason: suggestion.reason,
    error: suggestion.error,
    watch: watch === null ? null : { ...watch, at: isoSeconds(watch.at) },
    created: isoSeconds(suggestion.createdAt),
    decided: at(suggestion.decidedAt),
    applied: at(suggestion.appliedAt),
  };
}

export function showTimeline(steps: Awaited<ReturnType<typeof readSteps>>): z.output<typeof stepShape>[] {
  return steps.map(({ at: ms, what, text, actor }) => ({ ts: isoMillis(ms), what, text, by: actor }));
}

const share = z.object({ value: z.number().nullable(), low: z.number(), high: z.number() });
const tallyShape = z.object({ offers: z.int(), paid: z.int(), paid_share: share, captured: money, refunded: money, disputed: money });
const pointShape = tallyShape.extend({
  unit_amount: money,
  price: z.string().nullable(),
  first: time,
  last: time,
  renewals: z.int(),
  revenue_per_offer: money.nullable(),
  countries: z.array(tallyShape.extend({ country: z.string() })),
  customers: z.object({ new: tallyShape, returning: tallyShape, unknown: tallyShape }),
});

export const factsShape = z.object({
  from: time,
  to: time,
  payments: z.int(),
  priced: z.int().describe("Payments of which it is known what they were for"),
  products: z.array(
    z.object({
      product: z.string(),
      name: z.string(),
      currency: z.string(),
      points: z.array(pointShape),
      weeks: z.array(z.object({ week_from: time, unit_amount_minor: z.int(), purchases: z.int() })),
      finding: z.object({ kind: z.enum(["not_enough", "nothing_to_do", "suggested"]), text: z.string(), payments_needed: z.int().nullable() }),
    }),
  ),
  retention: z.array(z.object({ product: z.string(), name: z.string(), unit_amount: money, subscribers: z.int(), months: z.int(), left: z.int(), leave_share: share, downgraded: z.int() })),
});

function showShare(hits: number, tries: number): z.output<typeof share> {
  return { value: tries === 0 ? null : hits / tries, ...shareInterval(hits, tries) };
}

function showTally({ offers, paid, captured, refunded, disputed }: Tally, currency: Currency): z.output<typeof tallyShape> {
  return { offers, paid, paid_share: showShare(paid, offers), captured: moneyOf(captured, currency) as Money, refunded: moneyOf(refunded, currency) as Money, disputed: moneyOf(disputed, currency) as Money };
}

const MAX_COUNTRIES = 12;

function showPoint(point: PricePoint, currency: Currency): z.output<typeof pointShape> {
  const countries = Object.entries(point.countries).toSorted(([, one], [, other]) => other.offers - one.offers);
  const net = subtract(subtract(point.captured, point.refunded), point.disputed);
  return {
    ...showTally(point, currency),
    unit_amount: moneyOf(point.unitAmount, currency) as Money,
    price: point.price,
    first: isoSeconds(point.firstAt),
    last: isoSeconds(point.lastAt),
    renewals: point.renewals,
    revenue_per_offer: point.offers === 0 ? null : moneyOf(estimate(net, 1 / point.offers), currency),
    countries: countries.slice(0, MAX_COUNTRIES).map(([country, tally]) => ({ country, ...showTally(tally, currency) })),
    customers: { new: showTally(point.byCustomer.new, currency), returning: showTally(point.byCustomer.returning, currency), unknown: showTally(point.byCustomer.unknown, currency) },
  };
}

const WEEK_MS = 7 * 86_400_000;

/** The facts of a run, each share with its middle 90 %. */
export function showFacts({ facts, findings, retention, names }: StoredRun): z.output<typeof factsShape> {
  const findingOf = ({ product, currency }: OfferFacts) => findings.find((one) => one.product === product && one.currency === currency);
  return {
    from: isoSeconds(facts.fromMs),
    to: isoSeconds(facts.toMs),
    payments: facts.payments,
    priced: facts.priced,
    products: facts.offers.map((offer) => {
      const finding = findingOf(offer);
      return {
        product: offer.product,
        name: names[offer.product] ?? offer.product,
        currency: offer.currency,
        points: offer.points.map((point) => showPoint(point, offer.currency)),
        weeks: offer.weeks.map(({ week, unitAmount, purchases }) => ({ week_from: isoSeconds(facts.toMs - (week + 1) * WEEK_MS), unit_amount_minor: unitAmount, purchases })),
        finding:
          finding === undefined
            ? { kind: "suggested" as const, text: "there is a suggestion", payments_needed: null }
            : { kind: finding.kind, text: finding.text, payments_needed: finding.kind === "not_enough" ? finding.payments : null },
      };
    }),
    retention: retention.map(({ product, currency, unitAmount, subscribers, months, left, downgraded }) => ({
      product,
      name: names[product] ?? product,
      unit_amount: moneyOf(unitAmount, currency) as Money,
      subscribers,
      months,
      left,
      leave_share: showShare(left, months),
      downgraded,
    })),
  };
}
