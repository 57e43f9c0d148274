import { createHash } from "node:crypto";
import { asCurrency, minor, moneyText } from "../money/index.ts";
import type { Notice, NoticeAlert } from "./notice.ts";

/** Where a notice leads, and how it names time and place. */
export interface Wording {
  /** Shown in front: the merchant's name. */
  readonly source: string;
  readonly timeZone: string;
  /** Address of an alert's page; null while no public_url is configured. */
  alertLink(alertId: number): string | null;
  /** A link that acknowledges after a confirmation; null without public_url. @param notice its id. */
  ackLink(alertId: number, notice: Pick<Notice, "id" | "createdAt">): string | null;
}

/** `12:04 UTC`, with the day when it is not that of the notice. */
export function timeText(ms: number, timeZone: string, besideMs: number): string {
  const parts = { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZoneName: "short" } as const;
  const day = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  const time = new Intl.DateTimeFormat("en-GB", parts).format(ms);
  return day.format(ms) === day.format(besideMs) ? time : `${day.format(ms)} ${time}`;
}

/** `3 min`, `2 h 5 min`, `4 d`. */
export function spanText(ms: number): string {
  const minutes = Math.max(0, Math.round(ms / 60_000));
  if (minutes < 1) return "under a minute";
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h${minutes % 60 === 0 ? "" : ` ${minutes % 60} min`}`;
  return `${Math.round(minutes / 1440)} d`;
}

export function stakeText({ news }: NoticeAlert): string | null {
  if (news.stake === null) return null;
  const currency = asCurrency(news.stake.currency);
  return currency !== null ? moneyText(minor(news.stake.minor), currency) : `${news.stake.minor} minor units of ${news.stake.currency.toUpperCase()}`;
}

/** One line that nothing of an event can break or turn round. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

/** Cuts to so many UTF-16 units, between characters. */
export function clip(text: string, most: number): string {
  if (text.length <= most) return text;
  let out = "";
  for (const character of text) {
    if (out.length + character.length > most - 1) break;
    out += character;
  }
  return `${out}…`;
}

/** The same in bytes of UTF-8. */
export function clipBytes(text: string, most: number): string {
  if (Buffer.byteLength(text) <= most) return text;
  let out = "";
  let bytes = 0;
  for (const character of text) {
    const size = Buffer.byteLength(character);
    if (bytes + size > most - 3) break;
    bytes += size;
    out += character;
  }
  return `${out}…`;
}

const STATUS_WORD: Readonly<Record<Notice["status"], string>> = { firing: "", acknowledged: "Acknowledged", resolved: "Resolved", information: "" };

/** `CRITICAL: Webhook deliveries fail`, `Resolved: …`, `DRILL CRITICAL: …`. */
export function headline(notice: Notice): string {
  const word = STATUS_WORD[notice.status];
  const lead = notice.reason === "test" ? "Test" : notice.reason === "change" ? "Change" : word === "" ? notice.severity : word;
  return `${notice.drill ? "DRILL " : ""}${lead}: ${oneLine(notice.title)}`;
}

/** What of an alert is worth a line: how bad in money, since when, for how long. */
export function factsOf(alert: NoticeAlert, notice: Pick<Notice, "createdAt">, { timeZone }: Pick<Wording, "timeZone">): string[] {
  const { news, state } = alert;
  const stake = stakeText(alert);
  const since = news.firedAt ?? news.startedAt;
  const lasted = state === "resolved" && news.resolvedAt !== null ? `over after ${spanText(news.resolvedAt - news.startedAt)}` : `since ${timeText(news.startedAt, timeZone, notice.createdAt)} (${spanText(notice.createdAt - Math.min(since, news.startedAt))})`;
  return [...(stake === null ? [] : [`At stake: ${stake}`]), lasted];
}

export function alertHead({ news, state }: NoticeAlert): string {
  const word = state === "firing" ? news.severity : state === "acknowledged" ? `${news.severity}, acknowledged` : "Resolved";
  return `${word}: ${oneLine(news.title)}`;
}

/** The same, or nothing where the headline says it already: on a phone every line counts. */
export function headBelow(alert: NoticeAlert, notice: Notice): string[] {
  const head = alertHead(alert);
  return headline(notice).endsWith(head) ? [] : [head];
}

/** Why this was sent, and what else there is to say, as lines. */
export function remarks(notice: Notice): string[] {
  const shown = notice.alerts.length;
  const all = notice.firing + notice.resolved;
  const more = all > shown ? [`${all - shown} more are not shown here.`] : [];
  const why = notice.reason === "first notification" || notice.reason === "test" || notice.reason === "change" ? [] : [`Why now: ${notice.reason}.`];
  return [...notice.notes.map(oneLine), ...more, ...why];
}

/** The whole in plain text, for who takes nothing else. @param most alerts that are told in full. */
export function plainText(notice: Notice, wording: Wording, most = 10): string {
  const blocks = notice.alerts.slice(0, most).map((alert) => {
    const { news, state } = alert;
    const link = wording.alertLink(news.alertId);
    const ack = state === "firing" ? wording.ackLink(news.alertId, notice) : null;
    return [
      ...headBelow(alert, notice),
      ...factsOf(alert, notice, wording),
      oneLine(news.summary),
      ...news.details.map((line) => `- ${oneLine(line)}`),
      ...(state === "resolved" ? [] : news.todo.map((line) => `To do: ${oneLine(line)}`)),
      ...(link === null ? [] : [`Evidence: ${link}`]),
      ...(ack === null ? [] : [`Acknowledge: ${ack}`]),
    ].join("\n");
  });
  const rest = notice.alerts.slice(most).map((alert) => `- ${alertHead(alert)}`);
  return [headline(notice), ...blocks, ...(rest.length === 0 ? [] : [rest.join("\n")]), remarks(notice).join("\n")].filter((part) => part !== "").join("\n\n");
}

/** What the other side knows the incident by: the same for every notice of a group, and of bounded length. */
export function incidentKey(notice: Pick<Notice, "key">): string {
  return `tillwatch-${createHash("sha256").update(notice.key).digest("hex").slice(0, 40)}`;
}
