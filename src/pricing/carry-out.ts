import { PROGRAM } from "../access/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import { type Prices, StripeTrouble } from "../stripe/index.ts";
import { moveSuggestion, staleText } from "./gate.ts";
import { type PriceNotices, tellChange } from "./notice.ts";
import { changeSuggestion, claimSuggestion, readSteps, readSuggestion } from "./store.ts";
import type { Progress, Suggestion } from "./suggestion.ts";

export interface CarryOutDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly live: boolean;
  /** Off: what was not begun at Stripe is not begun any more; what was is brought to its end. */
  readonly enabled: boolean;
  readonly prices: Prices;
  readonly notices: PriceNotices;
}

/** Longer than all calls of one try together. */
const LEASE_MS = 3 * 60_000;
/** Stripe keeps the result of a key for at least 24 h; an hour less, for clocks that differ. */
const KEY_LIFE_MS = 23 * 3_600_000;

/** After a failure of Stripe's own, before a look-up that finds nothing is believed. */
const SETTLE_MS = 60_000;

function waitMs(attempts: number): number {
  return Math.min(3_600_000, 5000 * 2 ** Math.min(attempts, 12));
}

type Outcome = { readonly kind: "done"; readonly text: string } | { readonly kind: "refused"; readonly text: string };

/**
 * One step of the loop: brings the suggestion whose turn it is to Stripe, or back. The approval is committed before the
 * first call and each call has a key of its own that is made from the suggestion's id, so a crash at any line repeats a
 * call that Stripe knows, or finds what it made by its mark: a price is made once, or not at all.
 *
 * @param only this one, at once, for the request that approved it.
 */
export async function carryOutNext(deps: CarryOutDeps, only: string | null = null): Promise<boolean> {
  const { db, clock, live } = deps;
  const now = clock.now();
  const claimed = await db.write((tx) => claimSuggestion(tx, live, now, now + LEASE_MS, only));
  if (claimed === null) return false;
  let held = claimed;
  const save = async (more: Progress): Promise<void> => {
    held = { ...held, progress: { ...held.progress, ...more } };
    await db.write((tx) => changeSuggestion(tx, held.id, held.state, { progress: JSON.stringify(held.progress), next_try_at: clock.now() + LEASE_MS }));
  };
  try {
    const outcome = claimed.state === "applying" ? await apply(deps, () => held, save) : await takeBack(deps, () => held, save);
    await settle(deps, held, outcome);
  } catch (error) {
    if (!(error instanceof StripeTrouble)) throw error;
    // What Stripe did is not known, or it cannot be asked now: the same key again, later.
    const attempts = held.attempts + 1;
    await db.write((tx) => changeSuggestion(tx, held.id, held.state, { attempts, error_text: error.message.slice(0, 500), next_try_at: clock.now() + waitMs(attempts), updated_at: clock.now() }));
  }
  return true;
}

/** A refusal that will stay one. */
function isFinal(error: unknown): error is StripeTrouble {
  return error instanceof StripeTrouble && error.effect === "none" && !error.passing;
}

type Save = (more: Progress) => Promise<void>;

/** Why what was approved is not to be made any more; null while it may be. */
async function overtaken({ prices, enabled }: CarryOutDeps, suggestion: Suggestion): Promise<string | null> {
  if (!enabled) return "pricing was switched off before it was made; nothing was changed at Stripe";
  const stale = await staleText(prices, suggestion);
  return stale === null ? null : `${stale} since it was approved; nothing was changed`;
}

/** The key of the price is taken over by the new one, so what is asked for is read once and stored before the first call. */
async function asked({ prices }: CarryOutDeps, { kind, basis, progress }: Suggestion, save: Save): Promise<NonNullable<Progress["asked"]>> {
  if (progress.asked !== undefined) return progress.asked;
  const old = basis.price === null ? null : await prices.price(basis.price);
  const wish = kind === "annual_plan" ? { lookupKey: null, recurring: "year:1" } : { lookupKey: old?.lookupKey ?? null, recurring: old?.recurring ?? basis.recurring };
  await save({ asked: wish });
  return wish;
}

async function makePrice(deps: CarryOutDeps, suggestion: Suggestion, save: Save): Promise<{ id: string } | Outcome> {
  const { prices, clock } = deps;
  const { id, product, currency, to, sentAt, progress } = suggestion;
  if (product === null || currency === null || to === null) return { kind: "refused", text: "it says no product, currency or amount" };
  const find = async (): Promise<{ id: string } | undefined> => (await prices.pricesOf(product)).find((price) => price.suggestion === id);
  const now = clock.now();
  const unclear = progress.unclearAt ?? null;
  // What was asked for was stored before the call, so from then on it may be there. After a day Stripe may also have forgotten the key.
  if (progress.asked !== undefined || now - (sentAt ?? now) >= KEY_LIFE_MS || suggestion.attempts > 0 || unclear !== null) {
    const found = await find();
    if (found !== undefined) return found;
  }
  // Stripe may have been away for days; while it is not known what a call did, the same call is repeated all the same.
  if (unclear === null || now - unclear >= SETTLE_MS) {
    const late = await overtaken(deps, suggestion);
    if (late !== null) return { kind: "refused", text: late };
  }
  const wish = await asked(deps, suggestion, save);
  let round = progress.round ?? 0;
  if (unclear !== null && now - unclear >= SETTLE_MS) {
    round += 1;
    await save({ round, unclearAt: null });
  }
  try {
    return await prices.create({ product, currency, unitAmount: to, ...wish, suggestion: id }, `tillwatch-${id}-price${round === 0 ? "" : `-${round}`}`);
  } catch (error) {
    if (error instanceof StripeTrouble && error.effect === "unclear") await save({ unclearAt: now });
    if (!isFinal(error)) throw error;
    return (suggestion.attempts > 0 ? await find() : undefined) ?? { kind: "refused", text: error.message };
  }
}

async function apply(deps: CarryOutDeps, held: () => Suggestion, save: Save): Promise<Outcome> {
  const { prices } = deps;
  if (held().progress.price === undefined) {
    const made = await makePrice(deps, held(), save);
    if ("kind" in made) return made;
    await save({ price: made.id });
  }
  const { id, product, kind, basis, progress } = held();
  const made = progress.price;
  if (made === undefined || product === null || kind === "annual_plan") return { kind: "done", text: `Stripe made ${made ?? "the price"}` };
  try {
    if ((await prices.defaultPrice(product)) === basis.price) {
      await prices.setDefaultPrice(product, made, `tillwatch-${id}-default`);
      await save({ defaultMoved: true });
    }
  } catch (error) {
    if (!isFinal(error)) throw error;
    return { kind: "done", text: `Stripe made ${made}; it could not be made the product's default (${error.message}): do that by hand` };
  }
  return { kind: "done", text: `Stripe made ${made}; the old price is kept` };
}

async function takeBack({ prices }: CarryOutDeps, held: () => Suggestion, save: Save): Promise<Outcome> {
  const { id, product, basis, progress, newPrice } = held();
  const made = newPrice ?? progress.price;
  if (made === undefined || product === null) return { kind: "done", text: "nothing was made at Stripe" };
  if (basis.price !== null && progress.defaultBack === undefined) {
    if ((await prices.defaultPrice(product)) === made) await prices.setDefaultPrice(product, basis.price, `tillwatch-${id}-back`);
    const { lookupKey } = await prices.price(made);
    if (lookupKey !== null) await prices.takeLookupKey(basis.price, lookupKey, `tillwatch-${id}-key-back`);
    await save({ defaultBack: true });
  }
  if (progress.deactivated === undefined) {
    await prices.deactivate(made, `tillwatch-${id}-off`);
    await save({ deactivated: true });
  }
  return { kind: "done", text: `the old price is back; ${made} is switched off for new customers` };
}

async function settle({ db, clock, notices }: CarryOutDeps, held: Suggestion, outcome: Outcome): Promise<void> {
  await db.write(async (tx) => {
    const current = await readSuggestion(tx, held.id);
    // Somebody else finished it while we waited for Stripe: the same end by the same keys.
    if (current === null || current.state !== held.state) return;
    const now = clock.now();
    const base = { what: outcome.kind, text: outcome.text, actor: PROGRAM, requestId: null };
    if (held.state === "rolling_back") {
      const asked = (await readSteps(tx, held.id)).findLast(({ what }) => what === "roll_back");
      const after = await moveSuggestion(tx, current, "rolled_back", { ...base, changes: { next_try_at: null, error_text: null }, audit: "rolled_back" }, now);
      await tellChange(tx, notices, after, "rolled_back", outcome.text, now, asked?.actor ?? null);
    } else if (outcome.kind === "refused") {
      const after = await moveSuggestion(tx, current, "failed", { ...base, changes: { next_try_at: null, error_text: outcome.text.slice(0, 500) }, audit: "failed", failed: true }, now);
      await tellChange(tx, notices, after, "failed", outcome.text, now);
    } else {
      const after = await moveSuggestion(tx, current, "applied", { ...base, changes: { new_price: held.progress.price ?? null, applied_at: now, next_try_at: null, error_text: null, attempts: 0 }, audit: "applied" }, now);
      await tellChange(tx, notices, after, "applied", outcome.text, now);
    }
  });
}
