import { consume, type LedgerEntry } from "../ledger/index.ts";
import { type Database, inChunks, type Tx } from "../platform/index.ts";
import { type OfferTold, readOffers } from "./offer.ts";
import "./store.ts";

/** Follows the ledger by its own cursor, and only while suggestions are made: it costs the webhooks nothing. */
export const PRICING_CONSUMER = "pricing";

const ROWS = 64;

interface Told {
  readonly live: number;
  readonly told_at: number;
  readonly offer: OfferTold;
}

async function write(tx: Tx, all: readonly Told[]): Promise<void> {
  // Several events tell of the same thing: a row only once in a statement, the latest wins.
  const latest = new Map<string, Told>();
  // What a subscription began with is told by the first of them, not the latest.
  const first = new Map<string, Told>();
  for (const one of all) {
    const { offer, live } = one;
    const key = `${offer.kind} ${live} ${offer.kind === "line" ? `${offer.subject} ${offer.line}` : offer.id}`;
    const began = first.get(key);
    if (began === undefined || one.told_at < began.told_at) first.set(key, one);
    const before = latest.get(key);
    if (before === undefined || before.told_at <= one.told_at) latest.set(key, one);
  }
  const told = [...latest.values()];
  const firstAmount = (id: string, live: number) => {
    const offer = first.get(`subscription ${live} ${id}`)?.offer;
    return offer?.kind === "subscription" ? offer.unitAmount : null;
  };
  const prices = told.flatMap(({ offer, ...stamp }) => (offer.kind === "price" ? [{ ...stamp, id: offer.id, product: offer.product, currency: offer.currency, unit_amount: offer.unitAmount, recurring: offer.recurring, active: offer.active ? 1 : 0, lookup_key: offer.lookupKey }] : []));
  const products = told.flatMap(({ offer, ...stamp }) => (offer.kind === "product" ? [{ ...stamp, id: offer.id, name: offer.name, active: offer.active ? 1 : 0, default_price: offer.defaultPrice }] : []));
  const lines = told.flatMap(({ offer, ...stamp }) => (offer.kind === "line" ? [{ ...stamp, subject: offer.subject, line: offer.line, product: offer.product, price: offer.price, currency: offer.currency, unit_amount: offer.unitAmount, quantity: offer.quantity, amount: offer.amount, renewal: offer.renewal ? 1 : 0 }] : []));
  const subscriptions = told.flatMap(({ offer, ...stamp }) => (offer.kind === "subscription" ? [{ ...stamp, id: offer.id, product: offer.product, price: offer.price, first_amount: firstAmount(offer.id, stamp.live) ?? offer.unitAmount, unit_amount: offer.unitAmount, currency: offer.currency, started_at: offer.startedAt, ended_at: offer.endedAt }] : []));
  await upsert(tx, "pricing_price", ["id", "live"], prices);
  await upsert(tx, "pricing_product", ["id", "live"], products);
  await upsert(tx, "pricing_line", ["subject", "line", "live"], lines);
  // The first price stays: leaving it for a cheaper one is a downgrade.
  await upsert(tx, "pricing_subscription", ["id", "live"], subscriptions, ["first_amount"]);
}

type Offers = "pricing_price" | "pricing_product" | "pricing_line" | "pricing_subscription";

/** What Stripe told last stands; on a tie what came last. */
async function upsert(tx: Tx, table: Offers, keys: readonly string[], rows: readonly object[], first: readonly string[] = []): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).filter((column) => !keys.includes(column) && !first.includes(column));
  for (const chunk of inChunks(rows, ROWS)) {
    await tx
      .insertInto(table)
      .values(chunk as never)
      .onConflict((conflict) =>
        conflict
          .columns(keys as never)
          .doUpdateSet(((eb: { ref(name: string): unknown }) => Object.fromEntries(columns.map((column) => [column, eb.ref(`excluded.${column}`)]))) as never)
          .where((eb) => eb(`${table}.told_at` as never, "<=", eb.ref("excluded.told_at" as never))),
      )
      .execute();
  }
}

function toldBy(entry: LedgerEntry): Told[] {
  return readOffers(entry).map((offer) => ({ live: entry.live ? 1 : 0, told_at: entry.createdAt, offer }));
}

/** Reads on in the ledger, up to `limit` events, in one transaction with the cursor; answers how many it took. Connected accounts are left out. */
export async function foldOffers(db: Database, limit: number, nowMs: number): Promise<number> {
  return await consume(
    db,
    PRICING_CONSUMER,
    limit,
    async (tx, entries) => {
      await write(tx, entries.filter(({ account }) => account === null).flatMap(toldBy));
      return [];
    },
    nowMs,
  );
}
