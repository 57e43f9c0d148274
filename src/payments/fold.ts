import type { Insertable } from "kysely";
import type { Indigestible, LedgerEntry } from "../ledger/index.ts";
import { inChunks, type Tables, type Tx } from "../platform/index.ts";
import { assemble, type Component, type Told } from "./components.ts";
import { describe } from "./describe.ts";
import { digest } from "./digest.ts";
import { pack } from "./packed.ts";
import type { Payment } from "./payment.ts";
import { idsOf } from "./state.ts";
import { attemptRows, paymentRow, readAliases, readStates, refundRows } from "./store.ts";

/** A payment before and after a batch. Two that turn out to be one are a change and a disappearance. */
export interface PaymentChange {
  readonly before: Payment | null;
  readonly after: Payment | null;
}

export interface PaymentsFolded {
  readonly changes: readonly PaymentChange[];
  readonly failures: readonly Indigestible[];
}

/** Rows of one insert; more make the statement longer and no faster. */
const ROWS = 64;

interface Change {
  readonly component: Component;
  readonly befores: readonly Payment[];
  readonly after: Payment;
  readonly packed: string;
}

/** The change of a component, or null when it was told nothing new. */
function changeOf(component: Component): Change | null {
  const packed = pack(component.after);
  const [only, ...more] = component.befores;
  if (only !== undefined && more.length === 0 && only.packed === packed) return null;
  return { component, befores: component.befores.map((before) => describe(before.state)), after: describe(component.after), packed };
}

async function upsert<Table extends "payment" | "attempt" | "refund">(tx: Tx, table: Table, keys: readonly string[], rows: readonly Tables[Table][]): Promise<void> {
  const [first] = rows;
  if (first === undefined) return;
  const columns = Object.keys(first).filter((column) => !keys.includes(column));
  for (const chunk of inChunks(rows, ROWS)) {
    await tx
      .insertInto(table)
      .values(chunk as unknown as Insertable<Tables[Table]>[])
      .onConflict((conflict) =>
        conflict.columns(keys as never).doUpdateSet(((eb: { ref(name: string): unknown }) => Object.fromEntries(columns.map((column) => [column, eb.ref(`excluded.${column}`)]))) as never),
      )
      .execute();
  }
}

/** Rows of a payment's parts that are not as before, and the keys of those that are no more. */
function difference<Row extends { payment_no: number; id: string }>(befores: readonly Row[], afters: readonly Row[]): { changed: Row[]; gone: Row[] } {
  const key = (row: Row): string => `${row.payment_no} ${row.id}`;
  const known = new Map(befores.map((row) => [key(row), JSON.stringify(row)]));
  const changed = afters.filter((row) => known.get(key(row)) !== JSON.stringify(row));
  const left = new Set(afters.map(key));
  return { changed, gone: befores.filter((row) => !left.has(key(row))) };
}

async function writeParts(tx: Tx, changes: readonly Change[]): Promise<void> {
  const attempts = changes.map(({ befores, after }) => difference(befores.flatMap(attemptRows), attemptRows(after)));
  const refunds = changes.map(({ befores, after }) => difference(befores.flatMap(refundRows), refundRows(after)));
  for (const row of attempts.flatMap(({ gone }) => gone)) await tx.deleteFrom("attempt").where("payment_no", "=", row.payment_no).where("id", "=", row.id).execute();
  for (const row of refunds.flatMap(({ gone }) => gone)) await tx.deleteFrom("refund").where("payment_no", "=", row.payment_no).where("id", "=", row.id).execute();
  await upsert(tx, "attempt", ["payment_no", "id"], attempts.flatMap(({ changed }) => changed));
  await upsert(tx, "refund", ["payment_no", "id"], refunds.flatMap(({ changed }) => changed));
}

async function writeAliases(tx: Tx, components: readonly Component[]): Promise<void> {
  const rows = components.flatMap(({ after, newIds }) =>
    newIds.map((alias) => ({ alias, live: after.live ? 1 : 0, account: after.account ?? "", payment_no: after.no })),
  );
  for (const chunk of inChunks(rows, ROWS)) {
    await tx
      .insertInto("payment_alias")
      .values(chunk)
      .onConflict((conflict) => conflict.columns(["alias", "live", "account"]).doUpdateSet((eb) => ({ payment_no: eb.ref("excluded.payment_no") })))
      .execute();
  }
}

/** Moves the events of a payment that got another number, and forgets the old one. */
async function renumber(tx: Tx, from: number, to: number): Promise<void> {
  await tx
    .insertInto("payment_event")
    .columns(["payment_no", "event_seq"])
    .expression((eb) => eb.selectFrom("payment_event as old").select((old) => [old.val(to).as("payment_no"), "old.event_seq"]).where("old.payment_no", "=", from))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  await tx.deleteFrom("payment_event").where("payment_no", "=", from).execute();
  await tx.deleteFrom("payment").where("no", "=", from).execute();
}

async function writeLinks(tx: Tx, components: readonly Component[]): Promise<void> {
  const rows = components.flatMap(({ after, seqs }) => [...new Set(seqs)].map((seq) => ({ payment_no: after.no, event_seq: seq })));
  for (const chunk of inChunks(rows, 256)) {
    await tx.insertInto("payment_event").values(chunk).onConflict((conflict) => conflict.doNothing()).execute();
  }
}

function digestAll(entries: readonly LedgerEntry[]): { told: Told[]; failures: Indigestible[] } {
  const told: Told[] = [];
  const failures: Indigestible[] = [];
  for (const entry of entries) {
    const digested = digest(entry);
    if (digested.kind === "indigestible") failures.push({ seq: entry.seq, error: digested.error });
    else if (digested.kind === "told") for (const state of digested.states) told.push({ seq: entry.seq, state });
  }
  return { told, failures };
}

/**
 * Folds a batch of ledger entries into payments. The same end is reached whatever the order, repetition or size of the
 * batches. What cannot be digested is answered in `failures`, and everything else goes on. Only one fold may run at a
 * time (the consumer's lock sees to it).
 */
export async function foldPayments(tx: Tx, entries: readonly LedgerEntry[]): Promise<PaymentsFolded> {
  const { told, failures } = digestAll(entries);
  const aliases = await readAliases(tx, [...new Set(told.flatMap(({ state }) => idsOf(state)))]);
  const stored = await readStates(tx, [...new Set(aliases.map((row) => row.payment_no))]);
  const components = assemble(told, aliases, stored);
  const changes = components.flatMap((component) => changeOf(component) ?? []);
  for (const { befores, after } of changes) {
    for (const before of befores) if (before.no !== after.no) await renumber(tx, before.no, after.no);
  }
  await upsert(tx, "payment", ["no"], changes.map(({ after, packed }) => paymentRow(after, packed)));
  await writeParts(tx, changes);
  await writeAliases(tx, components);
  await writeLinks(tx, components);
  return { changes: changes.flatMap(toChanges), failures };
}

function toChanges({ befores, after }: Change): PaymentChange[] {
  const [first, ...others] = befores;
  return [{ before: first ?? null, after }, ...others.map((before) => ({ before, after: null }))];
}
