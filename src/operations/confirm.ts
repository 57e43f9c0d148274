import type { LedgerEntry } from "../ledger/index.ts";
import { asMinor } from "../money/index.ts";
import type { Clock, Database, Tx } from "../platform/index.ts";
import { OPERATION_KEY } from "../stripe/index.ts";
import { CONFIRMATION_MS, isGone, type Operation } from "./operation.ts";
import { noteHint } from "./refund-hint.ts";
import { readRefundObject, recordRefund, type RecordedRefund } from "./refund-record.ts";
import { errorChanges, settle } from "./settle.ts";
import { addStep, changeOperation, readByObject } from "./store.ts";

/** What an event tells that an operation may wait for. */
type Telling = { readonly kind: "refund"; readonly refund: RecordedRefund } | InvoiceTelling;

interface InvoiceTelling {
  readonly kind: "invoice";
  readonly id: string;
  readonly status: string;
  readonly operation: string | null;
  readonly customer: string | null;
  readonly currency: unknown;
  /** In minor units; what is due falls below the total where the customer has credit. */
  readonly amounts: readonly unknown[];
}

type Fields = Readonly<Record<string, unknown>>;

function fields(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

function idIn(value: unknown): string | null {
  const id = fields(value)?.["id"] ?? value;
  return typeof id === "string" ? id : null;
}

/** A charge's own list of refunds stands in old shapes only. */
const MAX_REFUNDS = 100;

function tellings(entry: LedgerEntry): Telling[] {
  const { type } = entry;
  if (entry.account !== null) return [];
  const object = fields(fields(entry.body["data"])?.["object"]);
  if (object === null) return [];
  if (type.startsWith("refund.") || type === "charge.refund.updated") {
    const refund = readRefundObject(object, type);
    return refund === null ? [] : [{ kind: "refund", refund }];
  }
  if (type === "charge.refunded") {
    const list = fields(object["refunds"])?.["data"];
    const refunds = Array.isArray(list) ? list.slice(0, MAX_REFUNDS).flatMap((one: unknown) => readRefundObject(one, type) ?? []) : [];
    return refunds.map((refund) => ({ kind: "refund", refund }));
  }
  // `invoice.created` tells of a draft, which nobody can pay yet.
  if (type.startsWith("invoice.") && type !== "invoice.created" && type !== "invoice.updated" && object["object"] === "invoice") {
    const [id, status] = [object["id"], object["status"]];
    const operation = fields(object["metadata"])?.[OPERATION_KEY];
    if (typeof id === "string" && typeof status === "string") return [{ kind: "invoice", id, status, operation: typeof operation === "string" ? operation : null, customer: idIn(object["customer"]), currency: object["currency"], amounts: [object["amount_due"], object["total"]] }];
  }
  return [];
}

/**
 * Matches events with the operations that wait for them, and notes refunds made elsewhere. In the transaction that moves
 * the ledger's cursor; the same events again change nothing.
 */
export async function confirmOperations(tx: Tx, entries: readonly LedgerEntry[], now: number): Promise<void> {
  for (const entry of entries) {
    for (const telling of tellings(entry)) {
      if (telling.kind === "refund") await tellRefund(tx, telling.refund, entry, now);
      else await tellInvoice(tx, telling, entry, now);
    }
    await hintOf(tx, entry, now);
  }
}

/** Newer shapes of a refunded charge do not list its refunds, and an endpoint may not hear of `refund.*`. */
async function hintOf(tx: Tx, entry: LedgerEntry, now: number): Promise<void> {
  const charge = fields(fields(entry.body["data"])?.["object"]);
  const amount = asMinor(charge?.["amount_refunded"], { min: 1, max: 999_999_999_999 });
  if (entry.type !== "charge.refunded" || entry.account !== null || entry.source === "import" || entry.source === "tail" || amount === null || typeof charge?.["id"] !== "string") return;
  await noteHint(tx, { charge: charge["id"], live: entry.live, amount }, now);
}

async function tellRefund(tx: Tx, refund: RecordedRefund, entry: LedgerEntry, now: number): Promise<void> {
  const operations = (await readByObject(tx, refund.id, refund.operation)).filter((one) => one.kind === "refund" && one.live === entry.live);
  // Metadata can be written by anybody with a key: only an operation of ours that waits for such a refund is believed.
  const own = operations.find((one) => one.objectId === refund.id || (one.objectId === null && one.payment === refund.payment && one.amount === refund.amount));
  await recordRefund(tx, { ...refund, operation: own?.id ?? null }, entry.live, now, entry.source === "import" || entry.source === "tail");
  if (own !== undefined) await told(tx, own, refund.id, refund.status, entry, now);
}

async function tellInvoice(tx: Tx, invoice: InvoiceTelling, entry: LedgerEntry, now: number): Promise<void> {
  for (const own of await readByObject(tx, invoice.id, invoice.operation)) {
    if (own.live === entry.live && isOurs(own, invoice) && tellsOf(own, entry.type)) await told(tx, own, invoice.id, invoice.status, entry, now);
  }
}

/** Metadata can be written, and are copied from invoice to invoice, by anybody: only the invoice that was asked for is believed. */
function isOurs(own: Operation, invoice: InvoiceTelling): boolean {
  if (own.kind === "refund") return false;
  if (own.objectId !== null) return own.objectId === invoice.id;
  if (own.kind !== "invoice" || (own.progress.invoice !== undefined && own.progress.invoice !== invoice.id)) return false;
  return own.progress.customer !== undefined && own.progress.customer === invoice.customer && own.currency === invoice.currency && invoice.amounts.includes(own.amount);
}

/** That an invoice was voided or paid does not say that it was mailed. */
function tellsOf(own: Operation, type: string): boolean {
  if (own.kind === "invoice_send") return type === "invoice.sent";
  return own.kind !== "invoice_void" || type === "invoice.voided";
}

async function told(tx: Tx, operation: Operation, objectId: string, status: string, entry: LedgerEntry, now: number): Promise<void> {
  const news = operation.objectId !== objectId || operation.objectStatus !== status || operation.confirmedAt === null;
  // An older snapshot that comes late must not take a failure back.
  if (!news || (operation.state === "failed" && operation.objectStatus !== null && isGone(operation.objectStatus))) return;
  const gone = operation.kind === "refund" && isGone(status);
  await settle(
    tx,
    operation.id,
    { kind: "told", status: operation.kind === "refund" ? status : "told" },
    {
      changes: {
        object_id: objectId,
        object_status: status,
        confirmed_at: operation.confirmedAt ?? now,
        next_try_at: null,
        // What was open is settled now: from here on counts what makes a further request the same.
        ...(operation.state === "sending" ? { last_try_at: now } : {}),
        ...(gone ? errorChanges({ kind: "conflict", code: "refund_failed", text: `the refund ${objectId} ${status === "failed" ? "failed" : "was canceled"} at the bank; the money is back with you, and the customer has none` }) : { error_kind: null, error_code: null, error_text: null }),
      },
      what: gone ? "failed_later" : "confirmed",
      text: `${entry.type} (${entry.eventId}) says ${status}`,
    },
    now,
  );
}

export interface MissedConfirmation {
  readonly operation: string;
  readonly object: string | null;
}

/**
 * One step of the loop: notes the operation whose confirmation is overdue, once. Null when there is none. An event that
 * does not come means that deliveries are broken, whatever became of this operation.
 */
export async function noteMissing(db: Database, clock: Clock): Promise<MissedConfirmation | null> {
  const now = clock.now();
  const row = await db.read
    .selectFrom("operation")
    .select(["id", "object_id"])
    .where("state", "=", "submitted")
    .where("missed_at", "is", null)
    .where("updated_at", "<", now - CONFIRMATION_MS)
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return null;
  return await db.write(async (tx) => {
    const noted = await changeOperation(tx, row.id, "submitted", { missed_at: now });
    if (!noted) return null;
    await addStep(tx, row.id, now, "confirmation_missing", "no event has told of it for 10 minutes; are webhooks arriving?", "tillwatch");
    return { operation: row.id, object: row.object_id };
  });
}
