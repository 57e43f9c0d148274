import { type Html, html } from "../platform/index.ts";
import type { ShownReport } from "./present.ts";

/** What is told of a report in a mail: the whole is beside it. */
export interface DigestText {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

type Section = ShownReport["sections"][number];
type Figure = Section["figures"][number];

/** What of each section a reader wants first; of money, every currency. */
const TOLD: Readonly<Record<string, readonly string[]>> = {
  revenue: ["net", "gross", "refunded", "disputed"],
  payments: ["success_rate_final", "success_rate_raw", "attempts", "failed_customer", "failed_risk", "failed_technical"],
  refunds: ["refunds", "rate"],
  disputes: ["disputes", "rate"],
  deliveries: ["processed_rate", "received", "failed", "rejected"],
  completeness: ["present_rate", "events", "recovered"],
  alerts: ["fired", "critical", "open", "time_to_detect", "time_to_acknowledge", "time_to_resolve"],
  slo: [],
  tasks: ["ok_rate", "failed", "missed"],
  notices: ["notices", "sent", "dead", "median", "drills_failed"],
  backup: ["backups", "failed", "newest_age", "drills_verified", "drills_failed", "recovery_time", "recovery_point"],
  changes: ["chain", "entries", "operations"],
};

interface Line {
  readonly label: string;
  readonly value: string;
  readonly change: string;
}

function changeText({ change, change_unit, previous_text }: Figure): string {
  if (previous_text === null) return "";
  if (change === null || change_unit === null) return `before: ${previous_text}`;
  const size = change_unit === "points" ? `${(Math.abs(change) * 100).toFixed(2)} points` : `${(Math.abs(change) * 100).toFixed(1)} %`;
  return change === 0 ? "as before" : `${change > 0 ? "up" : "down"} ${size}, before: ${previous_text}`;
}

function lines({ id, figures }: Section): Line[] {
  const wanted = TOLD[id] ?? [];
  const told = wanted.length === 0 ? figures : figures.filter((figure) => wanted.includes(figure.id));
  return told.map((figure) => ({ label: figure.label, value: figure.text, change: changeText(figure) }));
}

/** One line without what could be a header or turn the reading direction. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim();
}

function subjectOf(name: string, { merchant, period, mode, sections }: ShownReport): string {
  const figure = (section: string, id: string) => sections.find((one) => one.id === section)?.figures.find((one) => one.id === id);
  const net = figure("revenue", "net");
  const success = figure("payments", "success_rate_final");
  const fired = figure("alerts", "fired");
  const facts = [net === undefined ? null : `net ${net.text}`, (success?.value ?? null) === null ? null : `${success?.text} of payments succeeded`, fired === undefined ? "no alert" : `${fired.text} ${fired.value === 1 ? "alert" : "alerts"}`].filter((fact) => fact !== null);
  const mark = mode === "live" ? "" : `[${mode.toUpperCase()}] `;
  return plain(`${mark}${merchant}, ${name} report ${period.text}: ${facts.join(", ")}`).slice(0, 200);
}

const CELL = "padding:4px 12px 4px 0;border-bottom:1px solid #e3e8ee;vertical-align:top";

function rowHtml({ label, value, change }: Line): Html {
  return html`<tr><td style="${CELL}">${label}</td><td style="${CELL};text-align:right;white-space:nowrap"><b>${value}</b></td><td style="${CELL};color:#5b6577">${change}</td></tr>`;
}

/** Sections whose first figures are told in a chat. */
const HEADLINES = ["revenue", "payments", "disputes", "deliveries", "completeness", "alerts", "backup"];
const FIGURES_OF_A_HEADLINE = 3;

/** A report in a line per section, for a chat; of money, the first currencies. */
export function headlinesOf({ sections }: ShownReport): string[] {
  return sections
    .filter(({ id }) => HEADLINES.includes(id))
    .map((section) => plain(`${section.title}: ${section.nothing ?? lines(section).slice(0, FIGURES_OF_A_HEADLINE).map(({ label, value, change }) => `${label} ${value}${change === "" ? "" : ` (${change})`}`).join(", ")}`));
}

function sectionHtml(section: Section): Html {
  const told = lines(section);
  const body = section.nothing === null ? html`<table role="presentation" style="border-collapse:collapse;width:100%;font-size:14px">${told.map(rowHtml)}</table>` : html`<p style="margin:4px 0">${section.nothing}</p>`;
  return html`<h2 style="font-size:16px;margin:20px 0 4px">${section.title}</h2>${body}`;
}

/**
 * A report in a few lines for mail or chat.
 *
 * @param name "weekly". @param address of the whole report; null when nobody said where we are reached.
 */
export function digestOf(report: ShownReport, name: string, address: string | null): DigestText {
  const { merchant, period, previous, notes, sections } = report;
  const head = `${period.text} (${period.time_zone})${previous === null ? "" : `, compared with ${previous.text}`}`;
  const where = address === null ? "The whole report is attached." : `The whole report is attached, and at ${address}`;
  const parts = sections.map((section) => {
    const told = lines(section).map(({ label, value, change }) => `  ${label}: ${value}${change === "" ? "" : ` (${change})`}`);
    return [section.title, ...(section.nothing === null ? told : [`  ${section.nothing}`])].map(plainEnd).join("\n");
  });
  // Styles stand inline: mail readers throw style sheets away.
  const page = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${merchant}</title></head><body style="margin:0;background:#f4f5f7;color:#1a1f36;font:15px/1.5 -apple-system,'Segoe UI',sans-serif"><div style="max-width:640px;margin:0 auto;padding:24px;background:#fff"><h1 style="font-size:20px;margin:0">${merchant}: ${name} report</h1><p style="margin:4px 0;color:#5b6577">${head}</p>${notes.map((note) => html`<p style="margin:4px 0"><b>${note}</b></p>`)}${sections.map(sectionHtml)}<p style="margin-top:20px;color:#5b6577">${where}</p></div></body></html>`;
  return { subject: subjectOf(name, report), text: [`${plain(merchant)}: ${name} report`, head, ...notes, "", parts.join("\n\n"), "", where, ""].join("\n"), html: page.text };
}

function plainEnd(line: string): string {
  return line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trimEnd();
}
