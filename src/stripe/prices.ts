import type Stripe from "stripe";
import { asCurrency, type Currency, type Minor, minor } from "../money/index.ts";
import { askStripe } from "./ask.ts";
import type { StripeApi } from "./client.ts";

/** A price as Stripe has it. */
export interface PriceFacts {
  readonly id: string;
  readonly product: string;
  readonly currency: Currency | null;
  /** Minor units; null for tiers and amounts that the customer chooses. */
  readonly unitAmount: Minor | null;
  /** `month:1`; null for what is bought once. */
  readonly recurring: string | null;
  readonly active: boolean;
  readonly lookupKey: string | null;
  /** The suggestion that it was made for. */
  readonly suggestion: string | null;
}

export interface PriceWish {
  readonly product: string;
  readonly currency: Currency;
  readonly unitAmount: Minor;
  readonly recurring: string | null;
  /** Taken over from the price that has it, so that who asks by this key gets the new one. */
  readonly lookupKey: string | null;
  readonly suggestion: string;
}

/** In the metadata of a price that was made for a suggestion. */
const SUGGESTION_KEY = "tillwatch_suggestion";

/** What Tillwatch asks and does about prices. Calls that change something take their idempotency key. @throws StripeTrouble */
export interface Prices {
  price(id: string): Promise<PriceFacts>;
  /** Of one product, active and not, at most 300. */
  pricesOf(product: string): Promise<PriceFacts[]>;
  create(wish: PriceWish, key: string): Promise<PriceFacts>;
  /** New customers cannot buy at it any more; who has it keeps it. */
  deactivate(id: string, key: string): Promise<void>;
  takeLookupKey(id: string, lookupKey: string, key: string): Promise<void>;
  defaultPrice(product: string): Promise<string | null>;
  setDefaultPrice(product: string, price: string, key: string): Promise<void>;
}

const READ = { maxNetworkRetries: 1 };
const MAX_PRICES = 300;

function factsOf(price: Stripe.Price): PriceFacts {
  const { recurring } = price;
  return {
    id: price.id,
    product: typeof price.product === "string" ? price.product : price.product.id,
    currency: asCurrency(price.currency),
    unitAmount: price.unit_amount === null ? null : minor(price.unit_amount),
    recurring: recurring === null ? null : `${recurring.interval}:${recurring.interval_count}`,
    active: price.active,
    lookupKey: price.lookup_key,
    suggestion: price.metadata[SUGGESTION_KEY] ?? null,
  };
}

function recurringParam(recurring: string | null): Pick<Stripe.PriceCreateParams, "recurring"> {
  if (recurring === null) return {};
  const [interval = "month", count = "1"] = recurring.split(":");
  return { recurring: { interval, interval_count: Number(count) } };
}

export function stripePrices({ sdk }: Pick<StripeApi, "sdk">): Prices {
  return {
    price: async (id) => factsOf(await askStripe(sdk.prices.retrieve(id, {}, READ))),
    pricesOf: async (product) => (await askStripe(sdk.prices.list({ product, limit: 100 }, READ).autoPagingToArray({ limit: MAX_PRICES }))).map(factsOf),
    create: async ({ product, currency, unitAmount, recurring, lookupKey, suggestion }, idempotencyKey) =>
      factsOf(
        await askStripe(
          sdk.prices.create(
            { product, currency, unit_amount: unitAmount, ...recurringParam(recurring), ...(lookupKey === null ? {} : { lookup_key: lookupKey, transfer_lookup_key: true }), metadata: { [SUGGESTION_KEY]: suggestion } },
            { idempotencyKey },
          ),
        ),
      ),
    deactivate: async (id, idempotencyKey) => {
      await askStripe(sdk.prices.update(id, { active: false }, { idempotencyKey }));
    },
    takeLookupKey: async (id, lookupKey, idempotencyKey) => {
      await askStripe(sdk.prices.update(id, { lookup_key: lookupKey, transfer_lookup_key: true }, { idempotencyKey }));
    },
    defaultPrice: async (product) => {
      const { default_price: price } = await askStripe(sdk.products.retrieve(product, {}, READ));
      return typeof price === "string" ? price : (price?.id ?? null);
    },
    setDefaultPrice: async (product, price, idempotencyKey) => {
      await askStripe(sdk.products.update(product, { default_price: price }, { idempotencyKey }));
    },
  };
}
