import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { AppError, Secret } from "../platform/index.ts";
import type { Role } from "./role.ts";

/** A key as it is stored and shown: everything but the secret. Times in milliseconds UTC. */
export interface AccessKey {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly lastUsedAt: number | null;
  readonly revokedAt: number | null;
  readonly expiresAt: number | null;
}

/** Who made a request or a change. */
export interface Principal {
  readonly keyId: string;
  readonly name: string;
  readonly role: Role;
}

/** The key of the environment. It lives in memory only and is changed by a restart. */
export const ENVIRONMENT_KEY: Principal = { keyId: "environment", name: "DASHBOARD_KEY", role: "admin" };

export type KeyState = "active" | "revoked" | "expired";

export function keyState(key: Pick<AccessKey, "revokedAt" | "expiresAt">, nowMs: number): KeyState {
  if (key.revokedAt !== null) return "revoked";
  return key.expiresAt !== null && key.expiresAt <= nowMs ? "expired" : "active";
}

const DASHBOARD_KEY_MIN = 16;
/** Of any key; a longer header is refused before it is hashed. */
export const KEY_LENGTH_MAX = 512;
const ID_BYTES = 6;
const SECRET_BYTES = 32;
const KEY_FORMAT = /^tw_([0-9a-f]{12})_[A-Za-z0-9_-]{43}$/;

/** Makes random bytes; an argument, so that a test can say which. */
export type Random = (size: number) => Buffer;
export const systemRandom: Random = (size) => randomBytes(size);

/** A new key, `tw_<id>_<secret>`: 48 random bits to find it by, 256 to prove it by. */
export function makeKey(random: Random): { id: string; key: string } {
  const id = random(ID_BYTES).toString("hex");
  return { id, key: `tw_${id}_${random(SECRET_BYTES).toString("base64url")}` };
}

/** The id inside a key that has our format; null for any other text. */
export function keyId(key: string): string | null {
  return KEY_FORMAT.exec(key)?.[1] ?? null;
}

/**
 * What is stored instead of a key. No slow hash: those make guessing costly where people chose the secret, and nobody
 * guesses 256 random bits; here it would only let anyone make us work. `DASHBOARD_KEY`, which people choose, is never
 * stored at all.
 */
export function digest(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** Compares in a time that says nothing about where two digests differ. */
export function sameDigest(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && timingSafeEqual(left, right);
}

/** What is wrong with a `DASHBOARD_KEY`, in words that hold nothing of it; null when it is right. */
export function dashboardKeyTrouble(value: string): { readonly code: string; readonly text: string } | null {
  const least = `at least ${DASHBOARD_KEY_MIN} characters (\`openssl rand -hex 24\`)`;
  if (value.trim() === "") return { code: "dashboard_key_empty", text: `it is empty; give a random key of ${least}, or unset it to have one made at first start` };
  if (value.length < DASHBOARD_KEY_MIN) return { code: "dashboard_key_short", text: `too short; give ${least}` };
  if (value.length > KEY_LENGTH_MAX) return { code: "dashboard_key_long", text: `too long; give at most ${KEY_LENGTH_MAX} characters` };
  if (!/^[\x21-\x7e]+$/.test(value)) return { code: "dashboard_key_characters", text: "it holds spaces or characters that a header cannot carry; give letters, digits and signs of ASCII only" };
  return null;
}

/**
 * Checks `DASHBOARD_KEY`. Unset is null; the door then opens to keys of the database only, never to nobody's.
 *
 * @throws AppError `invalid` when it is empty, short, or nothing that a header can carry.
 */
export function parseDashboardKey(value: string | undefined): Secret | null {
  if (value === undefined) return null;
  const trouble = dashboardKeyTrouble(value);
  if (trouble !== null) throw new AppError("invalid", `DASHBOARD_KEY: ${trouble.text}`, { code: trouble.code });
  return new Secret(value);
}

const NAME_LENGTH_MAX = 64;
/** The name of the key made at first start. */
export const FIRST_KEY_NAME = "first-start";
const RESERVED_NAMES: ReadonlySet<string> = new Set([FIRST_KEY_NAME, "dashboard_key", "command line", "tillwatch"]);

/** The name of a key, as people and the audit trail know it. @throws AppError `invalid`. */
export function parseKeyName(given: string): string {
  const name = given.trim();
  if (name.length === 0 || name.length > NAME_LENGTH_MAX || /[\p{C}\p{Zl}\p{Zp}]/u.test(name)) {
    throw new AppError("invalid", `name: must have 1 to ${NAME_LENGTH_MAX} visible characters`, { code: "key_name_invalid" });
  }
  if (RESERVED_NAMES.has(name.toLowerCase())) throw new AppError("invalid", `name: ${name} means another one in the audit trail; choose another`, { code: "key_name_reserved" });
  if (keyId(name) !== null) throw new AppError("invalid", "name: this is a key; give a name that may be seen", { code: "key_name_invalid" });
  return name;
}
