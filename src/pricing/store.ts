import type { Selectable } from "kysely";
import { sql } from "kysely";
import { createHash } from "node:crypto";
import { type Currency, type Minor, minor } from "../money/index.ts";
import type { Tx } from "../platform/index.ts";
import type { Draft, Progress, Suggestion, SuggestionKind, SuggestionState, Told, Watch } from "./suggestion.ts";

interface PriceRow {
  id: string;
  live: number;
  product: string;
  currency: string;
  unit_amount: number | null;
  recurring: string | null;
  active: number;
  lookup_key: string | null;
  told_at: number;
}

interface ProductRow {
  id: string;
  live: number;
  name: string;
  active: number;
  default_price: string | null;
  told_at: number;
}

interface LineRow {
  subject: string;
  line: string;
  live: number;
  product: string;
  price: string | null;
  currency: string;
  unit_amount: number;
  quantity: number;
  amount: number;
  renewal: number;
  told_at: number;
}

interface SubscriptionRow {
  id: string;
  live: number;
  product: string;
  price: string;
  first_amount: number | null;
  unit_amount: number | null;
  currency: string;
  started_at: number;
  ended_at: number | null;
  told_at: number;
}

interface SuggestionRow {
  id: string;
  no: number;
  kind: string;
  state: string;
  live: number;
  product: string | null;
  price: string | null;
  currency: string | null;
  from_amount: number | null;
  to_amount: number | null;
  told: string;
  basis: string;
  proposer_id: string;
  proposer_name: string;
  first_id: string | null;
  first_name: string | null;
  second_id: string | null;
  second_name: string | null;
  reason: string | null;
  progress: string;
  new_price: string | null;
  error_text: string | null;
  attempts: number;
  sent_at: number | null;
  next_try_at: number | null;
  created_at: number;
  decided_at: number | null;
  applied_at: number | null;
  watch: string | null;
  updated_at: number;
}

interface RunRow {
  live: number;
  at: number;
  facts: string;
}

interface StepRow {
  suggestion_id: string;
  at: number;
  what: string;
  text: string;
  actor: string;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    pricing_price: PriceRow;
    pricing_product: ProductRow;
    pricing_line: LineRow;
    pricing_subscription: SubscriptionRow;
    pricing_suggestion: SuggestionRow;
    pricing_run: RunRow & { id: import("kysely").Generated<number> };
    pricing_step: StepRow & { id: import("kysely").Generated<number> };
  }
}

function amountOf(stored: number | null): Minor | null {
  return stored === null ? null : minor(stored);
}

function person(id: string | null, name: string | null): { keyId: string; name: string } | null {
  return id === null ? null : { keyId: id, name: name ?? id };
}

function fromRow(row: Selectable<SuggestionRow>): Suggestion {
  return {
    id: row.id,
    no: row.no,
    kind: row.kind as SuggestionKind,
    state: row.state as SuggestionState,
    live: row.live === 1,
    product: row.product,
    currency: row.currency as Currency | null,
    from: amountOf(row.from_amount),
    to: amountOf(row.to_amount),
    told: JSON.parse(row.told) as Told,
    basis: JSON.parse(row.basis) as Draft["basis"],
    proposer: { keyId: row.proposer_id, name: row.proposer_name },
    first: person(row.first_id, row.first_name),
    second: person(row.second_id, row.second_name),
    reason: row.reason,
    progress: JSON.parse(row.progress) as Progress,
    newPrice: row.new_price,
    error: row.error_text,
    attempts: row.attempts,
    sentAt: row.sent_at,
    nextTryAt: row.next_try_at,
    createdAt: row.created_at,
    decidedAt: row.decided_at,
    appliedAt: row.applied_at,
    watch: row.watch === null ? null : (JSON.parse(row.watch) as Watch),
    updatedAt: row.updated_at,
  };
}

/** Names exactly what is suggested and on what it stands; who approves says it, and anything else than what they saw is refused. */
export function basisDigest({ kind, product, currency, from, to, basis }: Draft): string {
  return createHash("sha256").update(JSON.stringify([kind, product, currency, from, to, basis])).digest("hex").slice(0, 16);
}

export async function insertSuggestion(tx: Tx, draft: Draft, about: { id: string; live: boolean; proposer: { keyId: string; name: string }; reason: string | null; nowMs: number }): Promise<Suggestion> {
  const last = await tx.selectFrom("pricing_suggestion").select(({ fn }) => fn.max("no").as("no")).executeTakeFirst();
  const row = await tx
    .insertInto("pricing_suggestion")
    .values({
      id: about.id,
      no: (last?.no ?? 0) + 1,
      kind: draft.kind,
      state: "open",
      live: about.live ? 1 : 0,
      product: draft.product,
      price: draft.basis.price,
      currency: draft.currency,
      from_amount: draft.from,
      to_amount: draft.to,
      told: JSON.stringify(draft.told),
      basis: JSON.stringify(draft.basis),
      proposer_id: about.proposer.keyId,
      proposer_name: about.proposer.name,
      first_id: null,
      first_name: null,
      second_id: null,
      second_name: null,
      reason: about.reason,
      progress: "{}",
      new_price: null,
      error_text: null,
      attempts: 0,
      sent_at: null,
      next_try_at: null,
      created_at: about.nowMs,
      decided_at: null,
      applied_at: null,
      watch: null,
      updated_at: about.nowMs,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return fromRow(row);
}

export type Changes = Partial<Omit<SuggestionRow, "id" | "no">>;

/** Compare and set: false when it is no longer in the state. */
export async function changeSuggestion(tx: Tx, id: string, state: SuggestionState, changes: Changes): Promise<boolean> {
  const { numUpdatedRows } = await tx.updateTable("pricing_suggestion").set(changes).where("id", "=", id).where("state", "=", state).executeTakeFirst();
  return numUpdatedRows > 0n;
}

export async function readSuggestion(tx: Tx, id: string): Promise<Suggestion | null> {
  const row = await tx.selectFrom("pricing_suggestion").selectAll().where("id", "=", id).executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

export interface SuggestionFilter {
  readonly state?: SuggestionState | undefined;
  readonly kind?: SuggestionKind | undefined;
  readonly live?: boolean | undefined;
  /** Before this number. */
  readonly before?: number | undefined;
}

/** Newest first. */
export async function listSuggestions(tx: Tx, filter: SuggestionFilter, limit: number): Promise<{ suggestions: Suggestion[]; next: number | null }> {
  let query = tx.selectFrom("pricing_suggestion").selectAll().orderBy("no", "desc").limit(limit + 1);
  if (filter.state !== undefined) query = query.where("state", "=", filter.state);
  if (filter.kind !== undefined) query = query.where("kind", "=", filter.kind);
  if (filter.live !== undefined) query = query.where("live", "=", filter.live ? 1 : 0);
  if (filter.before !== undefined) query = query.where("no", "<", filter.before);
  const rows = (await query.execute()).map(fromRow);
  return { suggestions: rows.slice(0, limit), next: rows.length > limit ? (rows[limit - 1]?.no ?? null) : null };
}

/** All in one of these states, oldest first; these states hold few. */
export async function suggestionsIn(tx: Tx, live: boolean, states: readonly SuggestionState[]): Promise<Suggestion[]> {
  return (await tx.selectFrom("pricing_suggestion").selectAll().where("live", "=", live ? 1 : 0).where("state", "in", states).orderBy("no").execute()).map(fromRow);
}

/** Takes an unfinished one whose turn it is for a while; null when there is none. */
export async function claimSuggestion(tx: Tx, live: boolean, nowMs: number, untilMs: number, only: string | null): Promise<Suggestion | null> {
  let due = tx
    .selectFrom("pricing_suggestion")
    .select("id")
    .where("state", "in", ["applying", "rolling_back"])
    .where("live", "=", live ? 1 : 0)
    .where(sql<boolean>`coalesce(next_try_at, 0) <= ${nowMs}`)
    .orderBy("next_try_at")
    .limit(1);
  if (only !== null) due = due.where("id", "=", only);
  const found = await due.executeTakeFirst();
  if (found === undefined) return null;
  const row = await tx
    .updateTable("pricing_suggestion")
    .set({ next_try_at: untilMs, sent_at: sql<number>`coalesce(sent_at, ${nowMs})` })
    .where("id", "=", found.id)
    .where("state", "in", ["applying", "rolling_back"])
    .where(sql<boolean>`coalesce(next_try_at, 0) <= ${nowMs}`)
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : fromRow(row);
}

export async function addStep(tx: Tx, id: string, at: number, what: string, text: string, actor: string): Promise<void> {
  await tx.insertInto("pricing_step").values({ suggestion_id: id, at, what, text: text.slice(0, 1000), actor }).execute();
}

export async function readSteps(tx: Tx, id: string): Promise<StepRow[]> {
  return await tx.selectFrom("pricing_step").select(["suggestion_id", "at", "what", "text", "actor"]).where("suggestion_id", "=", id).orderBy("id").limit(500).execute();
}

/** When a suggestion last changed this product's price in this currency, ms UTC. */
export async function lastChanges(tx: Tx, live: boolean): Promise<Map<string, number>> {
  const rows = await tx
    .selectFrom("pricing_suggestion")
    .select(["product", "currency", ({ fn }) => fn.max("applied_at").as("at")])
    .where("live", "=", live ? 1 : 0)
    .where("applied_at", "is not", null)
    // One that was taken back leaves the price as it was: it must not keep the next one waiting.
    .where("state", "<>", "rolled_back")
    .where("kind", "in", ["raise", "lower"])
    .groupBy(["product", "currency"])
    .execute();
  return new Map(rows.flatMap(({ product, currency, at }) => (at === null ? [] : [[`${product} ${currency}`, at] as const])));
}

/** Newest run of this mode, with its facts as they were stored. */
export async function lastRun(tx: Tx, live: boolean): Promise<{ at: number; facts: string } | null> {
  return (await tx.selectFrom("pricing_run").select(["at", "facts"]).where("live", "=", live ? 1 : 0).orderBy("at", "desc").limit(1).executeTakeFirst()) ?? null;
}

const KEPT_RUNS = 60;

export async function insertRun(tx: Tx, live: boolean, at: number, facts: string): Promise<void> {
  await tx.insertInto("pricing_run").values({ live: live ? 1 : 0, at, facts }).execute();
  const old = await tx.selectFrom("pricing_run").select("id").where("live", "=", live ? 1 : 0).orderBy("at", "desc").offset(KEPT_RUNS).limit(1).executeTakeFirst();
  if (old !== undefined) await tx.deleteFrom("pricing_run").where("live", "=", live ? 1 : 0).where("id", "<=", old.id).execute();
}
