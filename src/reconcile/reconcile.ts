import { ZERO } from "../money/index.ts";
import { findPayments, partsBetween, type ToldPart } from "../payments/index.ts";
import { AppError, type Database } from "../platform/index.ts";
import { type BookPage, type Books, ReadsSpent } from "../stripe/index.ts";
import type { Compared, Difference } from "./difference.ts";
import { type Dated, lookups, type Part, type Side, sideOfBalance, sideOfCharges, sideOfDisputes, sideOfPayouts, sideOfRefunds } from "./side.ts";
import { type Total, Totals } from "./totals.ts";

export interface ReconcileOptions {
  readonly db: Database;
  readonly books: Books;
  readonly live: boolean;
  readonly account: string | null;
  /** Objects that Stripe made in `[fromMs, untilMs]` (ms UTC, whole seconds) are compared. */
  readonly fromMs: number;
  readonly untilMs: number;
  /** Brings what was derived up to what is stored; called before differences are believed. */
  catchUp(): Promise<void>;
  /** @param share of the part, 0 to 1. */
  onProgress(part: Part, share: number, compared: number): void;
}


export interface PartFound {
  readonly part: Part;
  /** Of Stripe's objects. */
  readonly compared: number;
  /** Back to when it was compared, ms UTC; `fromMs` when it is complete. */
  readonly comparedFromMs: number;
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly trouble: string | null;
  readonly totals: readonly Total[];
  readonly differences: number;
  /** The first of them. */
  readonly examples: readonly Difference[];
  /** Bookings of a balance in another currency than their payment's: these are not held against our sums. */
  readonly exchanged: number;
}

/** Differences that are looked at again before they are believed; more than that is no matter of moments. */
const MAX_SECOND_LOOKS = 1000;
/** Of them, fetched one by one since something happened to them while we looked. */
const MAX_FETCHED = 100;
/** Ours that Stripe's list has not shown yet; past it the comparison of this side is given up. */
const MAX_OUTSTANDING = 50_000;
const SLICE = 1000;
/** What changed this shortly before the comparison may have been read before on one side and after on the other. */
const FRESH_MS = 10 * 60_000;

/** A difference, and how to look again. */
interface Doubt<Item> {
  readonly item: Item;
  readonly compared: Compared & { readonly what: string };
}

/** Compares one list with ours, from the newest back; memory does not grow with it. */
class Pass<Item extends Dated, Mine> {
  readonly #options: ReconcileOptions;
  readonly #side: Side<Item, Mine>;
  readonly #totals = new Totals();
  readonly #doubts: Doubt<Item>[] = [];
  #more = 0;
  #compared = 0;
  /** Ours, by id, that Stripe's list has not shown yet. */
  readonly #outstanding = new Map<string, number>();
  #sliceTo = Number.MAX_SAFE_INTEGER;

  constructor(options: ReconcileOptions, side: Side<Item, Mine>) {
    this.#options = options;
    this.#side = side;
  }

  #scope() {
    return { live: this.#options.live, account: this.#options.account };
  }

  async #page(items: readonly Item[]): Promise<void> {
    const mine = await this.#side.mine(items.map(this.#side.idOf));
    for (const item of items) {
      this.#outstanding.delete(item.id);
      const compared = this.#side.compare(item, mine.get(this.#side.idOf(item)));
      if (compared === null) continue;
      this.#compared += 1;
      this.#totals.add(compared.what, compared.currency, compared.atStripe, compared.here);
      if (compared.difference === null) continue;
      if (this.#doubts.length < MAX_SECOND_LOOKS) this.#doubts.push({ item, compared });
      else this.#more += 1;
    }
  }

  /** Ours that were told since `fromMs` and not yet looked at: Stripe made them before, so what it does not show now, it shows on a later page. */
  async #ours(fromMs: number, shown: ReadonlySet<string>): Promise<void> {
    const { ours } = this.#side;
    if (ours === null) return;
    const window = { fromMs, toMs: this.#sliceTo };
    this.#sliceTo = Math.min(this.#sliceTo, fromMs);
    let after: ToldPart | null = null;
    do {
      const slice: ToldPart[] = await partsBetween(this.#options.db.read, ours, this.#scope(), window, after, SLICE);
      for (const { id, at } of slice) {
        // What an import made up, and failures that made no charge, are not in Stripe's list.
        if (/^(ch|py|re|pyr)_/.test(id) && !shown.has(id) && this.#outstanding.size < MAX_OUTSTANDING) this.#outstanding.set(id, at);
      }
      after = slice.length === SLICE ? (slice.at(-1) ?? null) : null;
    } while (after !== null);
  }

  /** Looks again at what differed: something may have happened between the two readings. */
  async #secondLook(): Promise<Difference[]> {
    if (this.#doubts.length === 0) return [];
    await this.#options.catchUp();
    this.#side.forget();
    const believed: Difference[] = [];
    let fetched = 0;
    for (const { item, compared: first } of this.#doubts) {
      const id = this.#side.idOf(item);
      const mine = (await this.#side.mine([id])).get(id);
      const look = (now: Item) => this.#side.compare(now, mine)?.difference ?? null;
      let again = look(item);
      const moving = mine !== undefined && this.#side.changedAt(mine) > this.#options.untilMs - FRESH_MS;
      if (again !== null && moving && fetched < MAX_FETCHED) {
        fetched += 1;
        const now = await this.#side.fetch(item);
        again = now === null ? again : look(now);
      }
      if (again !== null) believed.push(again);
      // What agrees after all is the same on both sides of the totals.
      else this.#totals.add(first.what, first.currency, 0, first.atStripe - first.here, 0);
    }
    return believed;
  }

  /** What is here, of this time, and was in no list: asked for by name before it is believed. */
  async #unknown(): Promise<Difference[]> {
    const { fromMs, untilMs, books, account, db } = this.#options;
    const unknown: Difference[] = [];
    let fetched = 0;
    for (const [id] of this.#outstanding) {
      const payment = (await findPayments(db.read, [id], this.#scope())).get(id);
      const attempt = payment?.attempts.find((one) => one.id === id);
      const refund = payment?.refunds.find((one) => one.id === id);
      const [createdAt, currency, here] = attempt === undefined ? [refund?.createdAt ?? null, refund?.currency, refund?.amount ?? ZERO] : [attempt.createdAt, attempt.currency, attempt.captured];
      if (createdAt === null || createdAt < fromMs || createdAt > untilMs || currency === undefined) continue;
      if (fetched < MAX_FETCHED) {
        fetched += 1;
        const found = attempt === undefined ? await books.refund(id, account) : await books.charge(id, account);
        if (found !== null) continue;
      }
      const object = attempt === undefined ? "refund" : "charge";
      this.#totals.add(object === "charge" ? "captured" : "refunded", currency, 0, here, 0);
      unknown.push({ object, kind: "unknown_to_stripe", id, createdAt, text: `${object} ${id} is here, and Stripe does not know it: did its event come from another account or mode, or was the webhook secret in other hands?` });
    }
    return unknown;
  }

  async run(): Promise<Omit<PartFound, "exchanged">> {
    const { fromMs, untilMs, account } = this.#options;
    let after: string | null = null;
    let comparedFromMs = untilMs;
    let trouble: string | null = null;
    let before: ReadonlySet<string> = new Set();
    try {
      for (;;) {
        const { items, hasMore }: BookPage<Item> = await this.#side.list({ account, createdGte: fromMs / 1000, createdLte: untilMs / 1000, startingAfter: after });
        const last: Item | undefined = items.at(-1);
        await this.#page(items);
        const shown = new Set(items.map(({ id }) => id));
        comparedFromMs = last === undefined || !hasMore ? fromMs : last.createdAt;
        await this.#ours(comparedFromMs, shown.union(before));
        before = shown;
        this.#options.onProgress(this.#side.part, untilMs === fromMs ? 1 : (untilMs - comparedFromMs) / (untilMs - fromMs), this.#compared);
        if (last === undefined || !hasMore) break;
        after = last.id;
      }
    } catch (error) {
      // What was compared until here holds; Stripe's answer says why there is no more.
      if (!(error instanceof AppError)) throw error;
      trouble = error.message;
    }
    const found = await this.#believe(trouble === null);
    return {
      part: this.#side.part,
      compared: this.#compared,
      comparedFromMs,
      complete: trouble === null && found.trouble === null,
      trouble: trouble ?? found.trouble,
      totals: this.#totals.all(),
      differences: found.differences.length + this.#more,
      examples: found.differences,
    };
  }

  async #believe(whole: boolean): Promise<{ differences: Difference[]; trouble: string | null }> {
    const differences: Difference[] = [];
    try {
      differences.push(...(await this.#secondLook()));
      if (whole) differences.push(...(await this.#unknown()));
      return { differences, trouble: null };
    } catch (error) {
      if (!(error instanceof ReadsSpent)) throw error;
      // Not looked at again: believed as they were first seen, which says too much rather than too little.
      const first = this.#doubts.flatMap(({ compared }) => compared.difference ?? []);
      return { differences: first, trouble: error.message };
    }
  }
}

/**
 * Compares the objects themselves with Stripe: each charge, refund, dispute and payout made in the time, and each movement
 * of the balance they made, with totals per currency. A difference is looked at twice before it is told.
 * What cannot be asked (a permission is lacking, Stripe is away, the allowance is spent) is the `trouble` of its part.
 */
export async function reconcile(options: ReconcileOptions): Promise<PartFound[]> {
  const { books, account } = options;
  let exchanged = 0;
  await options.catchUp();
  const ours = lookups(options);
  const charges = await new Pass(options, sideOfCharges(books, account, ours)).run();
  const refunds = await new Pass(options, sideOfRefunds(books, account, ours)).run();
  const disputes = await new Pass(options, sideOfDisputes(books, account, ours)).run();
  const payouts = await new Pass(options, sideOfPayouts(books, account, ours)).run();
  const balance = await new Pass(options, sideOfBalance(books, account, ours, () => (exchanged += 1))).run();
  // What is missing altogether was said already; the balance adds what only it knows.
  const objects = [charges, refunds, disputes, payouts];
  const said = new Set(objects.flatMap(({ examples }) => examples).map(({ id }) => id));
  const only = balance.examples.filter(({ id }) => !said.has(id));
  return [
    ...objects.map((part) => ({ ...part, exchanged: 0 })),
    { ...balance, differences: balance.differences - (balance.examples.length - only.length), examples: only, exchanged },
  ];
}
