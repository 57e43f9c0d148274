import { AppError } from "../platform/index.ts";
import type { Access } from "./access.ts";
import type { Actor } from "./audit.ts";
import { type AccessKey, ENVIRONMENT_KEY, keyState } from "./key.ts";
import { markRevoked, readKey, readLiveKeys } from "./store.ts";
import { recordAudit } from "./trail.ts";

export type Revocation =
  | { readonly kind: "revoke" }
  | { readonly kind: "already" }
  /** It would leave nobody who can make a key: make another admin key first, so that the order is never wrong. */
  | { readonly kind: "last_admin" };

/** @param live the keys that are not revoked, this one among them. */
export function decideRevocation(key: AccessKey, live: readonly AccessKey[], nowMs: number, hasEnvironmentKey: boolean): Revocation {
  if (key.revokedAt !== null) return { kind: "already" };
  if (key.role !== "admin" || keyState(key, nowMs) !== "active" || hasEnvironmentKey) return { kind: "revoke" };
  const another = live.some((other) => other.id !== key.id && other.role === "admin" && keyState(other, nowMs) === "active");
  return another ? { kind: "revoke" } : { kind: "last_admin" };
}

/**
 * Revokes a key: at once in this process, within five seconds in others. A second time changes nothing.
 *
 * @param force also the last admin key; for who has the machine, where a restart makes a new one.
 * @throws AppError `not_found`, or `conflict` for the last admin key and the key of the environment.
 */
export async function revokeKey(access: Access, id: string, by: Actor, requestId: string | null, force = false): Promise<AccessKey> {
  if (id === ENVIRONMENT_KEY.keyId) throw new AppError("conflict", "DASHBOARD_KEY lives in the environment; change it there and restart", { code: "key_of_environment" });
  const nowMs = access.clock.now();
  const revoked = await access.db.write(async (tx) => {
    await access.db.dialect.lock(tx, "access_key");
    const found = await readKey(tx, id);
    if (!found) throw new AppError("not_found", "there is no key with this id; GET /api/keys lists them", { code: "key_unknown" });
    const decision = decideRevocation(found.key, await readLiveKeys(tx), nowMs, access.hasEnvironmentKey || force);
    if (decision.kind === "already") return found.key;
    if (decision.kind === "last_admin") throw new AppError("conflict", "this is the last admin key; create another one first", { code: "last_admin_key" });
    await markRevoked(tx, id, nowMs);
    await recordAudit(tx, { at: nowMs, actor: by, action: "key.revoke", subject: id, detail: { name: found.key.name, role: found.key.role }, requestId, outcome: "ok" });
    return { ...found.key, revokedAt: nowMs };
  });
  access.forget(id);
  return revoked;
}
