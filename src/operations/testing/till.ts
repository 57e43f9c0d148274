import { onTestFinished } from "vitest";
import { type Sandbox, startSandbox } from "../../../sandbox/index.ts";
import type { TestDatabase } from "../../../test/databases.ts";
import { accessMigrations, requireRole } from "../../access/index.ts";
import { type Door, door, newKey, post } from "../../access/testing/door.ts";
import { consume, ledgerMigrations, openAppend, readHead } from "../../ledger/index.ts";
import { currency } from "../../money/index.ts";
import { foldPayments, paymentsMigrations, paymentsRoutes } from "../../payments/index.ts";
import { type Migration, Secret } from "../../platform/index.ts";
import { openStripe, type StripeApi } from "../../stripe/index.ts";
import { resolveNext } from "../carry-out.ts";
import { confirmOperations } from "../confirm.ts";
import type { RefundLimits } from "../limit.ts";
import { operationMigrations } from "../migrations/index.ts";
import { operationRoutes } from "../routes.ts";

export const migrations: readonly Migration[] = [...ledgerMigrations, ...accessMigrations, ...paymentsMigrations, ...operationMigrations];

/** What a killed process looks like from inside: thrown where it died, caught by nobody. */
export class Killed extends Error {}

export interface Paid {
  readonly intent: string;
  readonly charge: string;
}

export interface Till extends Door {
  readonly sandbox: Sandbox;
  /** Stripe as the routes see it now; a test may put another in its place. */
  stripe: StripeApi;
  /** A client of its own, to look and to pay with. */
  readonly shop: StripeApi;
  /** A key of an operator. */
  readonly operator: string;
  pay(amount: number, options?: { currency?: string; method?: string; capture?: "automatic" | "manual" }): Promise<Paid>;
  /** Everything that waits at Stripe is delivered and derived from. */
  deliver(source?: "webhook" | "import", wanted?: (type: string) => boolean): Promise<void>;
  refund(body: object, headers?: Record<string, string>, key?: string): Promise<{ status: number; body: Record<string, unknown> & { data?: Record<string, unknown> } }>;
  /** Refunds that Stripe has of a payment, by amount. */
  moved(id: string): Promise<number[]>;
  fault(effect: object, path?: string, times?: number): Promise<void>;
  control(path: string, body: unknown): Promise<unknown>;
  /** As after a restart, all leases over: unfinished operations are resolved until none is due. */
  recover(laterMs?: number): Promise<void>;
}

const CALL_MS = 400;

/** Routes over a fresh database, Stripe's stand-in on the same clock, and events that arrive when the test says so. */
export async function till(database: TestDatabase, options: { limits?: RefundLimits; key?: string } = {}): Promise<Till> {
  const parcels: string[] = [];
  const db = await database.open();
  const at = { nowMs: Date.UTC(2026, 0, 1) };
  const sandbox = await startSandbox({
    startMs: at.nowMs,
    webhooks: [{ url: "http://till.example/hook", secret: "whsec_of_the_till_under_test" }],
    post: async (_url, body) => {
      parcels.push(body);
      return { kind: "status", status: 200 };
    },
  });
  onTestFinished(() => sandbox.close());
  const client = (key: string): StripeApi => openStripe({ secretKey: new Secret(key), apiBase: sandbox.url, live: false, timeoutMs: CALL_MS });
  const shop = client("sk_test_shop");
  const self = { stripe: client(options.key ?? "sk_test_till") };
  const opened = await door(database, { db }, (http, access) => {
    const [viewer, operatorGuard] = [requireRole(access, "viewer"), requireRole(access, "operator")];
    paymentsRoutes(http, { db, viewer, consumer: "test", currency: currency("usd") });
    operationRoutes(http, { db, clock: access.clock, viewer, operator: operatorGuard, stripe: () => self.stripe, limits: options.limits ?? {}, currency: currency("usd") });
  });
  const { clock } = opened;
  const append = openAppend(db);
  const { key: operator } = await newKey(opened, "olga", "operator");
  const control = async (path: string, body: unknown): Promise<unknown> => {
    const response = await fetch(`${sandbox.url}/_sandbox${path}`, post(body));
    if (!response.ok) throw new Error(await response.text());
    return await response.json();
  };
  const digest = async (): Promise<void> => {
    while ((await consume(db, "test", 100, async (tx, entries) => {
      const { failures } = await foldPayments(tx, entries);
      await confirmOperations(tx, entries, clock.now());
      return failures;
    }, clock.now())) > 0);
  };
  const till: Till = Object.assign(self, opened, {
    sandbox,
    shop,
    operator,
    control,
    pay: async (amount: number, { currency: code = "usd", method = "pm_card_visa", capture = "automatic" }: { currency?: string; method?: string; capture?: "automatic" | "manual" } = {}) => {
      const intent = await shop.sdk.paymentIntents.create({ amount, currency: code, payment_method: method, confirm: true, capture_method: capture, return_url: "https://shop.example/" });
      return { intent: intent.id, charge: typeof intent.latest_charge === "string" ? intent.latest_charge : (intent.latest_charge?.id ?? "") };
    },
    deliver: async (source: "webhook" | "import" = "webhook", wanted: (type: string) => boolean = () => true) => {
      await sandbox.advance(5000);
      clock.advance(5000);
      const items = parcels.splice(0).filter((text) => wanted((JSON.parse(text) as { type: string }).type)).map((text) => {
        const read = readHead(JSON.parse(text), clock.now());
        if (read.kind !== "head") throw new Error(read.reason);
        return { kind: "arrival" as const, head: read.head, body: Buffer.from(text), receivedAt: clock.now(), source, endpoint: "till" };
      });
      if (items.length > 0) await append(items);
      await digest();
    },
    refund: async (body: object, headers: Record<string, string> = {}, key = operator) => {
      const init = post(body);
      const response = await opened.ask("/api/payments/refund", key, { ...init, headers: { ...(init.headers as Record<string, string>), ...headers } });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
    moved: async (id: string) => (await shop.refundsOf(id)).filter((one) => one.status !== "failed" && one.status !== "canceled").map((one) => Number(one.amount)),
    fault: async (effect: object, path = "/v1/refunds", times = 1) => void (await control("/faults", { method: "POST", path, times, effect })),
    recover: async (laterMs = 30_000) => {
      clock.advance(laterMs);
      await sandbox.advance(laterMs);
      for (let rounds = 0; rounds < 20; rounds += 1) {
        if (await resolveNext({ db, clock, stripe: self.stripe })) continue;
        clock.advance(60_000);
      }
    },
  });
  return till;
}

/** Stripe behind a process that is killed: before the call, or after the answer and before anything is written. */
export function killing(stripe: StripeApi, when: "before_call" | "after_answer", method: keyof StripeApi = "refund"): StripeApi {
  return new Proxy(stripe, {
    get: (target, name: keyof StripeApi) => {
      if (name !== method) return target[name];
      return async (...args: unknown[]) => {
        if (when === "before_call") throw new Killed(`killed before ${method}`);
        await (target[method] as (...args: unknown[]) => Promise<unknown>)(...args);
        throw new Killed(`killed after ${method}`);
      };
    },
  });
}

export { newKey, post };
