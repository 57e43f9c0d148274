import { createHash } from "node:crypto";
import { redact } from "../platform/index.ts";

/** `ok`: done; `refused`: we said no; `failed`: tried, and it did not work out. */
type AuditOutcome = "ok" | "refused" | "failed";

/** Who did it: a key, the command line, or a part of the program. */
export interface Actor {
  readonly keyId: string;
  readonly name: string;
}

/** Who uses the command line has the machine, and no key. */
export const COMMAND_LINE: Actor = { keyId: "cli", name: "command line" };
/** What the program does by itself. */
export const PROGRAM: Actor = { keyId: "tillwatch", name: "tillwatch" };

export interface AuditEntry {
  readonly at: number;
  readonly actor: Actor;
  /** `key.create`, `refund.request`: noun, dot, verb. */
  readonly action: string;
  /** Id of what was changed. */
  readonly subject: string;
  /** What else must be known; no secrets. */
  readonly detail?: Readonly<Record<string, unknown>>;
  readonly requestId: string | null;
  readonly outcome: AuditOutcome;
}

/** A row of the trail. `hash` covers the row and, by the row before it, all that came before. */
export interface AuditRow {
  readonly id: number;
  readonly at: number;
  readonly actor_id: string;
  readonly actor_name: string;
  readonly action: string;
  readonly subject: string;
  /** A JSON object, as it was hashed. */
  readonly detail: string;
  readonly request_id: string | null;
  readonly outcome: AuditOutcome;
  readonly hash: string;
}

const DETAIL_BYTES_MAX = 16 * 1024;
const TEXT_LENGTH_MAX = 300;

const SECRET_NAME = /secret|token|passw|authorization|dash.?key/i;

/** Nobody should put a secret into a detail; who does all the same, does not get it stored. */
function storable(name: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "string") return value;
  return SECRET_NAME.test(name) ? "***" : redact(value);
}

function detailText(detail: Readonly<Record<string, unknown>>): string {
  const text = JSON.stringify(detail, storable);
  const bytes = Buffer.byteLength(text);
  // Cut, not refused: a long detail must not undo the change that it describes.
  return bytes <= DETAIL_BYTES_MAX ? text : JSON.stringify({ omitted: `the detail had ${bytes} bytes; at most ${DETAIL_BYTES_MAX} are kept` });
}

/** Only what both databases give back as it went in: else the hash of a row would not be that of what was read. */
const clean = (text: string): string => redact(text).slice(0, TEXT_LENGTH_MAX).replaceAll("\0", "").toWellFormed();

/** The row that an entry becomes behind the row with this hash. */
export function auditRow(id: number, previousHash: string, entry: AuditEntry): AuditRow {
  const row = {
    id,
    at: entry.at,
    actor_id: clean(entry.actor.keyId),
    actor_name: clean(entry.actor.name),
    action: clean(entry.action),
    subject: clean(entry.subject),
    detail: detailText(entry.detail ?? {}),
    request_id: entry.requestId === null ? null : clean(entry.requestId),
    outcome: entry.outcome,
  };
  return { ...row, hash: auditHash(previousHash, row) };
}

/** SHA-256 over the previous hash and every column. As a JSON array, so that no two rows have one text. Never change it. */
export function auditHash(previousHash: string, row: Omit<AuditRow, "hash">): string {
  const text = JSON.stringify([previousHash, row.id, row.at, row.actor_id, row.actor_name, row.action, row.subject, row.detail, row.request_id, row.outcome]);
  return createHash("sha256").update(text).digest("hex");
}

/** A place in the chain, to be noted outside the database: a chain that was rewritten from there on does not have it. */
export interface AuditMark {
  readonly id: number;
  readonly hash: string;
}

export type AuditVerdict =
  | { readonly kind: "intact"; readonly head: AuditMark }
  | { readonly kind: "changed"; readonly id: number; readonly text: string }
  | { readonly kind: "missing"; readonly id: number; readonly text: string }
  | { readonly kind: "unexpected"; readonly id: number; readonly text: string };

/** Whether a row is what must come behind the one before it; null when it is. */
export function auditFault(before: AuditMark, row: AuditRow): AuditVerdict | null {
  const expected = before.id + 1;
  if (row.id !== expected) return { kind: "missing", id: expected, text: `row ${expected} is missing` };
  if (row.hash !== auditHash(before.hash, row)) return { kind: "changed", id: row.id, text: `row ${row.id} is not what was written, or the one before it was replaced` };
  return null;
}
