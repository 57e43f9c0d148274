import { type Database, inChunks, type Clock, type Tx } from "../../platform/index.ts";
import type { AcceptBatch, WebhookAnswer } from "../intake.ts";
import type { WebhookRequest } from "../receive.ts";

/** An event's id, wherever it stands in the body: the bytes were verified, so this is the event's own. */
function eventIdOf(raw: Uint8Array): string | null {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString("utf8"));
    const id = typeof parsed === "object" && parsed !== null && "id" in parsed ? parsed.id : null;
    return typeof id === "string" ? id : null;
  } catch {
    return null;
  }
}

/** Longer is no header of Stripe's. */
const MAX_LENGTH = 1024;

async function keep(db: Database, requests: readonly WebhookRequest[], answers: readonly WebhookAnswer[], nowMs: number): Promise<void> {
  const rows = new Map<string, { event_id: string; signature: string; received_at: number }>();
  for (const [index, { raw, signature }] of requests.entries()) {
    const outcome = answers[index]?.outcome;
    if ((outcome !== "accepted" && outcome !== "duplicate") || raw === null || signature === undefined || signature.length > MAX_LENGTH) continue;
    const id = eventIdOf(raw);
    if (id !== null) rows.set(id, { event_id: id, signature, received_at: nowMs });
  }
  if (rows.size === 0) return;
  await db.write(async (tx) => {
    // A redelivery is signed anew, and the latest signature is the one that holds longest.
    for (const chunk of inChunks([...rows.values()], 100)) {
      await tx
        .insertInto("event_signature")
        .values(chunk)
        .onConflict((conflict) => conflict.column("event_id").doUpdateSet((eb) => ({ signature: eb.ref("excluded.signature"), received_at: eb.ref("excluded.received_at") })))
        .execute();
    }
  });
}

/**
 * Keeps Stripe's signature of each accepted delivery before it is acknowledged, for applications that want it with the
 * event. One more commit per batch, so it is only done when one wants it. What cannot be kept is passed on with our
 * signature: it never keeps a delivery from being accepted.
 */
export function keepingSignatures(options: { db: Database; clock: Clock; accept: AcceptBatch; onTrouble(error: unknown): void }): AcceptBatch {
  return async (requests) => {
    const answers = await options.accept(requests);
    try {
      await keep(options.db, requests, answers, options.clock.now());
    } catch (error) {
      options.onTrouble(error);
    }
    return answers;
  };
}

/** Stripe's `Stripe-Signature` of the last delivery of this event; null where none was kept. */
export async function originalSignature(tx: Tx, eventId: string): Promise<string | null> {
  return (await tx.selectFrom("event_signature").select("signature").where("event_id", "=", eventId).executeTakeFirst())?.signature ?? null;
}

/** Forgets up to `limit` signatures kept before `beforeMs`. Answers how many went. */
export async function retainSignatures(db: Database, beforeMs: number, limit: number): Promise<number> {
  return await db.write(async (tx) => {
    const oldest = await tx.selectFrom("event_signature").select("event_id").where("received_at", "<", beforeMs).orderBy("received_at").limit(limit).execute();
    for (const chunk of inChunks(oldest, 250)) await tx.deleteFrom("event_signature").where("event_id", "in", chunk.map((row) => row.event_id)).execute();
    return oldest.length;
  });
}
