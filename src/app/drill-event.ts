import type { AcceptBatch, WebhookAnswer, WebhookRequest } from "../ingest/index.ts";
import { consumerSeq, lastSeq } from "../ledger/index.ts";
import { awaitedDrill, drillEventTaken, type DrillPace, type Hop } from "../notify/index.ts";
import { type Clock, type Database, databaseTrouble, errorText, isoSeconds } from "../platform/index.ts";
import { signatureHeader, verifySignature } from "../stripe/index.ts";
import { DERIVE } from "./derive.ts";
import { liveNodes } from "./nodes.ts";

/**
 * The event that an alert drill begins with. It comes over HTTP to the same endpoint as Stripe's, is signed in the same
 * way and goes the same way up to the commit. It is no event of the ledger, so no figure, objective, report or
 * application ever hears of it: what is kept of it is its time and its place among the events.
 *
 * What makes it one is the signature by a secret of 32 random bytes that exists for this one drill, in the database, as
 * long as the drill waits for it. What only looks like one goes the way of everything else, and is rejected.
 */
const LEAD = Buffer.from('{"object":"tillwatch.drill",');
const MOST_BYTES = 1024;

/** A glance that costs an ordinary event nothing; it decides nothing but who looks closer. */
function looksLikeOne({ raw, signature }: WebhookRequest): boolean {
  return raw !== null && signature !== undefined && raw.byteLength <= MOST_BYTES && LEAD.equals(raw.subarray(0, LEAD.byteLength));
}

function bodyOf(id: number, nowMs: number): string {
  return JSON.stringify({ object: "tillwatch.drill", id: `drill_${id}`, created: Math.floor(nowMs / 1000), note: "Made up by an alert drill of Tillwatch; nothing is wrong." });
}

interface DrillWatch {
  readonly db: Database;
  readonly clock: Clock;
  /** Everything else. */
  readonly accept: AcceptBatch;
  /** Told of a drill's event once it is committed. */
  onTaken(): void;
}

const TAKEN: WebhookAnswer = { status: 200, outcome: "accepted", error: null };

/** Takes the events of drills out of what comes to the webhook endpoint. */
export function takingDrills({ db, clock, accept, onTaken }: DrillWatch): AcceptBatch {
  const take = async (request: WebhookRequest): Promise<WebhookAnswer | null> => {
    if (request.raw === null || !looksLikeOne(request)) return null;
    try {
      const awaited = await awaitedDrill(db.read, clock.now());
      if (awaited === null || verifySignature(request.raw, request.signature, [{ endpoint: "drill", secret: awaited.secret }], clock.now()).kind !== "authentic") return null;
      await db.write(async (tx) => await drillEventTaken(tx, awaited.id, await lastSeq(tx), clock.now()));
      onTaken();
      return TAKEN;
    } catch (error) {
      return { status: 503, outcome: "failed", error: `not stored: ${databaseTrouble(error)}` };
    }
  };
  return async (requests) => {
    if (!requests.some(looksLikeOne)) return await accept(requests);
    const taken: (WebhookAnswer | null)[] = [];
    for (const request of requests) taken.push(await take(request));
    const others = await accept(requests.filter((_, index) => taken[index] === null));
    let next = 0;
    return taken.map((answer) => answer ?? others[next++] ?? { status: 503, outcome: "failed", error: "not decided" });
  };
}

/** Whether everything that came before a drill's event is derived from, as a real event would have to be. */
export async function derivedUpTo(db: Database, seq: number | null): Promise<boolean> {
  return seq !== null && (await consumerSeq(db.read, DERIVE)) >= seq;
}

const SEND_MS = 20_000;
const failed = (words: string): Hop => ({ hop: "event", ok: false, latencyMs: null, words });

/** An address that means "every one of this machine" is no address to ask. */
function askable(url: string): string {
  const address = new URL(url);
  if (address.hostname === "0.0.0.0") address.hostname = "127.0.0.1";
  if (address.hostname === "[::]") address.hostname = "[::1]";
  return address.origin;
}

/**
 * Sends a drill's event to a running service: to a node of this installation, or, where none answers from here, to its
 * public address. The secret itself is not sent.
 */
export function drillSender({ db, clock, publicUrl }: { readonly db: Database; readonly clock: Clock; readonly publicUrl: string | null }): DrillPace["send"] {
  return async ({ id, secret }) => {
    const nodes = await liveNodes(db.read, clock.now());
    if (nodes.length === 0) return failed("no service has given a sign of life for half a minute; start it: tillwatch serve");
    const body = bodyOf(id, clock.now());
    const troubles: string[] = [];
    for (const origin of new Set([...nodes.map(({ url }) => askable(url)), ...(publicUrl === null ? [] : [publicUrl.replace(/\/+$/, "")])])) {
      const address = `${origin}/webhooks/stripe`;
      const began = performance.now();
      try {
        const headers = { "content-type": "application/json; charset=utf-8", "stripe-signature": signatureHeader(body, secret, Math.floor(clock.now() / 1000)) };
        const response = await fetch(address, { method: "POST", headers, body, redirect: "error", signal: AbortSignal.timeout(SEND_MS) });
        await response.arrayBuffer();
        if (response.ok) return { hop: "event", ok: true, latencyMs: Math.round(performance.now() - began), words: `drill_${id} was signed, sent to ${address} and committed there at ${isoSeconds(clock.now())}` };
        troubles.push(`${address} answered ${response.status}`);
      } catch (error) {
        troubles.push(`${address} could not be reached (${errorText(error instanceof Error && error.cause !== undefined ? error.cause : error)})`);
      }
    }
    return failed(troubles.join("; "));
  };
}
