import { type Arrival, NO_ENDPOINT, openAppendBeside, readEvent, readHead } from "../../ledger/index.ts";
import { AppError, type Clock, type Database, type Tx } from "../../platform/index.ts";
import { StripeTrouble } from "../../stripe/index.ts";
import { bookmark, setBookmark } from "../store.ts";

/** Stripe could not make an event when something happened, and says so once it can tell of what. */
export const GENERATION_FAILURE = "v2.core.health.event_generation_failure.resolved";

/** Reads an object by the address that an event gives for it, on the account that it is of; null: our own. @throws StripeTrouble */
export type FetchObject = (path: string, account: string | null) => Promise<unknown>;

interface Progress {
  /** Notices up to this place in the ledger are dealt with. */
  readonly seq: number;
  /** The one that stops it there, and since when, ms UTC. */
  readonly trouble?: UnmadeTrouble;
}

export interface UnmadeTrouble {
  readonly since: number;
  readonly notice: string;
  readonly text: string;
}

const NAME = "generation_failure";
const BATCH = 20;
/** A path of Stripe's API and nothing else: it comes from the outside, and the key goes with the request. */
const PATH = /^\/v1\/[a-z_]+(?:\/[a-z_]+)?\/[A-Za-z0-9_]{1,255}$/;

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** The event that Stripe did not make: the object as it is now, under an id of ours that says which notice told of it. */
function madeFrom(notice: { eventId: string; createdAt: number; live: boolean; account: string | null }, object: Fields, nowMs: number): Arrival | null {
  const kind = object["object"];
  if (typeof kind !== "string" || !/^[a-z_]{1,60}$/.test(kind)) return null;
  const type = kind === "dispute" ? "charge.dispute.updated" : `${kind}.updated`;
  const event = { id: `gen_${notice.eventId}`.slice(0, 255), object: "event", type, created: Math.floor(notice.createdAt / 1000), livemode: object["livemode"] === true, ...(notice.account === null ? {} : { account: notice.account }), data: { object }, recovered_from: notice.eventId };
  const head = readHead(event, nowMs);
  if (head.kind === "malformed") return null;
  return { kind: "arrival", head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: nowMs, source: "sweep", endpoint: NO_ENDPOINT };
}

/** Null: it is gone at Stripe, as a deleted draft is, and will not come back; nothing may wait behind it. */
async function fetchOrGone(fetchObject: FetchObject, path: string, account: string | null): Promise<unknown> {
  try {
    return await fetchObject(path, account);
  } catch (error) {
    if (error instanceof StripeTrouble && error.code === "not_at_stripe") return null;
    throw error;
  }
}

/**
 * Fetches what Stripe's notices of failed event generation are about, and takes each as an event. One step; answers how
 * many notices it dealt with. A notice whose object cannot be fetched stops it there, to be tried again; one
 * whose object is gone is passed over.
 *
 * @throws StripeTrouble
 */
export async function recoverUnmade(options: { db: Database; clock: Clock; fetchObject: FetchObject }): Promise<number> {
  const { db, clock, fetchObject } = options;
  const stood = await bookmark<Progress>(db.read, NAME);
  const after = stood?.seq ?? 0;
  const notices = await db.read
    .selectFrom("event")
    .innerJoin("term", "term.id", "event.type_id")
    .select(["event.seq", "event.event_id"])
    .where("term.value", "=", GENERATION_FAILURE)
    .where("event.seq", ">", after)
    .orderBy("event.seq")
    .limit(BATCH)
    .execute();
  const append = openAppendBeside(db);
  let place = after;
  for (const { seq, event_id: id } of notices) {
    const found = await readEvent(db.read, id);
    const related = found === null ? null : fieldsOf(fieldsOf(JSON.parse(found.raw.toString("utf8")))?.["related_object"]);
    const path = related?.["url"];
    let object: Fields | null;
    try {
      object = found !== null && typeof path === "string" && PATH.test(path) ? fieldsOf(await fetchOrGone(fetchObject, path, found.event.account)) : null;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      const since = stood?.trouble?.notice === id ? stood.trouble.since : clock.now();
      await db.write((tx) => setBookmark(tx, NAME, { seq: place, trouble: { since, notice: id, text: error.message } } satisfies Progress, clock.now()));
      throw error;
    }
    const made = found === null || object === null ? null : madeFrom(found.event, object, clock.now());
    await append(made === null ? [] : [made], async (tx) => {
      await setBookmark(tx, NAME, { seq } satisfies Progress, clock.now());
    });
    place = seq;
  }
  return notices.length;
}

/** Why what Stripe made no event of cannot be fetched; null when nothing waits. */
export async function unmadeTrouble(tx: Tx): Promise<UnmadeTrouble | null> {
  return (await bookmark<Progress>(tx, NAME))?.trouble ?? null;
}
