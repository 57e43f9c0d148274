import { type RawBuilder, sql } from "kysely";
import type { Currency, Minor } from "../money/index.ts";
import { AppError, type Tx } from "../platform/index.ts";
import type { Cause } from "./cause.ts";
import { describe } from "./describe.ts";
import { unpack } from "./packed.ts";
import type { Payment, PaymentStatus } from "./payment.ts";
import { readAliases, readStates } from "./store.ts";

export interface PaymentScope {
  /** Only of this mode; either when left out. */
  readonly live?: boolean | undefined;
  /** Only of this connected account, null for the account itself; any when left out. */
  readonly account?: string | null | undefined;
}

/**
 * One payment by its own id or that of any of its parts (`pi_`, `ch_`, `re_`, `dp_`); null when we know of none. Should
 * one id stand in both modes, the live payment is meant.
 */
export async function getPayment(tx: Tx, idOrAlias: string, scope: PaymentScope = {}): Promise<Payment | null> {
  const row = await tx
    .selectFrom("payment_alias")
    .innerJoin("payment", "payment.no", "payment_alias.payment_no")
    .select("payment.state")
    .where("payment_alias.alias", "=", idOrAlias)
    .$if(scope.live !== undefined, (query) => query.where("payment_alias.live", "=", scope.live === true ? 1 : 0))
    .$if(scope.account !== undefined, (query) => query.where("payment_alias.account", "=", scope.account ?? ""))
    .orderBy("payment_alias.live", "desc")
    .orderBy("payment.no")
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : describe(unpack(row.state));
}

/** Payments by the ids of any of their parts, of one mode and account; by the id that was asked for. */
export async function findPayments(tx: Tx, ids: readonly string[], scope: { readonly live: boolean; readonly account: string | null }): Promise<Map<string, Payment>> {
  const aliases = (await readAliases(tx, ids)).filter((row) => (row.live === 1) === scope.live && row.account === (scope.account ?? ""));
  const payments = (await readStates(tx, [...new Set(aliases.map((row) => row.payment_no))])).map(({ state }) => describe(state));
  const byNo = new Map(payments.map((payment) => [payment.no, payment]));
  return new Map(aliases.flatMap(({ alias, payment_no: no }) => (byNo.has(no) ? [[alias, byNo.get(no) as Payment]] : [])));
}

export interface ToldPart {
  readonly id: string;
  /** An attempt: when its outcome was told; a refund: when it was made. ms UTC. */
  readonly at: number;
}

/**
 * Ids of attempts or refunds of `[fromMs, toMs)`, latest first.
 *
 * @param after the last of the page before.
 */
export async function partsBetween(
  tx: Tx,
  part: "attempt" | "refund",
  scope: { readonly live: boolean; readonly account: string | null },
  window: { readonly fromMs: number; readonly toMs: number },
  after: ToldPart | null,
  limit: number,
): Promise<ToldPart[]> {
  const at = sql.ref(part === "attempt" ? "at" : "created_at");
  const { rows } = await sql<ToldPart>`select id, ${at} as at from ${sql.table(part)}
    where live = ${scope.live ? 1 : 0} and account = ${scope.account ?? ""} and ${at} >= ${window.fromMs} and ${at} < ${window.toMs}
    ${after === null ? sql`` : sql`and (${at} < ${after.at} or (${at} = ${after.at} and id < ${after.id}))`}
    order by ${at} desc, id desc limit ${limit}`.execute(tx);
  return rows;
}

/** Subquery of one integer column: ledger positions of the events that told of this payment, for the events list. */
export function eventSeqsOf(idOrAlias: string): RawBuilder<unknown> {
  return sql`select payment_event.event_seq from payment_event where payment_event.payment_no in (select payment_no from payment_alias where alias = ${idOrAlias})`;
}

export interface PaymentFilter extends PaymentScope {
  readonly status?: PaymentStatus | undefined;
  /** Begun at or after, ms UTC. */
  readonly sinceMs?: number | undefined;
  /** Begun before, ms UTC. */
  readonly untilMs?: number | undefined;
  /** The id of any of its parts. */
  readonly alias?: string | undefined;
  /** The whole address, any case. */
  readonly email?: string | undefined;
  readonly amount?: Minor | undefined;
  readonly currency?: Currency | undefined;
  /** Of the last failed attempt: whose trouble it was… */
  readonly cause?: Cause | undefined;
  /** … and the code, e.g. `insufficient_funds`. */
  readonly code?: string | undefined;
}

export interface ListedPayment extends Pick<Payment, "id" | "live" | "account" | "status" | "finalOutcome" | "currency" | "amount" | "captured" | "refunded" | "disputed" | "email" | "customer" | "invoice" | "method" | "brand" | "country" | "createdAt" | "updatedAt"> {
  readonly cause: Cause | null;
  readonly code: string | null;
}

export interface PaymentPage {
  readonly payments: readonly ListedPayment[];
  /** Opaque; pass it back for the next page. Null on the last page. */
  readonly nextCursor: string | null;
}

/** @throws AppError `invalid` for a cursor that we did not make. */
function decodeCursor(cursor: string): { createdAt: number; no: number } {
  const match = /^(-?\d{1,16})\.(\d{1,16})$/.exec(Buffer.from(cursor, "base64url").toString("latin1"));
  if (match === null) throw new AppError("invalid", "`cursor` is not one of ours; take it from `next_cursor` of the page before", { code: "cursor_invalid" });
  return { createdAt: Number(match[1]), no: Number(match[2]) };
}

const COLUMNS = ["no", "id", "live", "account", "status", "final_outcome", "cause", "code", "currency", "amount", "captured", "refunded", "disputed", "email", "customer", "invoice", "method", "brand", "country", "created_at", "updated_at"] as const;

function selection(tx: Tx, filter: PaymentFilter, live: boolean) {
  // A payment without a currency is known by a link only, and nothing to show yet.
  let query = tx.selectFrom("payment").select(COLUMNS).where("live", "=", live ? 1 : 0).where("currency", "is not", null);
  if (filter.account !== undefined) query = query.where("account", "=", filter.account ?? "");
  if (filter.status !== undefined) query = query.where("status", "=", filter.status);
  if (filter.sinceMs !== undefined) query = query.where("created_at", ">=", filter.sinceMs);
  if (filter.untilMs !== undefined) query = query.where("created_at", "<", filter.untilMs);
  if (filter.alias !== undefined) query = query.where("no", "in", tx.selectFrom("payment_alias").select("payment_no").where("alias", "=", filter.alias));
  if (filter.email !== undefined) query = query.where("email", "=", filter.email.trim().toLowerCase());
  if (filter.amount !== undefined) query = query.where("amount", "=", filter.amount);
  if (filter.currency !== undefined) query = query.where("currency", "=", filter.currency);
  if (filter.cause !== undefined) query = query.where("cause", "=", filter.cause);
  if (filter.code !== undefined) query = query.where("code", "=", filter.code);
  return query;
}

type Row = Awaited<ReturnType<ReturnType<typeof selection>["execute"]>>[number];

function listed(row: Row): ListedPayment {
  return {
    id: row.id,
    live: row.live === 1,
    account: row.account === "" ? null : row.account,
    status: row.status as PaymentStatus,
    finalOutcome: row.final_outcome as Payment["finalOutcome"],
    cause: row.cause as Cause | null,
    code: row.code,
    currency: row.currency as Currency | null,
    amount: row.amount as Minor,
    captured: row.captured as Minor,
    refunded: row.refunded as Minor,
    disputed: row.disputed as Minor,
    email: row.email,
    customer: row.customer,
    invoice: row.invoice,
    method: row.method,
    brand: row.brand,
    country: row.country,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

async function newest(tx: Tx, filter: PaymentFilter, live: boolean, limit: number, before: { createdAt: number; no: number } | null): Promise<Row[]> {
  let query = selection(tx, filter, live);
  if (before !== null) query = query.where(sql<boolean>`(created_at, no) < (${before.createdAt}, ${before.no})`);
  return await query.orderBy("created_at", "desc").orderBy("no", "desc").limit(limit).execute();
}

/**
 * A page of payments, newest begun first, stable while more arrive. Each filter has an index that begins with the mode
 * and ends with the order, so a page of both modes is the first of two pages.
 *
 * @param limit 1 to 100.
 */
export async function listPayments(tx: Tx, filter: PaymentFilter, limit: number, cursor: string | null): Promise<PaymentPage> {
  const before = cursor === null ? null : decodeCursor(cursor);
  const rows: Row[] = [];
  for (const live of filter.live === undefined ? [true, false] : [filter.live]) rows.push(...(await newest(tx, filter, live, limit + 1, before)));
  const page = rows.toSorted((one, other) => other.created_at - one.created_at || other.no - one.no).slice(0, limit);
  const last = page.at(-1);
  return {
    payments: page.map(listed),
    nextCursor: rows.length > limit && last !== undefined ? Buffer.from(`${last.created_at}.${last.no}`).toString("base64url") : null,
  };
}

export interface AttemptCount {
  readonly currency: string;
  readonly outcome: "succeeded" | "failed";
  readonly cause: Cause | null;
  readonly count: number;
}

/** Payments that succeeded since then, of all accounts; counted to `limit` at the most. */
export async function countSucceeded(tx: Tx, live: boolean, fromMs: number, limit: number): Promise<number> {
  const found = tx.selectFrom("attempt").select("at").where("live", "=", live ? 1 : 0).where("at", ">=", fromMs).where("outcome", "=", "succeeded").limit(limit);
  const row = await tx.selectFrom(found.as("found")).select(({ fn }) => fn.countAll<number>().as("count")).executeTakeFirstOrThrow();
  return row.count;
}

/** Attempts whose outcome was told in `[fromMs, toMs)`, exact to the millisecond, of one mode and account. */
export async function countAttempts(tx: Tx, fromMs: number, toMs: number, live: boolean, account: string | null): Promise<AttemptCount[]> {
  const rows = await tx
    .selectFrom("attempt")
    .select(({ fn }) => ["currency", "outcome", "cause", fn.countAll<number>().as("count")])
    .where("live", "=", live ? 1 : 0)
    .where("at", ">=", fromMs)
    .where("at", "<", toMs)
    .where("account", "=", account ?? "")
    .groupBy(["currency", "outcome", "cause"])
    .execute();
  return rows.map((row) => ({ currency: row.currency, outcome: row.outcome as AttemptCount["outcome"], cause: row.cause as Cause | null, count: row.count }));
}
