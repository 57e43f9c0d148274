import { recordAudit } from "../access/index.ts";
import { AppError } from "../platform/index.ts";
import { carryOut } from "./carry-out.ts";
import type { Asker, OperationDeps } from "./intent.ts";
import { APPROVAL_LIFE_MS, LEASE_MS, type Operation } from "./operation.ts";
import { busy } from "./refund.ts";
import { settle } from "./settle.ts";
import { readBusy, readOlder, readOperation } from "./store.ts";

/** @throws AppError `not_found`. */
export async function needOperation(deps: Pick<OperationDeps, "db">, id: string): Promise<Operation> {
  const operation = await readOperation(deps.db.read, id);
  if (operation === null) throw new AppError("not_found", `there is no operation ${JSON.stringify(id.slice(0, 60))}; GET /api/operations lists them`, { code: "operation_not_found" });
  return operation;
}

function mayDecide(operation: Operation, asker: Asker, now: number): void {
  if (operation.state !== "awaiting_approval") {
    throw new AppError("conflict", `this operation is ${operation.state.replaceAll("_", " ")}; only one that awaits approval can be approved or rejected`, { code: "not_awaiting_approval" });
  }
  if (now - operation.createdAt >= APPROVAL_LIFE_MS) throw new AppError("conflict", "this operation has waited for more than 7 days and has expired; ask for it again", { code: "operation_expired" });
  if (operation.actor.keyId === asker.actor.keyId) {
    throw new AppError("forbidden", "nobody approves or rejects an operation of their own; a second person with another key must", { code: "own_operation" });
  }
}

/**
 * A second person says yes: it is sent as if just asked for, after what is left was looked at again.
 *
 * @throws AppError `forbidden` for one's own, `conflict` for one that does not wait.
 */
export async function approveOperation(deps: OperationDeps, id: string, asker: Asker): Promise<Operation> {
  const { db, clock } = deps;
  const seen = await needOperation(deps, id);
  mayDecide(seen, asker, clock.now());
  const stripe = deps.stripe();
  if (seen.live !== stripe.live) throw new AppError("conflict", "this operation belongs to the other mode (test or live)", { code: "other_mode" });
  if (seen.payment !== null && seen.amount !== null) {
    const { left } = await stripe.payment(seen.payment);
    if (seen.amount > left) throw new AppError("conflict", "less is left of the payment by now than this refund would give back; reject it and ask anew", { code: "more_than_left" });
  }
  const approved = await db.write(async (tx) => {
    await db.dialect.lock(tx, "operations");
    const operation = (await readOperation(tx, id)) ?? seen;
    const now = clock.now();
    mayDecide(operation, asker, now);
    const other = operation.payment === null ? null : await readBusy(tx, operation.payment, operation.live);
    if (other !== null) throw busy(other);
    const changes = { second_id: asker.actor.keyId, second_name: asker.actor.name, sent_at: now, next_try_at: now + LEASE_MS };
    const moved = await settle(tx, id, { kind: "approved" }, { changes, what: "approved", text: "approved, now to be sent to Stripe", actor: asker.actor.name }, now);
    await recordAudit(tx, { at: now, actor: asker.actor, action: `${operation.kind}.approve`, subject: id, requestId: asker.requestId, outcome: "ok" });
    return moved;
  });
  return (await carryOut({ db, clock, stripe }, approved)).operation;
}

/** A second person says no. @throws AppError as approving does. */
export async function rejectOperation(deps: Omit<OperationDeps, "stripe">, id: string, why: string | null, asker: Asker): Promise<Operation> {
  const { db, clock } = deps;
  const seen = await needOperation(deps, id);
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, "operations");
    const now = clock.now();
    mayDecide((await readOperation(tx, id)) ?? seen, asker, now);
    const changes = { second_id: asker.actor.keyId, second_name: asker.actor.name };
    const moved = await settle(tx, id, { kind: "rejected" }, { changes, what: "rejected", text: why ?? "rejected without words", actor: asker.actor.name }, now);
    await recordAudit(tx, { at: now, actor: asker.actor, action: `${seen.kind}.reject`, subject: id, requestId: asker.requestId, outcome: "ok" });
    return moved;
  });
}

/** One step of the loop: what nobody approved in time will not be sent any more. */
export async function expireApprovals({ db, clock }: Omit<OperationDeps, "stripe">): Promise<boolean> {
  const now = clock.now();
  const [oldest] = await readOlder(db.read, "awaiting_approval", now - APPROVAL_LIFE_MS, 1);
  if (oldest === undefined) return false;
  await db.write((tx) => settle(tx, oldest.id, { kind: "expired" }, { changes: {}, what: "expired", text: "nobody approved it within 7 days; nothing was sent" }, now));
  return true;
}
