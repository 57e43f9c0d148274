import type Stripe from "stripe";
import { askStripe } from "./ask.ts";
import { STRIPE_API_VERSION, type StripeApi } from "./client.ts";

/** A webhook endpoint as Stripe has it; ours or another application's. */
export interface EndpointFacts {
  readonly id: string;
  readonly url: string;
  readonly enabled: boolean;
  /** Event types, or `*` for all. */
  readonly events: readonly string[];
  /** Null: the account's default, which changes when the account is upgraded. */
  readonly apiVersion: string | null;
  readonly description: string | null;
}

export interface EndpointChange {
  readonly url?: string;
  readonly events?: readonly string[];
  readonly enable?: boolean;
}

/** What Tillwatch asks and does about webhook endpoints. @throws StripeTrouble */
export interface WebhookEndpoints {
  /** At most 100, which is more than Stripe allows. */
  list(): Promise<EndpointFacts[]>;
  /** Pinned to the API version that this code reads. The secret is told this once. */
  create(wish: { url: string; events: readonly string[]; description: string }, key: string): Promise<EndpointFacts & { readonly secret: string }>;
  /** The API version cannot be changed. */
  change(id: string, change: EndpointChange, key: string): Promise<EndpointFacts>;
}

function factsOf(endpoint: Stripe.WebhookEndpoint): EndpointFacts {
  return {
    id: endpoint.id,
    url: endpoint.url,
    enabled: endpoint.status === "enabled",
    events: endpoint.enabled_events,
    apiVersion: endpoint.api_version,
    description: endpoint.description,
  };
}

type EnabledEvents = Stripe.WebhookEndpointCreateParams.EnabledEvent[];

export function webhookEndpoints({ sdk }: Pick<StripeApi, "sdk">): WebhookEndpoints {
  return {
    list: async () => (await askStripe(sdk.webhookEndpoints.list({ limit: 100 }, { maxNetworkRetries: 1 }))).data.map(factsOf),
    create: async ({ url, events, description }, idempotencyKey) => {
      const made = await askStripe(sdk.webhookEndpoints.create({ url, enabled_events: [...events] as EnabledEvents, description, api_version: STRIPE_API_VERSION }, { idempotencyKey }));
      return { ...factsOf(made), secret: made.secret ?? "" };
    },
    change: async (id, { url, events, enable }, idempotencyKey) =>
      factsOf(
        await askStripe(
          sdk.webhookEndpoints.update(
            id,
            { ...(url === undefined ? {} : { url }), ...(events === undefined ? {} : { enabled_events: [...events] as EnabledEvents }), ...(enable === true ? { disabled: false } : {}) },
            { idempotencyKey },
          ),
        ),
      ),
  };
}
