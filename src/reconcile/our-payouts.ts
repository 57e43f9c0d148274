import { readEntries, searchEvents } from "../ledger/index.ts";
import { asCurrency, asMinor, type Currency, type Minor } from "../money/index.ts";
import { AppError, type Database } from "../platform/index.ts";

/** A payout as the last of its events tells of it. */
export interface OurPayout {
  readonly id: string;
  readonly status: string;
  readonly amount: Minor;
  readonly currency: Currency;
  /** Of that event, ms UTC. */
  readonly toldAt: number;
}

/** Within one second the further state is the later one; what was paid may still fail. */
const RANK: Readonly<Record<string, number>> = { pending: 1, in_transit: 2, canceled: 3, paid: 4, failed: 5 };
const PAGE = 100;
/** A shop has one a day; a hundred thousand events of them are more than is held in memory. */
const MAX_EVENTS = 100_000;
/** Our clock may be ahead of Stripe's by as much as it likes; ten minutes are told by health. */
const SLACK_MS = 3_600_000;

/**
 * The payouts that the ledger tells of since a time (ms UTC). No other part of Tillwatch derives from them, since they
 * are no revenue, so they are read from their events, of which there are few.
 */
export async function ourPayouts(db: Database, scope: { readonly live: boolean; readonly account: string | null }, fromMs: number): Promise<Map<string, OurPayout>> {
  const payouts = new Map<string, OurPayout & { readonly rank: number }>();
  let read = 0;
  let cursor: string | null = null;
  do {
    const page = await searchEvents(db.read, "", { type: "payout.*", sinceMs: fromMs - SLACK_MS }, PAGE, cursor);
    read += page.events.length;
    if (read > MAX_EVENTS) throw new AppError("invalid", `more than ${MAX_EVENTS} events of payouts in this time; verify a shorter one (--since)`, { code: "too_many_payouts" });
    for (const entry of await readEntries(db.read, page.events.map(({ seq }) => seq))) {
      if (entry.live !== scope.live || entry.account !== scope.account) continue;
      const object = (entry.body["data"] as { object?: Record<string, unknown> } | undefined)?.object ?? {};
      const [amount, currency, status, id] = [asMinor(object["amount"], { min: Number.MIN_SAFE_INTEGER, max: Number.MAX_SAFE_INTEGER }), asCurrency(object["currency"]), object["status"], entry.objectId];
      if (id === null || amount === null || currency === null || typeof status !== "string") continue;
      const rank = Object.hasOwn(RANK, status) ? (RANK[status] ?? 0) : 0;
      const before = payouts.get(id);
      if (before !== undefined && (before.toldAt > entry.createdAt || (before.toldAt === entry.createdAt && before.rank >= rank))) continue;
      payouts.set(id, { id, status, amount, currency, toldAt: entry.createdAt, rank });
    }
    cursor = page.nextCursor;
  } while (cursor !== null);
  return payouts;
}
