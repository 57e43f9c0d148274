import { hash } from "node:crypto";
import { type Arrival, NO_ENDPOINT, type RecordedDelivery, type Source } from "../../ledger/index.ts";

/** The endpoint under which deliveries that another program took are recorded; never mirrored, never taken for ours. */
export const IMPORT_ENDPOINT = "import";
export const TAIL_ENDPOINT = "tail";

/** What a line becomes: an event, and the delivery that brought it to the other program, where the line tells of one. */
export interface Made {
  readonly arrival: Arrival;
  readonly delivery: Omit<RecordedDelivery, "eventSeq"> | null;
  /** Not taken when the ledger has this event of Stripe's, which tells the same in full. */
  readonly unless: string | null;
}

/** Where a made event comes from; stands in its body. */
export interface Origin {
  readonly file: string;
  readonly source: Source;
  readonly line: unknown;
}

/**
 * An id of ours for what a line without a Stripe event tells. The same line has the same id, whenever and however often
 * it is read. It begins with what grows with time, so that lines in order of time go to the end of the index and not
 * all over it (a million payments take half as long): the time (ms UTC), or, where a line is known by an id of Stripe's
 * whatever time it gives, the beginning of that id, which Stripe makes of the time (`pi_3MtwBw…`).
 */
export function madeId(kind: "wh" | "pay" | "ref", order: number | string, key: string): string {
  const prefix = typeof order === "string" ? stripeOrder(order) : Math.max(0, Math.floor(order)).toString(36);
  return `imp_${kind}_${prefix.padStart(9, "0")}_${hash("sha256", key, "base64url").slice(0, 22)}`;
}

function stripeOrder(id: string): string {
  return /^[a-z]+_([A-Za-z0-9]{1,9})/.exec(id)?.[1] ?? "";
}

export interface Fact {
  readonly id: string;
  readonly type: string;
  readonly atMs: number;
  readonly live: boolean;
  readonly object: Readonly<Record<string, unknown>>;
}

/** A made event, marked as such: its id begins with `imp_`, and `imported` holds the line it was made from. */
export function madeEvent({ id, type, atMs, live, object }: Fact, { file, source, line }: Origin): Arrival {
  const created = Math.floor(atMs / 1000);
  const body = { id, object: "event", api_version: null, created, livemode: live, type, data: { object }, imported: { file, line } };
  const objectId = object["id"];
  return {
    kind: "arrival",
    head: {
      eventId: id,
      type,
      createdAt: created * 1000,
      live,
      account: null,
      apiVersion: null,
      objectId: typeof objectId === "string" ? objectId : null,
      thin: false,
      snapshotEvent: null,
    },
    body: Buffer.from(JSON.stringify(body)),
    receivedAt: Math.floor(atMs),
    source,
    endpoint: NO_ENDPOINT,
  };
}
