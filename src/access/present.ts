import { isoSeconds } from "../platform/index.ts";
import { z } from "zod";
import type { AuditRow } from "./audit.ts";
import { type AccessKey, ENVIRONMENT_KEY, keyState } from "./key.ts";
import { ROLES } from "./role.ts";

/** Keys and audit rows as the API and `--json` show them. */
export const KEY_SHAPE = z.object({
  id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  state: z.enum(["active", "revoked", "expired"]),
  source: z.enum(["database", "environment"]),
  created_at: z.string().nullable(),
  created_by: z.string().nullable(),
  last_used_at: z.string().nullable(),
  revoked_at: z.string().nullable(),
  expires_at: z.string().nullable(),
});
type ShownKey = z.infer<typeof KEY_SHAPE>;

const time = (ms: number | null): string | null => (ms === null ? null : isoSeconds(ms));

export function showKey(key: AccessKey, nowMs: number): ShownKey {
  return {
    id: key.id,
    name: key.name,
    role: key.role,
    state: keyState(key, nowMs),
    source: "database",
    created_at: time(key.createdAt),
    created_by: key.createdBy,
    last_used_at: time(key.lastUsedAt),
    revoked_at: time(key.revokedAt),
    expires_at: time(key.expiresAt),
  };
}

export const SHOWN_ENVIRONMENT_KEY: ShownKey = {
  id: ENVIRONMENT_KEY.keyId,
  name: ENVIRONMENT_KEY.name,
  role: ENVIRONMENT_KEY.role,
  state: "active",
  source: "environment",
  created_at: null,
  created_by: null,
  last_used_at: null,
  revoked_at: null,
  expires_at: null,
};

export const AUDIT_SHAPE = z.object({
  id: z.number(),
  ts: z.string(),
  actor_id: z.string(),
  actor: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
  request_id: z.string().nullable(),
  outcome: z.string(),
  hash: z.string(),
});
type ShownAudit = z.infer<typeof AUDIT_SHAPE>;

/** A detail that somebody changed in the database need not be JSON any more; the trail must still be readable. */
function detailOf(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // Shown as it is, below.
  }
  return { unreadable: text };
}

export function showAudit(row: AuditRow): ShownAudit {
  return {
    id: row.id,
    ts: isoSeconds(row.at),
    actor_id: row.actor_id,
    actor: row.actor_name,
    action: row.action,
    subject: row.subject,
    detail: detailOf(row.detail),
    request_id: row.request_id,
    outcome: row.outcome,
    hash: row.hash,
  };
}
