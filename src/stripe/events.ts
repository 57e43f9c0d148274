import type Stripe from "stripe";
import { askStripe } from "./ask.ts";
import type { StripeApi } from "./client.ts";
import { StripeTrouble } from "./trouble.ts";

export interface EventQuery {
  /** A connected account; null for the account of the key. */
  readonly account: string | null;
  /** Seconds since 1970, both inclusive. */
  readonly createdGte: number;
  readonly createdLte: number;
  /** The event after which (in time: before which) the page begins. */
  readonly startingAfter: string | null;
  /** Only events that some endpoint (also another application's) has not taken yet. */
  readonly undelivered?: boolean;
}

export interface EventList {
  /** As Stripe sent them, newest first, at most 100. Trust no field. */
  readonly events: readonly unknown[];
  readonly hasMore: boolean;
  /** Stripe's clock, ms UTC; null when it did not say. */
  readonly serverTimeMs: number | null;
}

/** A page of Stripe's list of events, which reaches 30 days back. @throws StripeTrouble */
export type ListEvents = (query: EventQuery) => Promise<EventList>;

const EVENTS_PER_PAGE = 100;

/** Reads any object by its path in the API (`/v1/charges/ch_…`). @throws StripeTrouble */
export function objectReader({ sdk }: Pick<StripeApi, "sdk">): (path: string, account: string | null) => Promise<unknown> {
  return async (path, account) => await askStripe(sdk.rawRequest("GET", path, undefined, account === null ? {} : { stripeAccount: account }));
}

export function eventLister({ sdk }: Pick<StripeApi, "sdk">): ListEvents {
  return async ({ account, createdGte, createdLte, startingAfter, undelivered }) => {
    const params: Stripe.EventListParams = {
      limit: EVENTS_PER_PAGE,
      created: { gte: createdGte, lte: createdLte },
      ...(startingAfter === null ? {} : { starting_after: startingAfter }),
      ...(undelivered === true ? { delivery_success: false } : {}),
    };
    // It only reads, so a failed call may be made again.
    const page = await askStripe(sdk.events.list(params, { maxNetworkRetries: 1, ...(account === null ? {} : { stripeAccount: account }) }));
    // A stranger's answer must never pass for an empty list.
    if (!Array.isArray(page.data)) throw new StripeTrouble("upstream", "stripe_unreadable", "what answers for Stripe sends no list of events; see whether STRIPE_API_BASE and any proxy on the way are right", { effect: "none" });
    const date = Date.parse(page.lastResponse.headers["date"] ?? "");
    return { events: page.data, hasMore: page.has_more, serverTimeMs: Number.isFinite(date) ? date : null };
  };
}
