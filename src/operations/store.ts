import type { Selectable } from "kysely";
import { type Currency, minor } from "../money/index.ts";
import type { ErrorKind, Tx } from "../platform/index.ts";
import type { StripeEffect } from "../stripe/index.ts";
import type { Operation, OperationKind, OperationRequest, OperationState, Progress } from "./operation.ts";

interface OperationRow {
  id: string;
  no: number;
  kind: OperationKind;
  state: OperationState;
  live: number;
  payment: string | null;
  amount: number | null;
  currency: string | null;
  request: string;
  progress: string;
  stripe_key: string;
  request_key: string | null;
  request_digest: string;
  object_id: string | null;
  object_status: string | null;
  answer: string | null;
  error_kind: string | null;
  error_code: string | null;
  error_text: string | null;
  reason: string | null;
  note: string | null;
  actor_id: string;
  actor_name: string;
  request_id: string | null;
  second_id: string | null;
  second_name: string | null;
  created_at: number;
  updated_at: number;
  sent_at: number | null;
  attempts: number;
  last_effect: string | null;
  last_try_at: number | null;
  next_try_at: number | null;
  confirmed_at: number | null;
  missed_at: number | null;
}

interface StepRow {
  operation_id: string;
  at: number;
  what: string;
  text: string;
  actor: string;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    operation: OperationRow;
    operation_step: StepRow & { id: import("kysely").Generated<number> };
  }
}

export function fromRow(row: Selectable<OperationRow>): Operation {
  return {
    id: row.id,
    no: row.no,
    kind: row.kind,
    state: row.state,
    live: row.live === 1,
    payment: row.payment,
    amount: row.amount === null ? null : minor(row.amount),
    currency: row.currency as Currency | null,
    request: JSON.parse(row.request) as OperationRequest,
    progress: JSON.parse(row.progress) as Progress,
    stripeKey: row.stripe_key,
    requestKey: row.request_key,
    requestDigest: row.request_digest,
    objectId: row.object_id,
    objectStatus: row.object_status,
    answer: row.answer === null ? null : (JSON.parse(row.answer) as Record<string, unknown>),
    error: row.error_code === null ? null : { kind: (row.error_kind ?? "internal") as ErrorKind, code: row.error_code, text: row.error_text ?? "" },
    reason: row.reason,
    note: row.note,
    actor: { keyId: row.actor_id, name: row.actor_name },
    requestId: row.request_id,
    second: row.second_id === null ? null : { keyId: row.second_id, name: row.second_name ?? "" },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    sentAt: row.sent_at,
    attempts: row.attempts,
    lastEffect: row.last_effect as StripeEffect | null,
    lastTryAt: row.last_try_at,
    nextTryAt: row.next_try_at,
    confirmedAt: row.confirmed_at,
    missedAt: row.missed_at,
  };
}

export type NewOperation = Omit<Operation, "no" | "progress" | "objectId" | "objectStatus" | "answer" | "error" | "second" | "updatedAt" | "attempts" | "lastEffect" | "lastTryAt" | "confirmedAt" | "missedAt">;

/** Stores an intent. The caller holds the lock "operations". */
export async function insertOperation(tx: Tx, operation: NewOperation): Promise<Operation> {
  const last = await tx.selectFrom("operation").select("no").orderBy("no", "desc").limit(1).executeTakeFirst();
  const row: OperationRow = {
    id: operation.id,
    no: (last?.no ?? 0) + 1,
    kind: operation.kind,
    state: operation.state,
    live: operation.live ? 1 : 0,
    payment: operation.payment,
    amount: operation.amount,
    currency: operation.currency,
    request: JSON.stringify(operation.request),
    progress: "{}",
    stripe_key: operation.stripeKey,
    request_key: operation.requestKey,
    request_digest: operation.requestDigest,
    object_id: null,
    object_status: null,
    answer: null,
    error_kind: null,
    error_code: null,
    error_text: null,
    reason: operation.reason,
    note: operation.note,
    actor_id: operation.actor.keyId,
    actor_name: operation.actor.name,
    request_id: operation.requestId,
    second_id: null,
    second_name: null,
    created_at: operation.createdAt,
    updated_at: operation.createdAt,
    sent_at: operation.sentAt,
    attempts: 0,
    last_effect: null,
    last_try_at: null,
    next_try_at: operation.nextTryAt,
    confirmed_at: null,
    missed_at: null,
  };
  await tx.insertInto("operation").values(row).execute();
  return fromRow(row);
}

export async function readOperation(tx: Tx, id: string): Promise<Operation | null> {
  const row = await tx.selectFrom("operation").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** By the client's own key, of this mode, access key and kind. */
export async function readByRequestKey(tx: Tx, live: boolean, kind: OperationKind, actorId: string, requestKey: string): Promise<Operation | null> {
  const row = await tx.selectFrom("operation").selectAll().where("live", "=", live ? 1 : 0).where("kind", "=", kind).where("actor_id", "=", actorId).where("request_key", "=", requestKey).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/**
 * The newest same request without a key of the client's: one that is not finished, whatever its age, or one that was
 * asked for, sent or settled at or after. One that ended without effect does not count.
 */
export async function readIdentical(tx: Tx, live: boolean, digest: string, sinceMs: number): Promise<Operation | null> {
  const row = await tx
    .selectFrom("operation")
    .selectAll()
    .where("request_digest", "=", digest)
    .where("live", "=", live ? 1 : 0)
    .where("request_key", "is", null)
    .where((eb) =>
      eb.or([
        eb("state", "in", ["sending", "awaiting_approval"]),
        eb.and([eb("state", "in", ["submitted", "confirmed"]), eb.or([eb("created_at", ">=", sinceMs), eb("sent_at", ">=", sinceMs), eb("last_try_at", ">=", sinceMs)])]),
      ]),
    )
    .orderBy("no", "desc")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

export async function readBusy(tx: Tx, payment: string, live: boolean): Promise<Operation | null> {
  const row = await tx
    .selectFrom("operation")
    .selectAll()
    .where("kind", "=", "refund")
    .where("state", "=", "sending")
    .where("payment", "=", payment)
    .where("live", "=", live ? 1 : 0)
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

/** By the object that it made at Stripe, or its own id in the object's metadata. */
export async function readByObject(tx: Tx, objectId: string, operationId: string | null): Promise<Operation[]> {
  const rows = await tx
    .selectFrom("operation")
    .selectAll()
    .where((eb) => eb.or([eb("object_id", "=", objectId), ...(operationId === null ? [] : [eb("id", "=", operationId)])]))
    .execute();
  return rows.map(fromRow);
}

export type Changes = Partial<Omit<OperationRow, "id" | "no" | "kind" | "live" | "stripe_key" | "request_digest" | "created_at">>;

/** Changes an operation if it is still in this state; false when somebody was quicker. */
export async function changeOperation(tx: Tx, id: string, from: OperationState, changes: Changes): Promise<boolean> {
  const { numUpdatedRows } = await tx.updateTable("operation").set(changes).where("id", "=", id).where("state", "=", from).executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Of this kind and state, made before; the oldest first. */
export async function readOlder(tx: Tx, state: OperationState, beforeMs: number, limit: number): Promise<Operation[]> {
  const rows = await tx.selectFrom("operation").selectAll().where("state", "=", state).where("created_at", "<", beforeMs).orderBy("created_at").limit(limit).execute();
  return rows.map(fromRow);
}

/** Refunds sent since then (an approval may come days after the asking) that were or may be carried out, by all keys and by one. */
export async function sumRefunds(tx: Tx, live: boolean, currency: string, sinceMs: number, actorId: string): Promise<{ all: number; own: number }> {
  const rows = await tx
    .selectFrom("operation")
    .select(({ fn }) => ["actor_id", fn.sum<number | string>("amount").as("total")])
    .where("kind", "=", "refund")
    .where("live", "=", live ? 1 : 0)
    .where("currency", "=", currency)
    .where("sent_at", ">=", sinceMs)
    .where("state", "in", ["sending", "submitted", "confirmed"])
    .groupBy("actor_id")
    .execute();
  return { all: rows.reduce((sum, row) => sum + Number(row.total), 0), own: Number(rows.find((row) => row.actor_id === actorId)?.total ?? 0) };
}

export async function addStep(tx: Tx, operationId: string, at: number, what: string, text: string, actor: string): Promise<void> {
  await tx.insertInto("operation_step").values({ operation_id: operationId, at, what, text: text.slice(0, 500), actor }).execute();
}

export async function readSteps(tx: Tx, operationId: string): Promise<StepRow[]> {
  return await tx.selectFrom("operation_step").select(["operation_id", "at", "what", "text", "actor"]).where("operation_id", "=", operationId).orderBy("id").limit(200).execute();
}

export interface OperationFilter {
  readonly kind?: OperationKind | undefined;
  readonly state?: OperationState | undefined;
  readonly payment?: string | undefined;
  readonly before?: number | undefined;
  readonly limit: number;
}

/** Newest first. */
export async function listOperations(tx: Tx, filter: OperationFilter): Promise<{ operations: Operation[]; next: number | null }> {
  let query = tx.selectFrom("operation").selectAll().orderBy("no", "desc").limit(filter.limit + 1);
  if (filter.kind !== undefined) query = query.where("kind", "=", filter.kind);
  if (filter.state !== undefined) query = query.where("state", "=", filter.state);
  if (filter.payment !== undefined) query = query.where("payment", "=", filter.payment);
  if (filter.before !== undefined) query = query.where("no", "<", filter.before);
  const rows = await query.execute();
  const page = rows.slice(0, filter.limit).map(fromRow);
  return { operations: page, next: rows.length > filter.limit ? (page.at(-1)?.no ?? null) : null };
}

/** How many wait for something, for the health check. */
export async function countOpen(tx: Tx, now: number): Promise<{ unresolved: number; unconfirmed: number; awaiting: number }> {
  const rows = await tx
    .selectFrom("operation")
    .select(({ fn }) => ["state", fn.countAll<number>().as("n")])
    .where((eb) =>
      eb.or([
        eb.and([eb("state", "=", "sending"), eb("created_at", "<", now - 60_000)]),
        eb.and([eb("state", "=", "submitted"), eb("missed_at", "is not", null)]),
        eb("state", "=", "awaiting_approval"),
      ]),
    )
    .groupBy("state")
    .execute();
  const of = (state: OperationState): number => rows.find((row) => row.state === state)?.n ?? 0;
  return { unresolved: of("sending"), unconfirmed: of("submitted"), awaiting: of("awaiting_approval") };
}
