import type { BalanceTransaction, MovementSpec } from "../shapes/balance-transaction.ts";
import { balanceTransactionShape } from "../shapes/balance-transaction.ts";
import type { Happening } from "../shapes/event.ts";
import type { Merchant, Thing } from "../shapes/thing.ts";
import type { Legacy } from "../shapes/version.ts";
import type { Random } from "../random.ts";
import { newId } from "../random.ts";
import type { TrafficMix } from "./mix.ts";

/**
 * One customer's doings, told in time order. It yields how long to wait (milliseconds) and, when resumed,
 * writes what happens then into the scene. Told lazily, so a dispute two months off costs no memory today.
 */
export type Story = Generator<number, void, void>;

const NO_REQUEST = { id: null, idempotency_key: null };

/** The stage all stories play on: one clock, one source of randomness, one list of what has just happened. */
export class Scene {
  readonly random: Random;
  readonly merchant: Merchant;
  mix: TrafficMix;
  nowMs: number;
  /** Happenings since the last look, in order. */
  happenings: Happening[] = [];
  /** Objects that exist but have no event of their own: balance transactions, payment methods, invoice lines. */
  silent: Thing[] = [];
  private request: Happening["request"] = NO_REQUEST;

  constructor(random: Random, merchant: Merchant, mix: TrafficMix, nowMs: number) {
    this.random = random;
    this.merchant = merchant;
    this.mix = mix;
    this.nowMs = nowMs;
  }

  id(prefix: string): string {
    return newId(this.random, prefix);
  }

  /** What follows is the answer to one API request of the merchant's application. */
  asked(): void {
    this.request = { id: `req_${this.random.alphanumeric(14)}`, idempotency_key: `${this.random.alphanumeric(8)}-${this.random.alphanumeric(12)}` };
  }

  /** What follows comes from Stripe, a bank or a customer by itself. */
  unasked(): void {
    this.request = NO_REQUEST;
  }

  emit(type: string, object: Thing, legacy: Legacy = {}, previous: Record<string, unknown> | null = null): void {
    this.happenings.push({
      id: this.id("evt"),
      type,
      atMs: this.nowMs,
      object,
      legacy,
      previous,
      request: this.request,
      livemode: this.merchant.livemode,
      account: null,
    });
  }

  keep(thing: Thing): void {
    this.silent.push(thing);
  }

  /** Books a movement of money and returns its balance transaction. */
  book(spec: Omit<MovementSpec, "id" | "atMs">): BalanceTransaction {
    const transaction = balanceTransactionShape({ ...spec, id: this.id("txn"), atMs: this.nowMs });
    this.silent.push(transaction);
    return transaction;
  }
}

export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;
