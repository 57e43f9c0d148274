/** How an event came to us. Recovered and imported events take the same path as delivered ones. */
export type Source = "webhook" | "sweep" | "import" | "tail";

/** What the ledger knows of an event without opening its body again. */
export interface EventHead {
  /** Stripe's `evt_…`. */
  readonly eventId: string;
  /** e.g. `charge.succeeded`; thin events have types like `v1.billing.meter.error_report_triggered`. */
  readonly type: string;
  /** Stripe's own time of the fact, ms UTC (whole seconds for snapshot events). */
  readonly createdAt: number;
  readonly live: boolean;
  /** The connected account (`acct_…`) the event belongs to; null for the account itself. */
  readonly account: string | null;
  /** The shape of `data.object`; null where the sender said none. */
  readonly apiVersion: string | null;
  /** `data.object.id`, or the related object's; null for objects without an id (an upcoming invoice, a balance). */
  readonly objectId: string | null;
  /** A thin event (`v2.core.event`): it names its object and carries no copy of it. */
  readonly thin: boolean;
  /** For a thin event: the snapshot event that tells of the same fact. */
  readonly snapshotEvent: string | null;
}

/** An event that was committed. */
export interface LedgerEvent extends EventHead {
  /** Position in the ledger: grows in the order of commit, never used twice. */
  readonly seq: number;
  /** When it came into our hands, ms UTC. */
  readonly receivedAt: number;
  readonly source: Source;
  readonly flags: number;
}

/** An event with its parsed body, as derivations read it. */
export interface LedgerEntry extends LedgerEvent {
  /** The whole event as parsed JSON: `data.object`, `data.previous_attributes`, … Trust no field of it. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Bits of `flags`: what a reader of the event should know. */
export const EVENT_FLAG = {
  /** The same id came again with another content; both are kept. */
  variant: 1,
  thin: 2,
  /** Personal data were taken out of its body; the SHA-256 of what it was is kept. */
  erased: 4,
} as const;

export type EventHeadResult = { kind: "head"; head: EventHead } | { kind: "malformed"; reason: string };

/** Stripe's ids are at most 255 characters; a longer one is somebody's mistake or attack. */
const MAX_ID = 255;
const MAX_TYPE = 255;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Control characters and half characters are in no id or type of Stripe's, and PostgreSQL stores no NUL. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;

function shortText(value: unknown, max: number): string | null {
  return typeof value === "string" && value.length > 0 && value.length <= max && !CONTROL.test(value) && value.isWellFormed() ? value : null;
}

/** Snapshot events say whole seconds, thin events an ISO time. */
function createdMs(value: unknown, fallbackMs: number): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value < 1e11) return value * 1000;
  if (typeof value === "string") {
    const parsed = Date.parse(value);
    if (parsed >= 0 && parsed < 1e14) return parsed;
  }
  return fallbackMs;
}

/**
 * Reads the head of a parsed body, tolerantly: only an id and a type are required, so that no event is turned away for
 * a shape we have not seen.
 *
 * @param receivedAt ms UTC, stands in where the event says no usable time of its own.
 */
export function readHead(parsed: unknown, receivedAt: number): EventHeadResult {
  if (!isRecord(parsed)) return { kind: "malformed", reason: "the body is not a JSON object" };
  const eventId = shortText(parsed["id"], MAX_ID);
  if (eventId === null) return { kind: "malformed", reason: "the event has no `id` (a string of 1 to 255 characters, no control characters)" };
  const type = shortText(parsed["type"], MAX_TYPE);
  if (type === null) return { kind: "malformed", reason: "the event has no `type` (a string of 1 to 255 characters, no control characters)" };
  const data = isRecord(parsed["data"]) ? parsed["data"] : {};
  const object = isRecord(data["object"]) ? data["object"] : isRecord(parsed["related_object"]) ? parsed["related_object"] : {};
  return {
    kind: "head",
    head: {
      eventId,
      type,
      createdAt: createdMs(parsed["created"], receivedAt),
      // Only a clear `true` is live: what does not say so must never enter live numbers.
      live: parsed["livemode"] === true,
      account: shortText(parsed["account"], MAX_ID) ?? shortText(parsed["context"], MAX_ID),
      apiVersion: shortText(parsed["api_version"], 64),
      objectId: shortText(object["id"], MAX_ID),
      thin: parsed["object"] === "v2.core.event",
      snapshotEvent: shortText(parsed["snapshot_event"], MAX_ID),
    },
  };
}

/** Parts of an event that change from one delivery of it to the next, and say nothing of the fact. */
const VOLATILE = new Set(["pending_webhooks", "request"]);

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (!isRecord(value)) return JSON.stringify(value) ?? "null";
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

/**
 * One text for all deliveries of a fact: keys in order, delivery counters left out.
 *
 * @throws RangeError when it is nested too deep to walk.
 */
export function steadyText(parsed: unknown): string {
  return canonical(isRecord(parsed) ? Object.fromEntries(Object.entries(parsed).filter(([key]) => !VOLATILE.has(key))) : parsed);
}

const EVERY_SHAPE = ["id", "type", "created", "livemode", "account"] as const;

function objectIdOf(event: Record<string, unknown>): unknown {
  const data = isRecord(event["data"]) ? event["data"] : {};
  return isRecord(data["object"]) ? data["object"]["id"] : undefined;
}

/**
 * True when two parsed bodies of one event id tell the same fact (order of keys and delivery counters aside). An endpoint
 * pinned to another API version than Stripe's list gets the same fact in another shape, so then only what every shape
 * has is compared.
 */
export function sameFact(first: unknown, second: unknown): boolean {
  if (!isRecord(first) || !isRecord(second)) return false;
  if (typeof first["api_version"] === "string" && typeof second["api_version"] === "string" && first["api_version"] !== second["api_version"]) {
    return EVERY_SHAPE.every((key) => first[key] === second[key]) && objectIdOf(first) === objectIdOf(second);
  }
  return steadyText(first) === steadyText(second);
}
