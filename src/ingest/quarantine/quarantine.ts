import { type Arrival, openAppendBeside } from "../../ledger/index.ts";
import { type Clock, type Database, inChunks, type Tx } from "../../platform/index.ts";
import { type EndpointSecret, signatureTime } from "../../stripe/index.ts";
import type { AcceptBatch } from "../intake.ts";
import { receive, type WebhookRequest } from "../receive.ts";

/**
 * Rejected deliveries that may be authentic after all (the secret was wrong, or our clock), kept for when that is
 * mended. Bounded in size, number, rate and time: it is filled by whoever sends something, and what does not fit is lost
 * to nobody, since Stripe sends again and the sweep fetches.
 */
export interface Quarantine {
  /** Keeps the rejected requests of a batch; nothing is written yet. */
  watch(accept: AcceptBatch): AcceptBatch;
  /** Writes what was kept. A loop's step; there is never more to do at once. */
  flush(): Promise<boolean>;
}

/** Stripe's events stay far below. */
const MAX_BODY = 256 * 1024;
const MAX_ROWS = 2000;
const MAX_BYTES = 64 * 1024 * 1024;
const PER_SECOND = 20;
const DAY = 86_400_000;
/** Stripe tries for three days; a secret that is wrong for longer is the sweep's business. */
const KEEP_MS = 7 * DAY;

interface Kept {
  readonly received_at: number;
  readonly signature: string;
  readonly body: Uint8Array;
}

/** Only what looks signed and like an event: the rest can never be admitted. */
function keepable({ raw, signature }: WebhookRequest): boolean {
  if (raw === null || raw.byteLength === 0 || raw.byteLength > MAX_BODY) return false;
  if (signature === undefined || signature.length > 2048 || signatureTime(signature) === null) return false;
  return raw[0] === 0x7b;
}

export function createQuarantine({ db, clock }: { db: Database; clock: Clock }): Quarantine {
  let waiting: Kept[] = [];
  let [second, kept] = [0, 0];
  const offer = (request: WebhookRequest, nowMs: number): void => {
    if (!keepable(request) || request.raw === null) return;
    const now = Math.floor(nowMs / 1000);
    if (now !== second) [second, kept] = [now, 0];
    kept += 1;
    // A copy: the bytes belong to a buffer that is used again.
    if (kept <= PER_SECOND) waiting.push({ received_at: nowMs, signature: request.signature ?? "", body: Buffer.from(request.raw) });
  };
  return {
    watch: (accept) => async (requests) => {
      const answers = await accept(requests);
      for (const [index, request] of requests.entries()) if (answers[index]?.outcome === "rejected") offer(request, clock.now());
      return answers;
    },
    flush: async () => {
      const rows = waiting;
      waiting = [];
      if (rows.length > 0) await db.write((tx) => keep(tx, rows));
      return false;
    },
  };
}

/** Adds, and lets the oldest go where it is too much. */
async function keep(tx: Tx, rows: readonly Kept[]): Promise<void> {
  for (const chunk of inChunks(rows, 64)) await tx.insertInto("quarantine").values(chunk.map((row) => ({ ...row, size: row.body.byteLength }))).execute();
  const held = await tx.selectFrom("quarantine").select(["id", "size"]).orderBy("id", "desc").execute();
  let bytes = 0;
  const first = held.find(({ size }, index) => {
    bytes += size;
    return index >= MAX_ROWS || bytes > MAX_BYTES;
  });
  if (first !== undefined) await tx.deleteFrom("quarantine").where("id", "<=", first.id).execute();
}

export interface Admission {
  /** Verified now, and taken by the ordinary path. */
  readonly admitted: number;
  /** Still not authentic. */
  readonly left: number;
  readonly expired: number;
}

const BATCH = 100;

/**
 * Verifies what is kept with today's secrets, and takes what is authentic. The time in a signature guards against
 * replays, and an event that comes twice counts once; so it is held against no clock here, which may have been the
 * trouble.
 */
export async function admitQuarantined(options: { db: Database; clock: Clock; secrets: readonly EndpointSecret[]; signal?: AbortSignal }): Promise<Admission> {
  const { db, clock, secrets } = options;
  const append = openAppendBeside(db);
  const nowMs = clock.now();
  const expired = await db.write((tx) => tx.deleteFrom("quarantine").where("received_at", "<", nowMs - KEEP_MS).executeTakeFirst());
  const sum = { admitted: 0, left: 0 };
  for (let after = 0; options.signal?.aborted !== true; ) {
    const rows = await db.read.selectFrom("quarantine").selectAll().where("id", ">", after).orderBy("id").limit(BATCH).execute();
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
    const authentic = rows.flatMap((row) => {
      const arrival = verified(row, secrets);
      return arrival === null ? [] : [{ id: row.id, arrival }];
    });
    sum.left += rows.length - authentic.length;
    sum.admitted += authentic.length;
    if (authentic.length === 0) continue;
    await append(
      authentic.map(({ arrival }) => arrival),
      async (tx) => {
        await tx.deleteFrom("quarantine").where("id", "in", authentic.map(({ id }) => id)).execute();
      },
    );
  }
  return { ...sum, expired: Number(expired.numDeletedRows) };
}

function verified(row: Kept, secrets: readonly EndpointSecret[]): Arrival | null {
  const signedAt = signatureTime(row.signature);
  if (signedAt === null) return null;
  const received = receive({ raw: Buffer.from(row.body), signature: row.signature }, secrets, signedAt);
  return received.kind === "arrival" ? { ...received.arrival, receivedAt: row.received_at } : null;
}

export async function quarantined(tx: Tx): Promise<number> {
  const row = await tx.selectFrom("quarantine").select(({ fn }) => fn.countAll<number>().as("n")).executeTakeFirst();
  return row?.n ?? 0;
}
