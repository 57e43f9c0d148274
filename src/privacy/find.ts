import { sql } from "kysely";
import { lastSeq, scanBodies, scanVariants } from "../ledger/index.ts";
import { operationsOf, type OperationsOf } from "../operations/index.ts";
import { eventsOfPayments, idsOfPayments, paymentsByIds, paymentsOfOwner } from "../payments/index.ts";
import type { Database, Tx } from "../platform/index.ts";
import { namesOneOf } from "./redact.ts";
import { joined, type Subject } from "./subject.ts";

/** All that is held of somebody. */
export interface Held {
  readonly subject: Subject;
  /** Ledger positions. */
  readonly seqs: readonly number[];
  /** Numbers of payments. */
  readonly payments: readonly number[];
  /** What those go by at Stripe. */
  readonly ids: readonly string[];
  readonly operations: OperationsOf;
  /** Deliveries that were refused and kept. */
  readonly quarantined: readonly number[];
}

const IDS = /"((?:pi|ch|py|in|re|pyr|du|dp)_[A-Za-z0-9]{6,})"/g;

/** Ids of payments, and of what belongs to them, that a body names. */
export function idsIn(raw: Buffer): string[] {
  return [...raw.toString("latin1").matchAll(IDS)].flatMap(([, id]) => id ?? []);
}

interface Scan {
  readonly seqs: Set<number>;
  readonly ids: Set<string>;
  readonly also: Subject;
}

/** Whom an event is about, where it is about a customer: of who is looked for, what else they go by. */
function alsoKnown(raw: Buffer, { customers, emails }: Subject): Subject {
  const body = JSON.parse(raw.toString("utf8")) as { data?: { object?: Record<string, unknown> } };
  const { object, id, email } = body.data?.object ?? {};
  if (object !== "customer" || typeof id !== "string" || typeof email !== "string" || email === "") return joined();
  const address = email.toLowerCase();
  return customers.includes(id) || emails.includes(address) ? { customers: [id], emails: [address] } : joined();
}

async function scan(tx: Tx, subject: Subject, onProgress: (seq: number) => void): Promise<Scan> {
  const [seqs, ids] = [new Set<number>(), new Set<string>()];
  let also = joined();
  const interesting = namesOneOf(subject.customers, subject.emails);
  await scanBodies(
    tx,
    0,
    interesting,
    ({ seq, raw }) => {
      seqs.add(seq);
      for (const id of idsIn(raw)) ids.add(id);
      also = joined(also, alsoKnown(raw, subject));
    },
    onProgress,
  );
  for (const seq of await scanVariants(tx, interesting)) seqs.add(seq);
  return { seqs, ids, also };
}

async function quarantined(tx: Tx, interesting: (raw: Buffer) => boolean): Promise<number[]> {
  const { rows } = await sql<{ id: number; body: Uint8Array }>`select id, body from quarantine order by id`.execute(tx);
  return rows.filter(({ body }) => interesting(Buffer.from(body))).map(({ id }) => id);
}

/**
 * Finds all that is held of a customer: reads every event, for there is no index of who is named where. Whoever asks for
 * an id gets what comes under that customer's addresses too, and the other way round, one step far.
 *
 * @param onProgress share of the ledger, 0 to 1.
 * @param widen false: nobody beside who is asked for.
 * @param also further ids of payments that are theirs.
 */
export async function findHeld(db: Database, asked: Subject, onProgress: (share: number) => void, { widen = true, also = [] }: { readonly widen?: boolean; readonly also?: readonly string[] } = {}): Promise<Held> {
  const tx = db.read;
  const last = Math.max(1, await lastSeq(tx));
  const known = (widen ? await paymentsOfOwner(tx, asked) : []).map(({ customer, email }): Subject => ({ customers: customer === null ? [] : [customer], emails: email === null ? [] : [email.toLowerCase()] }));
  let subject = joined(asked, ...known);
  let found = await scan(tx, subject, (seq) => onProgress(seq / last / 2));
  const wider = widen ? joined(subject, found.also) : subject;
  if (wider.customers.length + wider.emails.length > subject.customers.length + subject.emails.length) {
    subject = wider;
    found = await scan(tx, subject, (seq) => onProgress(0.5 + seq / last / 2));
  }
  const payments = [...new Set([...(await paymentsOfOwner(tx, subject)).map(({ no }) => no), ...(await paymentsByIds(tx, [...found.ids, ...also]))])];
  const ids = await idsOfPayments(tx, payments);
  const seqs = new Set([...found.seqs, ...(await eventsOfPayments(tx, payments))]);
  return {
    subject,
    seqs: [...seqs].sort((left, right) => left - right),
    payments,
    ids,
    operations: await operationsOf(tx, ids, [...subject.customers.map((one) => one.toLowerCase()), ...subject.emails]),
    quarantined: await quarantined(tx, namesOneOf(subject.customers, subject.emails)),
  };
}
