import { AppError, type Clock, type Database } from "../platform/index.ts";
import { type StripeApi, StripeTrouble } from "../stripe/index.ts";
import { claimOperation, readDue, renewLease } from "./lease.ts";
import { LEASE_MS, type Operation, planResolution, type Progress, waitMs } from "./operation.ts";
import { lookUp, type Outcome, perform } from "./perform.ts";
import { settleAbsent, settleOutcome, settleTrouble } from "./settle.ts";
import { changeOperation, readOperation } from "./store.ts";

export interface CarryOutDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly stripe: StripeApi;
}

/** @throws AppError when Stripe would be asked in the other mode than the operation belongs to. */
function checkMode({ stripe }: CarryOutDeps, operation: Operation): void {
  if (operation.live !== stripe.live) throw new AppError("conflict", `this operation (${operation.id}) belongs to the other mode (test or live); switch the mode back to carry it out`, { code: "other_mode" });
}

/**
 * Makes the first call of an operation whose intent is committed, and commits what came of it. Between the two commits
 * is the network: a crash there leaves `sending`, and the next one to look resolves it.
 * `held`: it was ours to the end; if not, nothing was sent.
 */
export async function carryOut(deps: CarryOutDeps, operation: Operation): Promise<{ operation: Operation; held: boolean }> {
  const { db, clock } = deps;
  checkMode(deps, operation);
  const called = await call(deps, operation);
  if (called === null) return { operation: (await readOperation(db.read, operation.id)) ?? operation, held: false };
  const { current, outcome } = called;
  const settled = await db.write((tx) => (outcome instanceof StripeTrouble ? settleTrouble(tx, current, outcome, clock.now()) : settleOutcome(tx, current, outcome, false, clock.now())));
  return { operation: settled, held: true };
}

/** What this process is calling Stripe for, by database. A lease ends by the wall clock, which may jump; a call does not end by that. */
const FLIGHTS = new WeakMap<Database, Set<string>>();

function flightsOf(db: Database): Set<string> {
  const flights = FLIGHTS.get(db) ?? new Set<string>();
  FLIGHTS.set(db, flights);
  return flights;
}

/** The call, if the operation is still ours and the time since it was first sent is one in which Stripe knows its key; null when not. */
async function call(deps: CarryOutDeps, operation: Operation): Promise<{ current: Operation; outcome: Outcome | StripeTrouble } | null> {
  const { db, clock } = deps;
  const flights = flightsOf(db);
  if (flights.has(operation.id)) return null;
  flights.add(operation.id);
  try {
    const now = clock.now();
    if (planResolution(operation, now).kind !== "repeat") return null;
    if (!(await db.write((tx) => renewLease(tx, operation, now + LEASE_MS)))) return null;
    return await send(deps, operation);
  } finally {
    flights.delete(operation.id);
  }
}

async function send({ db, clock, stripe }: CarryOutDeps, operation: Operation): Promise<{ current: Operation; outcome: Outcome | StripeTrouble }> {
  let current = operation;
  const save = async (progress: Progress): Promise<void> => {
    current = { ...current, progress };
    await db.write((tx) => changeOperation(tx, operation.id, "sending", { progress: JSON.stringify(progress), next_try_at: clock.now() + LEASE_MS }));
  };
  const outcome = await attempt(() => perform(stripe, operation, save));
  return { current, outcome };
}

async function attempt<T>(call: () => Promise<T>): Promise<T | StripeTrouble> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof StripeTrouble) return error;
    throw error;
  }
}

/**
 * The call again, with the same key. A refusal now says nothing of the call before, whose work may be done: Stripe
 * turns away for too many requests or a revoked key before it looks at the key. So it is believed only after a look-up.
 */
async function repeat(deps: CarryOutDeps, operation: Operation): Promise<Operation> {
  const { db, clock, stripe } = deps;
  const called = await call(deps, operation);
  if (called === null) return (await readOperation(db.read, operation.id)) ?? operation;
  const { current, outcome } = called;
  if (!(outcome instanceof StripeTrouble)) return await db.write((tx) => settleOutcome(tx, current, outcome, false, clock.now()));
  const open = { kind: outcome.kind, code: outcome.code, message: outcome.message, effect: "unanswered" as const, passing: true };
  if (outcome.effect !== "none") return await db.write((tx) => settleTrouble(tx, current, outcome, clock.now()));
  if (outcome.passing || outcome.kind === "upstream") return await db.write((tx) => settleTrouble(tx, current, open, clock.now()));
  const found = await attempt(() => lookUp(stripe, current));
  if (found instanceof StripeTrouble) return await db.write((tx) => settleTrouble(tx, current, open, clock.now()));
  if (found !== null) return await db.write((tx) => settleOutcome(tx, current, found, true, clock.now()));
  return await db.write((tx) => settleTrouble(tx, current, outcome, clock.now()));
}

/**
 * Finds out what became of an operation that is ours to resolve, never guessing: the same key while Stripe keeps it,
 * else a look-up.
 */
export async function resolveHeld(deps: CarryOutDeps, held: Operation): Promise<Operation> {
  const { db, clock, stripe } = deps;
  checkMode(deps, held);
  const plan = planResolution(held, clock.now());
  // Whether Stripe still keeps the key is reckoned by a clock that may be wrong: money is looked for before it is sent again.
  if (plan.kind === "repeat" && held.kind !== "refund") return await repeat(deps, held);
  const found = await attempt(() => lookUp(stripe, held));
  if (plan.kind === "repeat" && found === null) return await repeat(deps, held);
  if (!(found instanceof StripeTrouble)) return await settleLookUp(deps, held, found, plan.kind === "look_up" && plan.final);
  // The look-up failed, which says nothing of the operation: what it is waiting for stays.
  await db.write((tx) => changeOperation(tx, held.id, "sending", { attempts: held.attempts + 1, next_try_at: clock.now() + waitMs(held.attempts + 1) }));
  return (await readOperation(db.read, held.id)) ?? held;
}

/** Resolves an unfinished operation. Null when somebody else is at it, or it is finished. */
export async function resolveOperation(deps: CarryOutDeps, id: string): Promise<Operation | null> {
  if (flightsOf(deps.db).has(id)) return null;
  const now = deps.clock.now();
  const claimed = await deps.db.write((tx) => claimOperation(tx, id, now, now + LEASE_MS));
  return claimed === null ? null : await resolveHeld(deps, claimed);
}

async function settleLookUp({ db, clock }: CarryOutDeps, operation: Operation, found: Outcome | null, final: boolean): Promise<Operation> {
  const now = clock.now();
  if (found !== null) return await db.write((tx) => settleOutcome(tx, operation, found, true, now));
  if (final) return await db.write((tx) => settleAbsent(tx, operation, now));
  // Stripe may still be writing down what it did: asked again a little later.
  await db.write((tx) => changeOperation(tx, operation.id, "sending", { attempts: operation.attempts + 1, next_try_at: now + waitMs(operation.attempts + 1) }));
  const current = await readOperation(db.read, operation.id);
  if (current === null) throw new AppError("internal", "an operation has disappeared", { code: "operation_gone" });
  return current;
}

/** One step of the loop: resolves the unfinished operation whose turn it is. Answers whether there was one. */
export async function resolveNext(deps: CarryOutDeps): Promise<boolean> {
  const id = await readDue(deps.db.read, deps.stripe.live, deps.clock.now(), [...flightsOf(deps.db)]);
  return id !== null && (await resolveOperation(deps, id)) !== null;
}
