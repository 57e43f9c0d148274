import { expect, onTestFinished } from "vitest";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import type { TestDatabase } from "../../../test/databases.ts";
import { accessMigrations, PROGRAM, requireRole } from "../../access/index.ts";
import { type Door, door, newKey, post } from "../../access/testing/door.ts";
import { ledgerMigrations } from "../../ledger/index.ts";
import { currency, minor } from "../../money/index.ts";
import { notifyMigrations, type Route } from "../../notify/index.ts";
import { paymentsMigrations } from "../../payments/index.ts";
import { type Database, Secret } from "../../platform/index.ts";
import { openStripe, type Prices, type StripeApi, stripePrices } from "../../stripe/index.ts";
import { type CarryOutDeps, carryOutNext } from "../carry-out.ts";
import { pricingMigrations } from "../migrations/index.ts";
import type { PriceNotices } from "../notice.ts";
import type { Rails } from "../rails.ts";
import { pricingRoutes } from "../routes.ts";
import { insertSuggestion } from "../store.ts";
import type { Draft, Suggestion } from "../suggestion.ts";

export const DAY = 86_400_000;
export const USD = currency("usd");
export const migrations = [...ledgerMigrations, ...accessMigrations, ...paymentsMigrations, ...notifyMigrations, ...pricingMigrations];
export const RAILS: Rails = { largestStep: 0.1, secondPersonAbove: 0.05, coolDownMs: 30 * DAY, frozen: ["prod_frozen"], limits: {} };

/** Everybody hears everything, by the channel `team`. */
const ROUTE: Route = { path: "default", matchers: [], goesOn: false, channels: ["team"], groupBy: ["subject"], waitMs: 0, intervalMs: 0, repeatMs: 1, muted: [], active: [], digest: null, escalate: null, routes: [] };
export const NOTICES: PriceNotices = { root: ROUTE, channels: ["team"], page: (id) => `https://till.example/pricing/${id}` };

export interface Shown {
  id: string;
  state: string;
  basis: string;
  new_price: string | null;
  error: string | null;
  approved_by: string[];
  timeline: { what: string; text: string; by: string }[];
}

export interface GateShop extends Door {
  /** What the routes call Stripe by; a test may put another in its place. */
  readonly self: { prices: Prices; enabled: boolean; rails: Rails };
  readonly api: StripeApi;
  readonly sandbox: Sandbox;
  /** A product at $20.00, and its price. */
  readonly product: string;
  readonly price: string;
  /** ann and bob are admins, olga an operator, vera a viewer. */
  readonly keys: Readonly<Record<"ann" | "bob" | "olga" | "vera", string>>;
  suggest(to: number, more?: Partial<Draft>, proposer?: { keyId: string; name: string }): Promise<Suggestion>;
  /** Over HTTP, as olga proposes one. @param amount major units. */
  propose(amount: string, key?: string): Promise<Shown>;
  show(id: string): Promise<Shown>;
  act(id: string, verb: string, key: string, body: object, status: number): Promise<Record<string, unknown>>;
  pricesAtStripe(): Promise<{ id: string; unit_amount: number | null; active: boolean; lookup_key: string | null; metadata: Record<string, string> }[]>;
  /** What the loop works with. */
  loopDeps(): CarryOutDeps;
  /** All leases over: carries out what is due until nothing is. */
  loop(prices?: Prices): Promise<void>;
  /** Titles of the notices and whom they wait for, in order. */
  notices(): Promise<{ title: string; channel: string }[]>;
}

/** For tests: a shop with one product, its price, and the gate in front of them. */
export async function shop(database: TestDatabase, options: { enabled?: boolean; rails?: Partial<Rails> } = {}): Promise<GateShop> {
  const db: Database = await database.open();
  const sandbox = await startSandbox({ startMs: Date.UTC(2026, 0, 1) });
  onTestFinished(() => sandbox.close());
  const api = openStripe({ secretKey: new Secret("sk_test_gate"), apiBase: sandbox.url, live: false, timeoutMs: 2000 });
  const self = { prices: stripePrices(api), enabled: options.enabled ?? true, rails: { ...RAILS, ...options.rails } };
  const opened = await door(database, { db }, (http, access) => {
    const guards = { viewer: requireRole(access, "viewer"), operator: requireRole(access, "operator"), admin: requireRole(access, "admin") };
    pricingRoutes(http, {
      ...guards,
      db,
      clock: access.clock,
      live: false,
      notices: NOTICES,
      prices: () => self.prices,
      runNow: async () => ({ id: 1 }),
      // As after a restart with another configuration.
      get enabled() {
        return self.enabled;
      },
      get rails() {
        return self.rails;
      },
    });
  });
  const product = await api.sdk.products.create({ name: "Tea", default_price_data: { currency: "usd", unit_amount: 2000 } });
  const price = typeof product.default_price === "string" ? product.default_price : (product.default_price?.id ?? "");
  expect((await api.sdk.prices.update(price, { lookup_key: "tea", transfer_lookup_key: true })).lookup_key).toBe("tea");
  const [ann, bob, olga, vera] = await Promise.all([newKey(opened, "ann", "admin"), newKey(opened, "bob", "admin"), newKey(opened, "olga", "operator"), newKey(opened, "vera", "viewer")]);
  const { clock } = opened;
  let suggestions = 0;
  const loopDeps = (prices = self.prices): CarryOutDeps => ({ db, clock, live: false, enabled: self.enabled, notices: NOTICES, prices });
  return {
    ...opened,
    self,
    api,
    sandbox,
    product: product.id,
    price,
    keys: { ann: ann.key, bob: bob.key, olga: olga.key, vera: vera.key },
    suggest: async (to, more = {}, proposer = { keyId: PROGRAM.keyId, name: PROGRAM.name }) => {
      const draft: Draft = {
        kind: to > 2000 ? "raise" : "lower",
        product: product.id,
        currency: USD,
        from: minor(2000),
        to: minor(to),
        basis: { price, unitAmount: minor(2000), recurring: null, elasticity: { mean: -0.4, sd: 0.2 }, purchases: 900 },
        told: { title: "Raise Tea", why: [], effect: { text: "", low: 0.01, median: 0.02, high: 0.03, monthly: null }, evidence: [], disproof: "", risk: "", undo: "", byHand: null },
        ...more,
      };
      suggestions += 1;
      return await db.write((tx) => insertSuggestion(tx, draft, { id: `ps_${String(suggestions).padStart(20, "0")}`, live: false, proposer, reason: null, nowMs: clock.now() }));
    },
    propose: async (amount, key = olga.key) => ((await opened.body("/api/pricing/suggestions", key, 200, post({ price_id: price, amount, reason: "rents rose" }))) as unknown as { data: Shown }).data,
    show: async (id) => ((await opened.body(`/api/pricing/suggestions/${id}`, vera.key, 200)) as unknown as { data: Shown }).data,
    act: async (id, verb, key, body, status) => await opened.body(`/api/pricing/suggestions/${id}/${verb}`, key, status, post(body)),
    pricesAtStripe: async () => (await api.sdk.prices.list({ product: product.id, limit: 100 })).data,
    loopDeps,
    loop: async (prices) => {
      clock.advance(4 * 60_000);
      while (await carryOutNext(loopDeps(prices)));
    },
    notices: async () => await db.read.selectFrom("notice").innerJoin("outbox", "outbox.notice_id", "notice.id").select(["notice.title", "outbox.channel"]).orderBy("outbox.id").execute(),
  };
}
