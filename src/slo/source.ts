import { type Measures, sumBy, sumDeliveriesIn } from "../metrics/index.ts";
import type { Tx } from "../platform/index.ts";
import { sumCounts } from "./count.ts";
import type { Worth } from "./money.ts";
import type { Cause, Counts, Indicator, Slo } from "./objective.ts";

/** Where an indicator's counts come from. Every call costs the same whatever the history: it reads buckets. */
export interface Source {
  /** Of `[fromMs, toMs)`, ms UTC, whole minutes. */
  counts(tx: Tx, fromMs: number, toMs: number): Promise<Counts>;
  /** Until when it can speak; null: of nothing yet. Until now when left out. */
  untilMs?(tx: Tx): Promise<number | null>;
  /** What was taken per currency; left out where it says nothing about money. */
  worth?(tx: Tx, fromMs: number, toMs: number): Promise<readonly Worth[]>;
}

/** Events that came and wait longer than they should: bad already, though nobody has counted them yet. */
export interface Waiting {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

/** What other rooms know, handed in by who puts them together. */
export interface SourceParts {
  /** Of which mode the payments count. */
  readonly live: boolean;
  waiting(tx: Tx): Promise<Waiting | null>;
  /** What an import or a followed file recorded was delivered to somebody else. */
  readonly elsewhere: readonly string[];
  /** Events that Stripe has in a time, and how many came by themselves; null: nothing was compared yet. */
  completeness(tx: Tx, fromMs: number, toMs: number): Promise<Counts>;
  completeUntilMs(tx: Tx): Promise<number | null>;
}

const CAUSES: readonly Cause[] = ["customer", "risk", "technical"];

function paymentCounts(measures: Measures | undefined, exclude: readonly Cause[]): Counts {
  if (measures === undefined) return { good: 0, total: 0 };
  const failed = CAUSES.filter((cause) => !exclude.includes(cause)).reduce((sum, cause) => sum + measures[`failed_${cause}`], 0);
  return { good: measures.succeeded, total: measures.succeeded + failed };
}

function paymentSource({ exclude, only }: Slo, { live }: SourceParts): Source {
  const source: Source = {
    counts: async (tx, fromMs, toMs) => paymentCounts((await sumBy(tx, only?.kind ?? "all", { fromMs, toMs, live })).get(only?.value ?? ""), exclude),
  };
  // What a brand or a country took is in no bucket.
  if (only !== null && only.kind !== "currency") return source;
  return {
    ...source,
    worth: async (tx, fromMs, toMs) => {
      const found = [...(await sumBy(tx, "currency", { fromMs, toMs, live }))].filter(([currency]) => only === null || currency === only.value);
      return found.map(([currency, measures]) => ({ currency, gross: measures.gross, captures: measures.captures, counts: paymentCounts(measures, exclude) })).sort(byCurrency);
    },
  };
}

function byCurrency(one: Worth, other: Worth): number {
  return one.currency < other.currency ? -1 : 1;
}

function taken({ live }: SourceParts): NonNullable<Source["worth"]> {
  return async (tx, fromMs, toMs) =>
    [...(await sumBy(tx, "currency", { fromMs, toMs, live }))].map(([currency, { gross, captures }]) => ({ currency, gross, captures, counts: null })).sort(byCurrency);
}

/** The part of what waits that was received within the window; spread evenly, since counting it exactly would read it. */
export function waitingWithin(waiting: Waiting | null, fromMs: number, toMs: number): number {
  if (waiting === null) return 0;
  const span = Math.max(1, waiting.toMs - waiting.fromMs);
  const inside = Math.max(0, Math.min(toMs, waiting.toMs) - Math.max(fromMs, waiting.fromMs));
  const at = waiting.fromMs >= fromMs && waiting.fromMs < toMs ? 1 : 0;
  return Math.round(waiting.count * Math.min(1, waiting.toMs <= waiting.fromMs ? at : inside / span));
}

/** Processed in time: derived from within the limit (counted then), against late, set aside, waiting, and refused by our own fault. */
function webhookSource(parts: SourceParts): Source {
  return {
    counts: async (tx, fromMs, toMs) => {
      const counted = await sumCounts(tx, "webhook", fromMs, toMs);
      let refused = 0;
      for (const [endpoint, { failed, malformed }] of await sumDeliveriesIn(tx, fromMs, toMs)) if (!parts.elsewhere.includes(endpoint)) refused += failed + malformed;
      const late = waitingWithin(await parts.waiting(tx), fromMs, toMs);
      return { good: counted.good, total: counted.total + refused + late };
    },
    worth: taken(parts),
  };
}

export function sourceOf(slo: Slo, parts: SourceParts): Source {
  const { indicator } = slo;
  switch (indicator) {
    case "webhook_processed":
      return webhookSource(parts);
    case "event_completeness":
      return { counts: parts.completeness, untilMs: parts.completeUntilMs, worth: taken(parts) };
    case "payment_success":
      return paymentSource(slo, parts);
    case "api_availability":
      return { counts: (tx, fromMs, toMs) => sumCounts(tx, "api", fromMs, toMs) };
    default:
      return indicator satisfies never;
  }
}

/** What an indicator counts, in words: its name, one good event, and what to do first when it burns. */
export const WORDS: Readonly<Record<Indicator, { readonly title: string; readonly good: string; readonly bad: string; readonly todo: readonly string[] }>> = {
  webhook_processed: {
    title: "Webhooks processed in time",
    good: "authentic deliveries that were stored and derived from within the limit",
    bad: "were late, set aside or not stored",
    todo: ["Look at the checks `database`, `disk` and `processing`: `tillwatch health`", "See what was set aside: GET /api/payments/events?status=failed", "Stripe sends again what was not stored; nothing is lost while the sweep works"],
  },
  event_completeness: {
    title: "Events complete against Stripe",
    good: "events of Stripe's list that came by themselves",
    bad: "did not come by themselves and had to be fetched",
    todo: ["See at Stripe (Developers, Webhooks) whether the endpoint is enabled: `tillwatch setup webhook` mends it", "The cause as far as known: GET /api/completeness", "Compare again: `tillwatch verify --since 2d`"],
  },
  payment_success: {
    title: "Payments succeed",
    good: "payment attempts that succeeded",
    bad: "failed",
    todo: ["See which cause grows: GET /api/payments?status=failed", "Ask Stripe's status page whether a network or issuer is in trouble", "A deployment of the checkout just before the first failures is the likeliest cause"],
  },
  api_availability: {
    title: "API available",
    good: "answers other than 5xx, and signs of life",
    bad: "were 5xx, or no sign of life came",
    todo: ["Look at the service's log for what failed", "`tillwatch health` says which part is not well"],
  },
};
