import { PROGRAM, recordAudit } from "../access/index.ts";
import { AppError, type ErrorKind, type Tx } from "../platform/index.ts";
import type { StripeTrouble } from "../stripe/index.ts";
import { type Happening, next, type Operation, type OperationState, waitMs } from "./operation.ts";
import type { Outcome } from "./perform.ts";
import { recordRefund } from "./refund-record.ts";
import { addStep, changeOperation, type Changes, readOperation } from "./store.ts";

/** What is written with a move: changes of the row, and the words for the time line. */
interface Entry {
  readonly changes: Changes;
  readonly what: string;
  readonly text: string;
  readonly actor?: string;
}

const TRIES = 5;
const FINAL: readonly OperationState[] = ["submitted", "failed", "rejected", "expired"];

/**
 * Lets something happen to an operation, in one transaction: state, time line and audit trail together. Answers the
 * operation as it is then; what cannot happen any more changes nothing.
 */
export async function settle(tx: Tx, id: string, happening: Happening, entry: Entry, now: number): Promise<Operation> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const operation = await readOperation(tx, id);
    if (operation === null) throw new AppError("internal", "an operation has disappeared", { code: "operation_gone" });
    const move = next(operation.state, happening, operation.objectId);
    if (move.kind === "impossible") return operation;
    const to = move.kind === "move" ? move.to : operation.state;
    // What an event told before the answer is newer than the answer.
    const late = happening.kind === "accepted" && move.kind === "stay" && operation.objectId !== null;
    // Somebody else (an event, on PostgreSQL) may change it between the two: then it is decided anew.
    if (!(await changeOperation(tx, id, operation.state, { ...(late ? withoutObject(entry.changes) : entry.changes), state: to, updated_at: now }))) continue;
    await addStep(tx, id, now, entry.what, entry.text, entry.actor ?? PROGRAM.name);
    if (move.kind === "move" && FINAL.includes(to) && entry.actor === undefined) {
      const detail = { state: to, object: entry.changes.object_id ?? operation.objectId, text: entry.text };
      await recordAudit(tx, { at: now, actor: PROGRAM, action: `${operation.kind}.result`, subject: id, detail, requestId: operation.requestId, outcome: to === "failed" ? "failed" : "ok" });
    }
    return (await readOperation(tx, id)) ?? operation;
  }
  throw new AppError("conflict", "the operation is being changed by somebody else at the same time; look at it again", { code: "operation_changed" });
}

function withoutObject({ object_id: _id, object_status: _status, error_kind: _kind, error_code: _code, error_text: _text, ...rest }: Changes): Changes {
  return rest;
}

/** Stripe answered, or a look-up found what a lost answer did. */
export async function settleOutcome(tx: Tx, operation: Operation, outcome: Outcome, found: boolean, now: number): Promise<Operation> {
  const gone = outcome.objectStatus === "failed" || outcome.objectStatus === "canceled";
  if (outcome.refund !== undefined) await recordRefund(tx, { ...outcome.refund, operation: operation.id }, operation.live, now);
  const settled = await settle(
    tx,
    operation.id,
    { kind: "accepted", status: outcome.objectStatus },
    {
      changes: {
        object_id: outcome.objectId,
        object_status: outcome.objectStatus,
        answer: JSON.stringify(outcome.answer),
        next_try_at: null,
        last_effect: null,
        last_try_at: now,
        ...(outcome.progress === undefined ? {} : { progress: JSON.stringify(outcome.progress) }),
        ...(gone ? errorChanges({ kind: "conflict", code: "refund_failed", text: `Stripe made ${outcome.objectId} and it ${outcome.objectStatus} at once; no money went to the customer` }) : { error_kind: null, error_code: null, error_text: null }),
      },
      what: found ? "found_at_stripe" : "answered",
      text: found ? `Stripe has it: ${outcome.objectId}, ${outcome.objectStatus}` : `Stripe answered: ${outcome.objectId}, ${outcome.objectStatus}`,
    },
    now,
  );
  if (outcome.sendFailed !== undefined) await addStep(tx, operation.id, now, "send_failed", `the invoice was made, and its mail was refused: ${outcome.sendFailed}`, PROGRAM.name);
  return settled;
}

export function errorChanges(error: { kind: ErrorKind; code: string; text: string }): Changes {
  return { error_kind: error.kind, error_code: error.code, error_text: error.text.slice(0, 500) };
}

/** A call failed: either Stripe did nothing, which ends it, or we do not know, which keeps it open. */
export async function settleTrouble(tx: Tx, operation: Operation, trouble: Pick<StripeTrouble, "kind" | "code" | "message" | "effect" | "passing">, now: number): Promise<Operation> {
  const { effect, kind, code, message, passing } = trouble;
  // "Nothing was done" is said of this call alone. What earlier steps made stays, and so does the key: the loop goes on.
  const begun = Object.keys(operation.progress).length > 0;
  if (effect === "none" && !(begun && passing)) {
    const draft = operation.progress.invoice === undefined ? "" : ` A draft stays at Stripe: ${operation.progress.invoice}.`;
    const changes: Changes = { ...errorChanges({ kind, code, text: message }), next_try_at: null, last_effect: effect, last_try_at: now };
    // What passes may be asked for again with the same key: the key is free again, since nothing was done.
    return await settle(tx, operation.id, { kind: "refused" }, { changes: passing ? { ...changes, request_key: null } : changes, what: "refused", text: `${message}. Nothing was done.${draft}` }, now);
  }
  const attempts = operation.attempts + 1;
  // The refusal was of the last call; that earlier ones are unanswered is not to be forgotten.
  const changes: Changes = { attempts, last_effect: effect === "none" ? "unanswered" : effect, last_try_at: now, next_try_at: now + waitMs(attempts) };
  return await settle(tx, operation.id, { kind: "silent" }, { changes, what: "no_answer", text: `${message}; try ${attempts}` }, now);
}

/** Looked up when no call can be under way any more, and Stripe has nothing. */
export async function settleAbsent(tx: Tx, operation: Operation, now: number): Promise<Operation> {
  const text =
    operation.kind === "invoice_send"
      ? "Stripe gave no clear answer, and whether the mail went out cannot be seen; send it again if the customer has none"
      : `Stripe has nothing of this ${operation.kind === "refund" ? "refund: no money moved" : "invoice"}; ask for it again if it is still wanted`;
  const changes: Changes = { ...errorChanges({ kind: "upstream", code: "not_carried_out", text }), next_try_at: null, last_try_at: now };
  return await settle(tx, operation.id, { kind: "absent" }, { changes, what: "not_at_stripe", text }, now);
}
