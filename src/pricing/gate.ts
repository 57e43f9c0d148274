import { randomBytes } from "node:crypto";
import { PROGRAM, recordAudit } from "../access/index.ts";
import { type Currency, type Minor, moneyText } from "../money/index.ts";
import { AppError, type Clock, type Database, type Tx } from "../platform/index.ts";
import { type Prices, type PriceFacts, StripeTrouble } from "../stripe/index.ts";
import type { PriceNotices } from "./notice.ts";
import { checkRails, type Rails, stepOf } from "./rails.ts";
import { addStep, basisDigest, type Changes, changeSuggestion, insertSuggestion, lastChanges, readSuggestion } from "./store.ts";
import { needsSecond } from "./suggest.ts";
import { type Act, type Draft, isCarriedOut, nextState, type Suggestion, SUGGESTION_LIFE_MS, type SuggestionState } from "./suggestion.ts";

/**
 * The gate: the only way from a suggestion to Stripe. Nothing passes it by itself, on stale facts, by the one who
 * proposed it, or past the guard rails; every passage is in the audit trail, in the transaction of the change.
 */
export interface GateDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly live: boolean;
  readonly enabled: boolean;
  readonly rails: Rails;
  readonly notices: PriceNotices;
  /** @throws AppError `unavailable` while there is no Stripe to ask. */
  prices(): Prices;
}

export interface Asker {
  readonly actor: { readonly keyId: string; readonly name: string };
  readonly requestId: string | null;
}

/** 80 random bits: it also names the Stripe keys. */
export function newSuggestionId(): string {
  return `ps_${randomBytes(10).toString("hex")}`;
}

/** @throws AppError `not_found`, also for one of the other mode. */
export async function needSuggestion({ db, live }: Pick<GateDeps, "db" | "live">, id: string): Promise<Suggestion> {
  const suggestion = await readSuggestion(db.read, id);
  if (suggestion === null) throw new AppError("not_found", `there is no suggestion ${JSON.stringify(id.slice(0, 60))}; GET /api/pricing/suggestions lists them`, { code: "suggestion_not_found" });
  if (suggestion.live !== live) throw new AppError("conflict", "this suggestion belongs to the other mode (test or live)", { code: "other_mode" });
  return suggestion;
}

function needEnabled({ enabled }: Pick<GateDeps, "enabled">): void {
  if (!enabled) throw new AppError("conflict", "pricing is off; an admin switches it on with pricing.enabled: on in tillwatch.yaml", { code: "pricing_off" });
}

function impossible({ state }: Suggestion, what: string): AppError {
  return new AppError("conflict", `this suggestion is ${state.replaceAll("_", " ")}; it can no longer be ${what}`, { code: "suggestion_decided" });
}

/** Moves it on in a transaction, with its step and audit entry. @throws AppError `conflict` when somebody else was quicker. */
export async function moveSuggestion(tx: Tx, before: Suggestion, to: SuggestionState, entry: { changes: Changes; what: string; text: string; actor: Asker["actor"]; requestId: string | null; audit: string; failed?: boolean }, nowMs: number): Promise<Suggestion> {
  if (!(await changeSuggestion(tx, before.id, before.state, { ...entry.changes, state: to, updated_at: nowMs }))) {
    throw new AppError("conflict", "this suggestion was changed by somebody else at the same time; look at it again", { code: "suggestion_changed" });
  }
  await addStep(tx, before.id, nowMs, entry.what, entry.text, entry.actor.name);
  const detail = { from: before.state, to, product: before.product, currency: before.currency, from_amount: before.from, to_amount: before.to, text: entry.text };
  await recordAudit(tx, { at: nowMs, actor: entry.actor, action: `pricing.${entry.audit}`, subject: before.id, detail, requestId: entry.requestId, outcome: entry.failed === true ? "failed" : "ok" });
  const after = await readSuggestion(tx, before.id);
  if (after === null) throw new AppError("internal", "a suggestion has disappeared", { code: "suggestion_gone" });
  return after;
}

/** What at Stripe is no longer as the suggestion says; null when all is. */
export async function staleText(prices: Pick<Prices, "price">, { basis, product }: Suggestion): Promise<string | null> {
  if (basis.price === null || product === null) return null;
  let price: PriceFacts;
  try {
    price = await prices.price(basis.price);
  } catch (error) {
    if (error instanceof StripeTrouble && error.kind === "not_found") return `the price ${basis.price} is no longer at Stripe`;
    throw error;
  }
  if (!price.active) return `the price ${basis.price} was switched off at Stripe`;
  if (price.unitAmount !== basis.unitAmount) return `the price ${basis.price} has another amount at Stripe than the suggestion says`;
  if (price.product !== product) return `the price ${basis.price} belongs to another product at Stripe`;
  return null;
}

async function barrier(tx: Tx, deps: GateDeps, { kind, product, currency, from, to, live }: Suggestion, nowMs: number): Promise<AppError | null> {
  if ((kind !== "raise" && kind !== "lower") || product === null || currency === null || from === null || to === null) return null;
  const verdict = checkRails(deps.rails, { product, currency, from, to }, (await lastChanges(tx, live)).get(`${product} ${currency}`) ?? null, nowMs);
  return verdict.kind === "barred" ? new AppError("conflict", `a guard rail stands in the way: ${verdict.reason}`, { code: verdict.code }) : null;
}

function mayApprove(suggestion: Suggestion, asker: Asker, seen: string, nowMs: number): Act {
  const act = suggestion.state === "open" ? "approve" : "approve_second";
  if (nextState(suggestion.state, act) === null) throw impossible(suggestion, "approved");
  if (nowMs - suggestion.createdAt >= SUGGESTION_LIFE_MS) throw new AppError("conflict", "this suggestion is older than 21 days and the shop went on; wait for the next run", { code: "suggestion_stale" });
  if (suggestion.proposer.keyId === asker.actor.keyId) throw new AppError("forbidden", "nobody approves a proposal of their own; another admin must", { code: "own_suggestion" });
  if (act === "approve_second" && suggestion.first?.keyId === asker.actor.keyId) throw new AppError("forbidden", "you approved it already; a step this large needs another admin", { code: "own_suggestion" });
  if (basisDigest(suggestion) !== seen) throw new AppError("conflict", "the figures behind this suggestion have changed since you looked; look at it again and approve what you see then", { code: "suggestion_changed" });
  return act;
}

/**
 * An admin says yes. A large step then waits for another admin; what is done by hand is noted; the rest is `applying`,
 * and `carryOut` (or the loop, after a crash) brings it to Stripe.
 *
 * @param seen the `basis` of the suggestion as it was shown to who approves.
 * @throws AppError `forbidden` for one's own, `conflict` when decided, stale, changed or barred by a guard rail.
 */
export async function approve(deps: GateDeps, id: string, seen: string, asker: Asker): Promise<Suggestion> {
  needEnabled(deps);
  const { db, clock } = deps;
  const shown = await needSuggestion(deps, id);
  mayApprove(shown, asker, seen, clock.now());
  const stale = await staleText(deps.prices(), shown);
  if (stale !== null) {
    await db.write(async (tx) => {
      const now = clock.now();
      const current = (await readSuggestion(tx, id)) ?? shown;
      if (nextState(current.state, "expire") === null) return;
      await moveSuggestion(tx, current, "stale", { changes: {}, what: "stale", text: stale, actor: PROGRAM, requestId: asker.requestId, audit: "stale" }, now);
    });
    throw new AppError("conflict", `${stale}; the suggestion is withdrawn`, { code: "suggestion_stale" });
  }
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, "pricing");
    const now = clock.now();
    const current = (await readSuggestion(tx, id)) ?? shown;
    const act = mayApprove(current, asker, seen, now);
    const barred = await barrier(tx, deps, current, now);
    if (barred !== null) throw barred;
    const name = asker.actor.name;
    if (!isCarriedOut(current.kind)) {
      return await moveSuggestion(tx, current, "noted", { changes: { first_id: asker.actor.keyId, first_name: name, decided_at: now }, what: "noted", text: "approved; to be done by hand", actor: asker.actor, requestId: asker.requestId, audit: "approve" }, now);
    }
    if (act === "approve" && current.kind !== "annual_plan" && needsSecond(deps.rails, current)) {
      const step = current.from === null || current.to === null ? 0 : stepOf({ from: current.from, to: current.to });
      return await moveSuggestion(tx, current, "awaiting_second", { changes: { first_id: asker.actor.keyId, first_name: name }, what: "approved_once", text: `approved; a step of ${Number((step * 100).toFixed(1))} % waits for another admin`, actor: asker.actor, requestId: asker.requestId, audit: "approve" }, now);
    }
    await oneMoving(tx, current);
    const who = act === "approve" ? { first_id: asker.actor.keyId, first_name: name } : { second_id: asker.actor.keyId, second_name: name };
    return await moveSuggestion(tx, current, "applying", { changes: { ...who, decided_at: now, next_try_at: now, attempts: 0 }, what: "approved", text: "approved, now to be made at Stripe", actor: asker.actor, requestId: asker.requestId, audit: "approve" }, now);
  });
}

/** Two changes of one price at once would hide each other; the database refuses them too. */
async function oneMoving(tx: Tx, { product, currency, live }: Suggestion): Promise<void> {
  const other = await tx.selectFrom("pricing_suggestion").select("id").where("live", "=", live ? 1 : 0).where("product", "=", product).where("currency", "=", currency).where("state", "in", ["applying", "applied", "rolling_back"]).executeTakeFirst();
  if (other !== undefined) throw new AppError("conflict", `another change of this product (${other.id}) is being watched; decide on that first`, { code: "another_change" });
}

/** An admin says no, and why. @throws AppError `conflict` when decided. */
export async function reject(deps: Pick<GateDeps, "db" | "clock" | "live">, id: string, why: string, asker: Asker): Promise<Suggestion> {
  const { db, clock } = deps;
  await needSuggestion(deps, id);
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, "pricing");
    const current = await readSuggestion(tx, id);
    if (current === null || nextState(current.state, "reject") === null) throw current === null ? new AppError("not_found", "there is no such suggestion", { code: "suggestion_not_found" }) : impossible(current, "rejected");
    return await moveSuggestion(tx, current, "rejected", { changes: { reason: why, decided_at: clock.now() }, what: "rejected", text: why, actor: asker.actor, requestId: asker.requestId, audit: "reject" }, clock.now());
  });
}

/** An admin takes an applied change back: the old price again. Allowed also while pricing is off. */
export async function rollBack(deps: Pick<GateDeps, "db" | "clock" | "live">, id: string, why: string, asker: Asker): Promise<Suggestion> {
  const { db, clock } = deps;
  await needSuggestion(deps, id);
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, "pricing");
    const current = await readSuggestion(tx, id);
    if (current === null || nextState(current.state, "roll_back") === null) throw current === null ? new AppError("not_found", "there is no such suggestion", { code: "suggestion_not_found" }) : impossible(current, "rolled back");
    if (current.state !== "applied") await oneMoving(tx, current);
    return await moveSuggestion(tx, current, "rolling_back", { changes: { reason: why, next_try_at: clock.now(), sent_at: null, attempts: 0, error_text: null }, what: "roll_back", text: why, actor: asker.actor, requestId: asker.requestId, audit: "roll_back" }, clock.now());
  });
}

/**
 * A person proposes a price of their own; it goes through the same gate, and somebody else approves it.
 *
 * @param to minor units.
 * @throws AppError `unprocessable` when a guard rail stands in the way.
 */
export async function propose(deps: GateDeps, wish: { price: string; to: Minor; why: string; productName(product: string): string }, asker: Asker): Promise<Suggestion> {
  needEnabled(deps);
  const { db, clock, live } = deps;
  const price = await deps.prices().price(wish.price);
  const { currency, unitAmount } = price;
  if (currency === null || unitAmount === null || !price.active) throw new AppError("unprocessable", `${wish.price} is no active price with one amount; propose a change of one that is`, { code: "price_not_usable" });
  const draft = proposal(price, currency, unitAmount, wish);
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, "pricing");
    const now = clock.now();
    const verdict = checkRails(deps.rails, { product: price.product, currency, from: unitAmount, to: wish.to }, (await lastChanges(tx, live)).get(`${price.product} ${currency}`) ?? null, now);
    if (verdict.kind === "barred") throw new AppError("unprocessable", verdict.reason, { code: verdict.code });
    const suggestion = await insertSuggestion(tx, draft, { id: newSuggestionId(), live, proposer: asker.actor, reason: wish.why, nowMs: now });
    await addStep(tx, suggestion.id, now, "proposed", wish.why, asker.actor.name);
    await recordAudit(tx, { at: now, actor: asker.actor, action: "pricing.propose", subject: suggestion.id, detail: { price: wish.price, from_amount: unitAmount, to_amount: wish.to, currency, why: wish.why }, requestId: asker.requestId, outcome: "ok" });
    return suggestion;
  });
}

function proposal(price: PriceFacts, currency: Currency, from: Minor, wish: { to: Minor; why: string; productName(product: string): string }): Draft {
  const kind = wish.to > from ? "raise" : "lower";
  return {
    kind,
    product: price.product,
    currency,
    from,
    to: wish.to,
    basis: { price: price.id, unitAmount: from, recurring: price.recurring, elasticity: null, purchases: 0 },
    told: {
      title: `${kind === "raise" ? "Raise" : "Lower"} ${wish.productName(price.product)} from ${moneyText(from, currency)} to ${moneyText(wish.to, currency)}`,
      why: [wish.why],
      effect: { text: "a person's proposal: what it does is not known from figures", low: null, median: null, high: null, monthly: null },
      evidence: [],
      disproof: "Revenue per week, compared with the other products, falls after the change; it is watched automatically.",
      risk: "Proposed without a model.",
      undo: "One click: the old Stripe Price is kept, and becomes the default again.",
      byHand: null,
    },
  };
}
