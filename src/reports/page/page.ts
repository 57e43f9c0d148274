import { createHash } from "node:crypto";
import { type Html, html } from "../../platform/index.ts";
import type { ComparedFigure, DrawnChart, Report, ReportSection } from "../build.ts";
import { periodText } from "../period.ts";
import { percent, type Table, timeText, type Value, valueText } from "../report.ts";
import { chartLegend, chartSentence, chartText, drawChart } from "./chart.ts";
import { STYLE } from "./style.ts";

const STYLE_HASH = `'sha256-${createHash("sha256").update(STYLE).digest("base64")}'`;

/** Nothing is loaded and nothing runs: one sheet of style, named by its hash. */
export const PAGE_CSP = `default-src 'none'; style-src ${STYLE_HASH}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
/** The same for a file, whose policy stands inside it; a page there cannot say who may frame it. */
const FILE_CSP = PAGE_CSP.replace("; frame-ancestors 'none'", "");

const NONE = html``;
const WIDE = 760;
const NARROW = 360;

/** What stands at the top, by section and figure: the first of that name, so the merchant's currency. */
const GLANCE: readonly (readonly [section: string, figure: string])[] = [
  ["revenue", "net"],
  ["payments", "success_rate_final"],
  ["deliveries", "processed_rate"],
  ["completeness", "present_rate"],
  ["alerts", "fired"],
];

function changeText({ change }: ComparedFigure): string {
  if (change === null || change.value === null) return "–";
  const { unit, value } = change;
  if (value === 0) return "= the same";
  return `${value > 0 ? "▲" : "▼"} ${unit === "points" ? `${(Math.abs(value) * 100).toFixed(2)} points` : percent(Math.abs(value))}`;
}

function changeLine(figure: ComparedFigure, timeZone: string): Html {
  const { previous, change, good } = figure;
  if (previous === null) return NONE;
  const before = valueText(previous, timeZone);
  const value = change?.value ?? null;
  if (value === null) return html`<small><span>before: ${before}</span></small>`;
  const tone = value === 0 || good === null ? "" : (value > 0) === (good === "up") ? "good" : "bad";
  return html`<small><span class="${tone}">${changeText(figure)}</span> <span>before: ${before}</span></small>`;
}

function figureHtml(figure: ComparedFigure, timeZone: string): Html {
  return html`<div><dt>${figure.label}</dt><dd${figure.value.unit === "text" ? html` class="words"` : NONE}>${valueText(figure.value, timeZone)}${changeLine(figure, timeZone)}</dd></div>`;
}

function isNumber(values: readonly (Value | undefined)[]): boolean {
  return values.length > 0 && values.every((value) => value !== undefined && value.unit !== "text" && value.unit !== "time");
}

function grid(caption: string, head: readonly string[], rows: readonly (readonly string[])[], numbers: readonly boolean[]): Html {
  const tone = (index: number): Html => (numbers[index] === true ? html` class="number"` : NONE);
  return html`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><thead><tr>${head.map((name, index) => html`<th scope="col"${tone(index)}>${name}</th>`)}</tr></thead><tbody>${rows.map((row) => html`<tr>${row.map((cell, index) => html`<td${tone(index)}>${cell}</td>`)}</tr>`)}</tbody></table></div>`;
}

function tableHtml({ title, columns, rows, left }: Table, timeZone: string): Html {
  const numbers = columns.map((_, index) => isNumber(rows.map((row) => row[index])));
  const cells = rows.map((row) => row.map((value) => valueText(value, timeZone)));
  return html`<div class="block"><h3>${title}</h3>${grid(title, columns.map(({ label }) => label), cells, numbers)}${left === null ? NONE : html`<p class="left">Left out: ${left}.</p>`}</div>`;
}

function chartHtml(chart: DrawnChart, section: string): Html {
  const id = `${section}-${chart.id}`.replaceAll("_", "-");
  const rows = chart.bins.map((bin, index) => [bin, ...chart.series.map(({ values }) => chartText(chart, values[index] ?? null))]);
  const head = ["Time", ...chart.series.map(({ name }) => name)];
  return html`<figure><figcaption><h3>${chart.title}</h3><p id="${id}-title">${chartSentence(chart)}</p>${chartLegend(chart)}</figcaption>
<div class="wide">${drawChart(chart, id, WIDE)}</div><div class="narrow" aria-hidden="true">${drawChart(chart, `${id}-n`, NARROW)}</div>
<details><summary>The figures behind this picture</summary>${grid(chart.title, head, rows, head.map((_, index) => index > 0))}</details></figure>`;
}

/** Figures that stand in a table anyway: only what the table does not say, how they were before. */
function details(figures: readonly ComparedFigure[], timeZone: string): Html {
  const told = figures.filter(({ detail, previous }) => detail === true && previous !== null);
  if (told.length === 0) return NONE;
  const rows = told.map((figure) => [figure.label, valueText(figure.value, timeZone), figure.previous === null ? "" : valueText(figure.previous, timeZone), changeText(figure)]);
  return html`<details><summary>Other currencies, compared with the period before</summary>${grid("Other currencies, compared", ["Figure", "Now", "Before", "Change"], rows, [false, true, true, true])}</details>`;
}

function body(section: ReportSection, timeZone: string): Html {
  const empty = section.nothing === null ? NONE : html`<p class="${section.state === "failed" ? "failed" : "nothing"}">${section.nothing}</p>`;
  const shown = section.figures.filter(({ detail }) => detail !== true);
  const figures = shown.length === 0 ? NONE : html`<dl class="figures">${shown.map((figure) => figureHtml(figure, timeZone))}</dl>`;
  return html`${empty}${figures}${details(section.figures, timeZone)}${section.charts.map((chart) => chartHtml(chart, section.id))}${section.tables.filter(({ rows }) => rows.length > 0).map((table) => tableHtml(table, timeZone))}`;
}

function list(notes: readonly string[]): Html {
  return notes.length === 0 ? NONE : html`<ul class="notes">${notes.map((note) => html`<li>${note}</li>`)}</ul>`;
}

function sectionHtml(section: ReportSection, timeZone: string): Html {
  const method = section.method === "" ? NONE : html`<p class="method"><b>How it is counted.</b> ${section.method}</p>`;
  return html`<section id="${section.id}" aria-labelledby="${section.id}-heading"><h2 id="${section.id}-heading">${section.title}</h2><p class="question">${section.question}</p>${body(section, timeZone)}${list(section.notes)}${method}</section>`;
}

function glance({ sections, period }: Report): Html {
  const figures = GLANCE.map(([section, id]) => {
    const of = sections.find((one) => one.id === section);
    const figure = of?.figures.find((one) => one.id === id);
    return of === undefined || figure === undefined ? null : figure;
  }).filter((figure) => figure !== null);
  return figures.length === 0 ? NONE : html`<dl class="figures glance">${figures.map((figure) => figureHtml(figure, period.timeZone))}</dl>`;
}

function banner({ mode }: Report): Html {
  if (mode === "sandbox") return html`<p class="banner sandbox">SANDBOX: made-up payments of the built-in stand-in for Stripe.</p>`;
  return mode === "test" ? html`<p class="banner">TEST mode: no real money.</p>` : NONE;
}

/**
 * The report as one HTML file that needs nothing else: pictures and style inside, no script.
 *
 * @param version of Tillwatch, for the foot.
 * @param paper sets the size of the paper for a PDF; a browser's own choice when null.
 */
export function reportPage(report: Report, version: string, paper: "a4" | "letter" | null = null): string {
  const { period, previous, merchant, sections } = report;
  const { timeZone } = period;
  const title = `${merchant}: enterprise report, ${periodText(period)}`;
  const size = paper === null ? "" : `@page{size:${paper === "a4" ? "A4" : "letter"}}`;
  const style = `${STYLE}${size}`;
  const csp = paper === null ? FILE_CSP : FILE_CSP.replace(STYLE_HASH, `'sha256-${createHash("sha256").update(style).digest("base64")}'`);
  const compared = previous === null ? NONE : html`<p class="muted">Compared with ${periodText(previous)}</p>`;
  const kind = report.public ? "Public version: totals only." : "";
  // The sheet is ours and holds no text from anywhere else; escaping it would change it.
  const page = html`<body>
<header>${banner(report)}<p class="muted">${merchant}</p><h1>Enterprise report</h1><p class="period">${periodText(period)}</p>${compared}<p class="muted">Times and days in ${timeZone}. Made on ${timeText(report.generatedAt, timeZone)}. ${kind}</p>${list(report.notes.filter((note) => !/^(SANDBOX|TEST)/.test(note)))}</header>
<main>${glance(report)}<nav aria-label="Sections"><ul>${sections.map(({ id, title: name }) => html`<li><a href="#${id}">${name}</a></li>`)}</ul></nav>${sections.map((section) => sectionHtml(section, timeZone))}</main>
<footer><p>Tillwatch ${version}. Amounts are per currency and never added across currencies. All of it is in <code>GET /api/reports/enterprise</code> for the same period.</p></footer>
</body>`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${csp.replaceAll('"', "&quot;")}"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="referrer" content="no-referrer"><meta name="robots" content="noindex">${html`<title>${title}</title>`.text}<style>${style}</style></head>
${page.text}</html>
`;
}
