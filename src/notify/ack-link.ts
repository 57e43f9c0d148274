import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { Tx } from "../platform/index.ts";

interface KeyRow {
  name: string;
  secret: string;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    notify_key: KeyRow;
  }
}

const NAME = "acknowledge";

/** The key that signs links; made when there is none. Whoever can write to the database needs no link. */
export async function linkKey(tx: Tx): Promise<string> {
  const known = await tx.selectFrom("notify_key").select("secret").where("name", "=", NAME).executeTakeFirst();
  if (known !== undefined) return known.secret;
  await tx.insertInto("notify_key").values({ name: NAME, secret: randomBytes(32).toString("base64url") }).onConflict((conflict) => conflict.column("name").doNothing()).execute();
  return (await tx.selectFrom("notify_key").select("secret").where("name", "=", NAME).executeTakeFirstOrThrow()).secret;
}

/** What a link says. */
export interface AckClaim {
  readonly alertId: number;
  /** Whom it was sent to. */
  readonly channel: string;
  /** ms UTC. */
  readonly expiresAt: number;
}

function sign(key: string, body: string): string {
  return createHmac("sha256", key).update(body).digest("base64url").slice(0, 32);
}

/** Short enough for a pager, and of characters that no mail reader breaks. */
export function ackToken(key: string, { alertId, channel, expiresAt }: AckClaim): string {
  const body = `${alertId.toString(36)}.${Math.ceil(expiresAt / 1000).toString(36)}.${Buffer.from(channel).toString("base64url")}`;
  return `${body}.${sign(key, body)}`;
}

export type AckVerdict = { readonly kind: "valid" | "expired"; readonly claim: AckClaim } | { readonly kind: "forged" };

/** What a token says; compared in constant time. */
export function readAckToken(key: string, token: string, nowMs: number): AckVerdict {
  const [, body, alert = "", expires = "", channel = "", signature = ""] = /^(([0-9a-z]{1,11})\.([0-9a-z]{1,9})\.([A-Za-z0-9_-]{1,80}))\.([A-Za-z0-9_-]{32})$/.exec(token) ?? [];
  if (body === undefined) return { kind: "forged" };
  const [given, right] = [Buffer.from(signature), Buffer.from(sign(key, body))];
  if (given.length !== right.length || !timingSafeEqual(given, right)) return { kind: "forged" };
  const claim = { alertId: Number.parseInt(alert, 36), channel: Buffer.from(channel, "base64url").toString(), expiresAt: Number.parseInt(expires, 36) * 1000 };
  return { kind: claim.expiresAt > nowMs ? "valid" : "expired", claim };
}
