import { asCurrency, asMinor, majorNumber, minor } from "../money/index.ts";
import { type Database, isoSeconds, type Tx } from "../platform/index.ts";
import { OPERATION_KEY, type RefundFacts } from "../stripe/index.ts";

/** Every refund that we know of, made by us or elsewhere, for `refunds.ndjson` and for telling the two apart. */
interface RefundRecordRow {
  id: string;
  no: number;
  live: number;
  payment: string | null;
  charge: string | null;
  amount: number;
  currency: string;
  status: string;
  reason: string | null;
  operation_id: string | null;
  created_at: number;
  updated_at: number;
  /** The status that stands in the file; null while there is no line. */
  logged_as: string | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    refund_record: RefundRecordRow;
  }
}

export type RecordedRefund = Pick<RefundFacts, "id" | "payment" | "charge" | "status" | "amount" | "currency" | "reason" | "operation" | "createdAt">;

type Fields = Readonly<Record<string, unknown>>;

const MAX_AMOUNT = 999_999_999_999;
const STATUSES = ["pending", "requires_action", "succeeded", "failed", "canceled"] as const;

function idOf(value: unknown): string | null {
  const id = typeof value === "object" && value !== null ? (value as Fields)["id"] : value;
  return typeof id === "string" && id.length > 0 && id.length <= 255 ? id : null;
}

/** A refund as an event carries it; null for what is none. Trusts no field. */
export function readRefundObject(object: unknown, toldAs: string): RecordedRefund | null {
  if (typeof object !== "object" || object === null) return null;
  const refund = object as Fields;
  const [id, amount, currency] = [idOf(refund), asMinor(refund["amount"], { min: 0, max: MAX_AMOUNT }), asCurrency(refund["currency"])];
  if (refund["object"] !== "refund" || id === null || amount === null || currency === null) return null;
  const metadata = refund["metadata"];
  const operation = typeof metadata === "object" && metadata !== null ? (metadata as Fields)[OPERATION_KEY] : null;
  const created = refund["created"];
  return {
    id,
    amount,
    currency,
    status: toldAs === "refund.failed" ? "failed" : (STATUSES.find((status) => status === refund["status"]) ?? "succeeded"),
    payment: idOf(refund["payment_intent"]) ?? idOf(refund["charge"]),
    charge: idOf(refund["charge"]),
    reason: typeof refund["reason"] === "string" ? refund["reason"].slice(0, 100) : null,
    operation: typeof operation === "string" ? operation.slice(0, 64) : null,
    createdAt: typeof created === "number" && Number.isSafeInteger(created) ? created * 1000 : 0,
  };
}

const FURTHER: Readonly<Record<string, number>> = { pending: 1, requires_action: 2, succeeded: 3, failed: 4, canceled: 4 };

/**
 * Events come in any order: the further status stays.
 *
 * @param fromFile what came from a file is in a file: a second line would double it, or feed itself.
 */
export async function recordRefund(tx: Tx, refund: RecordedRefund, live: boolean, now: number, fromFile = false): Promise<void> {
  const known = await tx.selectFrom("refund_record").select(["status", "operation_id"]).where("id", "=", refund.id).executeTakeFirst();
  if (known !== undefined) {
    const further = (FURTHER[refund.status] ?? 0) > (FURTHER[known.status] ?? 0);
    if (!further && (known.operation_id !== null || refund.operation === null)) return;
    await tx
      .updateTable("refund_record")
      .set({ status: further ? refund.status : known.status, operation_id: known.operation_id ?? refund.operation, updated_at: now })
      .where("id", "=", refund.id)
      .execute();
    return;
  }
  const last = await tx.selectFrom("refund_record").select("no").orderBy("no", "desc").limit(1).executeTakeFirst();
  const row = { id: refund.id, no: (last?.no ?? 0) + 1, live: live ? 1 : 0, payment: refund.payment, charge: refund.charge, amount: refund.amount, currency: refund.currency, status: refund.status, reason: refund.reason };
  await tx
    .insertInto("refund_record")
    .values({ ...row, operation_id: refund.operation, created_at: refund.createdAt === 0 ? now : refund.createdAt, updated_at: now, logged_as: fromFile ? refund.status : null })
    .onConflict((conflict) => conflict.column("id").doNothing())
    .execute();
}

/** A line of `refunds.ndjson`. A refund that fails after its line gets a second one, `refund_failed`. */
function refundLine(row: RefundRecordRow, now: number): Record<string, unknown> {
  const currency = asCurrency(row.currency);
  return {
    ts: isoSeconds(row.logged_as === null ? row.created_at : now),
    event: row.logged_as === null ? "refund" : "refund_failed",
    id: row.id,
    payment_id: row.payment,
    charge: row.charge,
    amount: currency === null ? null : majorNumber(minor(row.amount), currency),
    amount_minor: row.amount,
    currency: row.currency,
    status: row.status,
    mode: row.live === 1 ? "live" : "test",
    reason: row.reason,
    source: row.operation_id === null ? "elsewhere" : "tillwatch",
    operation: row.operation_id,
  };
}

/**
 * Writes refunds that have no line yet, and those that failed after it; then notes that they are written. Each is there
 * at least once: a kill between the two repeats lines, `id` tells them apart. Answers whether there was work.
 */
export async function mirrorRefunds(db: Database, append: (lines: readonly Record<string, unknown>[]) => void, now: number): Promise<boolean> {
  const rows = await db.read
    .selectFrom("refund_record")
    .selectAll()
    .where((eb) => eb.or([eb("logged_as", "is", null), eb.and([eb("logged_as", "not in", ["failed", "canceled"]), eb("status", "in", ["failed", "canceled"])])]))
    .orderBy("no")
    .limit(200)
    .execute();
  if (rows.length === 0) return false;
  append(rows.map((row) => refundLine(row, now)));
  await db.write(async (tx) => {
    for (const row of rows) await tx.updateTable("refund_record").set({ logged_as: row.status }).where("id", "=", row.id).execute();
  });
  return true;
}

/** Ids among these that were made by an operation of ours. */
export async function ownRefunds(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
  if (ids.length === 0) return new Map();
  const rows = await tx.selectFrom("refund_record").select(["id", "operation_id"]).where("id", "in", ids).where("operation_id", "is not", null).execute();
  return new Map(rows.map((row) => [row.id, row.operation_id ?? ""]));
}
