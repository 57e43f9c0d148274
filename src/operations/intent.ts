import { randomBytes } from "node:crypto";
import { recordAudit } from "../access/index.ts";
import type { Currency, Minor } from "../money/index.ts";
import { AppError, type Clock, type Database, type Tx } from "../platform/index.ts";
import type { StripeApi } from "../stripe/index.ts";
import { carryOut, resolveHeld, resolveOperation } from "./carry-out.ts";
import { LEASE_MS, type Operation, type OperationKind, type OperationRequest } from "./operation.ts";
import { addStep, insertOperation, readByRequestKey, readIdentical } from "./store.ts";

/** Who asks, and how the request is told from another one. */
export interface Asker {
  readonly actor: { readonly keyId: string; readonly name: string };
  readonly requestId: string | null;
  /** The client's `Idempotency-Key`. */
  readonly requestKey: string | null;
}

export interface OperationDeps {
  readonly db: Database;
  readonly clock: Clock;
  /** @throws AppError `unavailable` while there is no Stripe to ask. */
  stripe(): StripeApi;
}

export interface Intent {
  readonly kind: OperationKind;
  readonly digest: string;
  /** Without a key of the client's: the same request this long after is the same operation. */
  readonly sameForMs: number;
  readonly request: OperationRequest;
  readonly payment: string | null;
  readonly amount: Minor | null;
  readonly currency: Currency | null;
  readonly reason: string | null;
  readonly note: string | null;
}

export interface Asked {
  readonly operation: Operation;
  /** It was asked for before; this is that one. */
  readonly replayed: boolean;
}

/** 80 random bits: it also names the Stripe key. */
function newId(): string {
  return `op_${randomBytes(10).toString("hex")}`;
}

/** The operation of this mode that this request stands for, when it was made before. @throws AppError when the key means another request. */
export async function findEarlier(tx: Tx, live: boolean, kind: OperationKind, digest: string, sameForMs: number, asker: Asker, now: number): Promise<Operation | null> {
  if (asker.requestKey === null) return await readIdentical(tx, live, digest, now - sameForMs);
  const earlier = await readByRequestKey(tx, live, kind, asker.actor.keyId, asker.requestKey);
  if (earlier !== null && earlier.requestDigest !== digest) {
    throw new AppError("unprocessable", `this Idempotency-Key was used for another request (${earlier.id}); send the same request with it, or another key for this one`, { code: "idempotency_key_reused" });
  }
  return earlier;
}

/** What is decided under the lock, where nobody else can store an intent in between. */
export interface Decision {
  readonly approval: string | null;
}

/**
 * Stores an intent in a transaction of its own, before anything is sent: who, what, the Stripe key, the audit entry.
 *
 * @param decide runs under the lock; throws to refuse.
 */
export async function storeIntent(deps: OperationDeps, live: boolean, intent: Intent, asker: Asker, decide: (tx: Tx, now: number) => Promise<Decision>): Promise<Asked> {
  const { db, clock } = deps;
  return await db.write(async (tx) => {
    // One at a time: number, sameness and limits are decided on what is committed.
    await db.dialect.lock(tx, "operations");
    const now = clock.now();
    const earlier = await findEarlier(tx, live, intent.kind, intent.digest, intent.sameForMs, asker, now);
    if (earlier !== null) return { operation: earlier, replayed: true };
    const { approval } = await decide(tx, now);
    const id = newId();
    const operation = await insertOperation(tx, {
      id,
      kind: intent.kind,
      state: approval === null ? "sending" : "awaiting_approval",
      live,
      payment: intent.payment,
      amount: intent.amount,
      currency: intent.currency,
      request: intent.request,
      stripeKey: `tillwatch-${id}`,
      requestKey: asker.requestKey,
      requestDigest: intent.digest,
      reason: intent.reason,
      note: intent.note,
      actor: asker.actor,
      requestId: asker.requestId,
      createdAt: now,
      sentAt: approval === null ? now : null,
      nextTryAt: approval === null ? now + LEASE_MS : null,
    });
    await addStep(tx, id, now, "asked", approval === null ? "stored, now to be sent to Stripe" : `waits for a second person: ${approval}`, asker.actor.name);
    // The trail is kept for ever as it is, so what may name a person stands on the operation alone; the digest proves it.
    const { email: _email, description: _description, ...request } = { email: null, description: null, ...intent.request };
    const detail = { ...request, state: operation.state, reason: intent.reason, request_digest: intent.digest };
    await recordAudit(tx, { at: now, actor: asker.actor, action: `${intent.kind}.request`, subject: id, detail, requestId: asker.requestId, outcome: "ok" });
    return { operation, replayed: false };
  });
}

/** A call that failed at once may be resolved at once; one that timed out has used the client's patience up. */
const AT_ONCE_MS = 5000;

/** Carries a fresh intent out, or answers for an earlier one, resolving it when nobody is at it. */
export async function pursue(deps: OperationDeps, { operation, replayed }: Asked): Promise<Asked> {
  const { db, clock } = deps;
  const parts = { db, clock, stripe: deps.stripe() };
  if (operation.state !== "sending") return { operation, replayed };
  if (replayed) return { operation: (await resolveOperation(parts, operation.id)) ?? operation, replayed };
  const began = clock.now();
  const { operation: result, held } = await carryOut(parts, operation);
  if (!held || result.state !== "sending" || clock.now() - began > AT_ONCE_MS) return { operation: result, replayed };
  // The lease is ours still; a second look usually has the answer.
  return { operation: await resolveHeld(parts, result), replayed };
}
