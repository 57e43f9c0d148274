import { AppError } from "../platform/index.ts";

/** What became of an alert. Only some of it is worth a notice; all of it is kept. */
export type AlertChange = "fired" | "relapsed" | "worsened" | "updated" | "recovering" | "resolved" | "acknowledged" | "unacknowledged";

export type Severity = "WARNING" | "CRITICAL";

/** One change of one alert, with everything a notice about it says. Times in ms UTC, money in minor units. */
export interface AlertNews {
  readonly alertId: number;
  readonly change: AlertChange;
  /** Stable name, e.g. `webhook_failures`. */
  readonly rule: string;
  /** What it is about: webhooks, payments, revenue, database, stripe, `slo:<name>`… */
  readonly subject: string;
  readonly severity: Severity;
  /** What routes, silences and groups go by. `rule`, `subject` and `severity` are always matched too, given here or not. */
  readonly labels: Readonly<Record<string, string>>;
  /** One line in words. */
  readonly title: string;
  /** What was seen, what is usual, since when. */
  readonly summary: string;
  readonly details: readonly string[];
  /** What to do first. */
  readonly todo: readonly string[];
  readonly stake: { readonly currency: string; readonly minor: number } | null;
  readonly startedAt: number;
  readonly firedAt: number | null;
  readonly resolvedAt: number | null;
  /** Synthetic, and marked as such wherever it is shown. */
  readonly drill: boolean;
}

/** Longer texts are cut: a notice is read on a phone, and event data must not fill the database. */
const MOST = { title: 300, text: 2000, line: 500, lines: 20, labels: 40, labelName: 100, labelValue: 200 } as const;

/** Cuts between characters, never inside one. */
function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = text.charCodeAt(most - 2) >= 0xd8_00 && text.charCodeAt(most - 2) <= 0xdb_ff ? most - 2 : most - 1;
  return `${text.slice(0, end)}…`;
}

function cutLines(lines: readonly string[]): string[] {
  return lines.slice(0, MOST.lines).map((line) => cut(line, MOST.line));
}

/**
 * The news as they are stored: texts within bounds, and `rule`, `subject` and `severity` among the labels.
 *
 * @throws AppError `internal` when the news cannot be of an alert: a fault of the caller.
 */
export function bounded(news: AlertNews): AlertNews {
  const wrong = !Number.isSafeInteger(news.alertId) ? "alertId" : news.rule === "" ? "rule" : news.subject === "" ? "subject" : news.stake !== null && !Number.isSafeInteger(news.stake.minor) ? "stake" : null;
  if (wrong !== null) throw new AppError("internal", `news of an alert with an unusable ${wrong}`, { code: "news_unusable" });
  const labels = Object.entries(news.labels).slice(0, MOST.labels).map(([name, value]): [string, string] => [cut(name, MOST.labelName), cut(value, MOST.labelValue)]);
  return {
    ...news,
    labels: { ...Object.fromEntries(labels), rule: news.rule, subject: news.subject, severity: news.severity },
    title: cut(news.title, MOST.title),
    summary: cut(news.summary, MOST.text),
    details: cutLines(news.details),
    todo: cutLines(news.todo),
  };
}
