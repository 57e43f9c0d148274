import { errorText, redact } from "../platform/index.ts";
import type { Evidence } from "./task.ts";

const MAX_BYTES = 16 * 1024;
const MAX_ERROR = 2000;

/** JSON of what a task found; when it is too long, what is short of it, with `truncated: true`. */
export function evidenceJson(evidence: Evidence): string {
  const whole = asJson(evidence);
  if (whole !== null && Buffer.byteLength(whole) <= MAX_BYTES) return whole;
  const short: Record<string, unknown> = {};
  let bytes = 0;
  for (const [key, value] of Object.entries(evidence)) {
    const json = asJson(value);
    if (json === null) continue;
    const size = Buffer.byteLength(json) + Buffer.byteLength(key) + 4;
    if (bytes + size > MAX_BYTES - 32) continue;
    short[key] = value;
    bytes += size;
  }
  return JSON.stringify({ ...short, truncated: true });
}

function asJson(value: unknown): string | null {
  try {
    return JSON.stringify(value) ?? null;
  } catch {
    return null;
  }
}

/** What a run failed of, without secrets and not longer than a page. */
export function failureText(error: unknown): string {
  const text = redact(errorText(error));
  return text.length > MAX_ERROR ? `${text.slice(0, MAX_ERROR)}…` : text;
}
