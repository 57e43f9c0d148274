import { createHmac } from "node:crypto";
import { DAY_MS, HOUR_MS } from "../platform/index.ts";
import { digest, type Random } from "./key.ts";

/**
 * A browser that signed in with a key. The browser keeps a random token in a cookie that no script can read; we keep its
 * digest. Times in ms UTC.
 */
export interface Session {
  /** Names it on pages and in the trail; opens nothing. */
  readonly id: string;
  readonly keyId: string;
  readonly createdAt: number;
  readonly lastUsedAt: number;
  readonly endedAt: number | null;
  /** The browser's own words for itself, cut. */
  readonly client: string;
  readonly address: string;
}

/** A session nobody used for that long has ended. */
export const SESSION_IDLE_MS = 24 * HOUR_MS;
/** A session this old has ended, however much it is used. */
export const SESSION_LIFE_MS = 14 * DAY_MS;
/** Of one key; one more ends the oldest. */
export const SESSIONS_PER_KEY = 50;
/** How often the use of a session is written down. */
export const SESSION_NOTE_MS = 60_000;

const TOKEN_BYTES = 32;
const TOKEN_FORMAT = /^[A-Za-z0-9_-]{43}$/;

export function makeSession(random: Random): { id: string; token: string } {
  return { id: `ses_${random(9).toString("hex")}`, token: random(TOKEN_BYTES).toString("base64url") };
}

export function isToken(text: string): boolean {
  return TOKEN_FORMAT.test(text);
}

/** What is stored of a token: 256 random bits need no slow hash (see `digest`). */
export function tokenDigest(token: string): string {
  return digest(token).toString("hex");
}

/**
 * Binds a session to the very key it was made with, so that another `DASHBOARD_KEY` ends it. Keyed by the token, which
 * is stored nowhere: a key that people chose cannot be guessed from it by who has read the database.
 */
export function keyProof(token: string, keyDigest: Buffer): string {
  return createHmac("sha256", token).update(keyDigest).digest("hex");
}

export type SessionState = "active" | "ended" | "idle" | "expired";

export function sessionState(session: Pick<Session, "createdAt" | "lastUsedAt" | "endedAt">, nowMs: number): SessionState {
  if (session.endedAt !== null) return "ended";
  if (nowMs - session.createdAt >= SESSION_LIFE_MS) return "expired";
  return nowMs - session.lastUsedAt >= SESSION_IDLE_MS ? "idle" : "active";
}

/** When it ends if nobody uses it any more, ms UTC. */
export function sessionEnd(session: Pick<Session, "createdAt" | "lastUsedAt">): number {
  return Math.min(session.createdAt + SESSION_LIFE_MS, session.lastUsedAt + SESSION_IDLE_MS);
}
