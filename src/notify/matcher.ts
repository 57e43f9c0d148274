import { AppError } from "../platform/index.ts";
import type { AlertNews } from "./news.ts";

/**
 * One condition on a label. The value may hold `*` for any text and `|` between alternatives; no regular expressions,
 * since one that takes for ever could be written by whoever may set a silence.
 */
export interface Matcher {
  readonly label: string;
  readonly op: "=" | "!=";
  readonly value: string;
}

export type Labels = Readonly<Record<string, string>>;

/** What is matched of an alert: its labels, and its id as `alert`. */
export function labelsOf(news: Pick<AlertNews, "alertId" | "labels" | "rule" | "subject" | "severity" | "drill">): Labels {
  return { ...news.labels, rule: news.rule, subject: news.subject, severity: news.severity, alert: String(news.alertId), ...(news.drill ? { drill: "true" } : {}) };
}

/** Whether the text is the pattern, in which `*` stands for any text; takes time proportional to the text for each `*`. */
function fits(pattern: string, text: string): boolean {
  const [head = "", ...parts] = pattern.split("*");
  if (parts.length === 0) return pattern === text;
  const tail = parts.pop() ?? "";
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false;
  let at = head.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found < 0 || found + part.length > text.length - tail.length) return false;
    at = found + part.length;
  }
  return true;
}

/** A label that an alert does not have is the empty text. All matchers must hold; none at all match everything. */
export function matches(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every(({ label, op, value }) => value.split("|").some((pattern) => fits(pattern, labels[label] ?? "")) === (op === "="));
}

export const MATCHER_TEXT = /^\s*([a-zA-Z_][a-zA-Z0-9_]{0,99})\s*(!=|=)\s*(.{0,200}?)\s*$/u;
const EXPECTED = 'expected a matcher such as rule=check_*, severity!=WARNING or subject=payments|revenue';

/** @throws AppError `invalid` when the text is no matcher. */
export function parseMatcher(text: string): Matcher {
  const [, label, op, value] = MATCHER_TEXT.exec(text) ?? [];
  if (label === undefined || value === undefined) throw new AppError("invalid", `${JSON.stringify(text.slice(0, 80))}: ${EXPECTED}`, { code: "matcher_invalid" });
  return { label, op: op === "!=" ? "!=" : "=", value };
}

export function matcherText({ label, op, value }: Matcher): string {
  return `${label}${op}${value}`;
}
