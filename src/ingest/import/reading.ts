import type { Source } from "../../ledger/index.ts";
import type { Made } from "./made.ts";

/** What is known while a file is read. */
export interface Reading {
  /** The file's name, without folder and rotation suffix. */
  readonly file: string;
  readonly source: Source;
  readonly nowMs: number;
  /** IANA; a line that says only a day means a day there. */
  readonly timeZone: string;
  /** For lines that do not say their mode. */
  readonly live: boolean;
  /**
   * Money lines without an id of Stripe's are taken only before this time (ms UTC): after it Stripe's own events tell
   * of the same payments, and nothing could tell that they are the same. Null: no such limit.
   */
  readonly untilMs: number | null;
  /** How often this very text stood in this file so far, from 1. */
  occurrence(text: string): number;
}

export type LineOutcome =
  | { readonly kind: "taken"; readonly made: readonly Made[] }
  /** Understood, and no use: counted by reason. */
  | { readonly kind: "skipped"; readonly reason: string }
  /** Not understood: told with its line number. */
  | { readonly kind: "bad"; readonly reason: string };

export type Fields = Readonly<Record<string, unknown>>;

export function fieldsOf(value: unknown): Fields | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : null;
}

/** The first of these keys that holds a text. */
export function textOf(fields: Fields, ...keys: string[]): string | null {
  for (const key of keys) {
    const value = fields[key];
    if (typeof value === "string" && value !== "" && value.length <= 255) return value;
  }
  return null;
}

/** A status, in whatever way it was written; null where there is none. */
export function statusOf(fields: Fields): string | null {
  const status = fields["status"];
  if (status === undefined || status === null) return null;
  return typeof status === "string" || typeof status === "number" ? String(status).toLowerCase() : "unknown";
}

export function liveOf(fields: Fields, reading: Reading): boolean {
  if (typeof fields["livemode"] === "boolean") return fields["livemode"];
  const mode = fields["mode"];
  return mode === "live" || mode === "Live" ? true : mode === "test" || mode === "Test" ? false : reading.live;
}

export const skipped = (reason: string): LineOutcome => ({ kind: "skipped", reason });
export const bad = (reason: string): LineOutcome => ({ kind: "bad", reason });
