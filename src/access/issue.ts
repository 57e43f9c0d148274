import { AppError } from "../platform/index.ts";
import type { Access } from "./access.ts";
import { type Actor, PROGRAM } from "./audit.ts";
import { type AccessKey, digest, FIRST_KEY_NAME, keyState, makeKey, parseKeyName } from "./key.ts";
import type { Role } from "./role.ts";
import { insertKey, readLiveKeys } from "./store.ts";
import { recordAudit } from "./trail.ts";

/** More would be one per request, not one per person and machine. */
const LIVE_KEYS_MAX = 200;

export interface NewKey {
  readonly name: string;
  readonly role: Role;
  readonly expiresAt: number | null;
}

type Store = Pick<Access, "db" | "clock" | "random">;

/** Makes a key. The answer is the only place where it is ever whole: show it once. @throws AppError. */
export async function issueKey(store: Store, wanted: NewKey, by: Actor, requestId: string | null): Promise<{ key: string; stored: AccessKey }> {
  const name = parseKeyName(wanted.name);
  const nowMs = store.clock.now();
  if (wanted.expiresAt !== null && wanted.expiresAt <= nowMs) {
    throw new AppError("invalid", `expires_at: ${new Date(wanted.expiresAt).toISOString()} has passed; give a time to come`, { code: "key_expiry_passed" });
  }
  return await store.db.write(async (tx) => {
    await store.db.dialect.lock(tx, "access_key");
    const live = await readLiveKeys(tx);
    if (live.some((key) => key.name === name)) throw new AppError("conflict", `there is a key named ${JSON.stringify(name)}; revoke it first, or choose another name`, { code: "key_name_taken" });
    if (live.length >= LIVE_KEYS_MAX) throw new AppError("conflict", `there are ${LIVE_KEYS_MAX} keys; revoke those that nobody uses first`, { code: "too_many_keys" });
    const made = makeKey(store.random);
    const stored: AccessKey = { id: made.id, name, role: wanted.role, createdAt: nowMs, createdBy: by.name, lastUsedAt: null, revokedAt: null, expiresAt: wanted.expiresAt };
    await insertKey(tx, stored, digest(made.key));
    await recordAudit(tx, { at: nowMs, actor: by, action: "key.create", subject: stored.id, detail: { name, role: stored.role, expires_at: stored.expiresAt }, requestId, outcome: "ok" });
    return { key: made.key, stored };
  });
}

/**
 * Makes the first admin key when the door would open to no admin: no `DASHBOARD_KEY`, no admin key that still counts. So
 * a restart is also the way back in for who revoked or outlived the last one and can read our output.
 *
 * @returns the key, to be printed once; null when there is an admin already.
 */
export async function ensureAdmin(access: Access): Promise<string | null> {
  if (access.hasEnvironmentKey) return null;
  const nowMs = access.clock.now();
  return await access.db.write(async (tx) => {
    await access.db.dialect.lock(tx, "access_key");
    const live = await readLiveKeys(tx);
    if (live.some((key) => key.role === "admin" && keyState(key, nowMs) === "active")) return null;
    const made = makeKey(access.random);
    await insertKey(tx, { id: made.id, name: FIRST_KEY_NAME, role: "admin", createdAt: nowMs, createdBy: PROGRAM.name, lastUsedAt: null, revokedAt: null, expiresAt: null }, digest(made.key));
    await recordAudit(tx, { at: nowMs, actor: PROGRAM, action: "key.create", subject: made.id, detail: { name: FIRST_KEY_NAME, role: "admin", expires_at: null }, requestId: null, outcome: "ok" });
    return made.key;
  });
}
