import { createHash } from "node:crypto";
import { areasOf, type ValidationReport } from "./validation-report.ts";

/** A self-contained page: no script, nothing loaded, prints on A4 and Letter. */

const CSS = `:root{color-scheme:light dark;--ink:#14181f;--soft:#5b6472;--line:#d8dde5;--paper:#fff;--band:#f5f7fa;--pass:#11733f;--warn:#8a5300;--fail:#b3201f;--passbg:#e6f4ec;--warnbg:#fdf1dc;--failbg:#fce8e7}
@media(prefers-color-scheme:dark){:root{--ink:#e8ebf0;--soft:#9aa4b2;--line:#313843;--paper:#14181f;--band:#1b212a;--pass:#5fd39a;--warn:#f0b95a;--fail:#ff8f86;--passbg:#12301f;--warnbg:#33260d;--failbg:#3a1716}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
header{display:flex;gap:1.5rem;align-items:center;justify-content:space-between;flex-wrap:wrap;border-bottom:2px solid var(--ink);padding-bottom:1.25rem}
h1{font-size:1.7rem;line-height:1.2;margin:0}h2{font-size:1.05rem;margin:2.25rem 0 .5rem;display:flex;justify-content:space-between;gap:1rem;align-items:baseline}
.meta{color:var(--soft);margin:.35rem 0 0}
.verdict{text-align:center;border-radius:.75rem;padding:.6rem 1.4rem;min-width:9rem}
.verdict b{display:block;font-size:1.9rem;letter-spacing:.04em;line-height:1.15}.verdict span{font-size:.85rem}
.PASS{background:var(--passbg);color:var(--pass)}.WARN{background:var(--warnbg);color:var(--warn)}.FAIL{background:var(--failbg);color:var(--fail)}
.note{margin:1.25rem 0 0;padding:.7rem 1rem;border-radius:.5rem;font-weight:600;background:#6d28d9;color:#fff}
.totals{display:flex;gap:2rem;margin:1.25rem 0 0;padding:0;list-style:none;flex-wrap:wrap}.totals b{font-size:1.35rem;margin-right:.35rem}
.tally{font-weight:400;font-size:.85rem;color:var(--soft)}
table{width:100%;border-collapse:collapse}td,th{padding:.6rem .6rem;vertical-align:top;text-align:left;border-top:1px solid var(--line)}
th{font-weight:600;width:30%}td.grade{width:4.6rem;padding-left:0}
.badge{display:inline-block;border-radius:.35rem;padding:.05rem .5rem;font-size:.75rem;font-weight:700;letter-spacing:.04em}
ul.todo{margin:.35rem 0 0;padding-left:1.1rem}ul.details{margin:.35rem 0 0;padding-left:1.1rem;color:var(--soft);font-size:.9em}
td,th{overflow-wrap:anywhere}code{font-size:.92em}
footer{margin-top:2.5rem;border-top:1px solid var(--line);padding-top:.8rem;color:var(--soft);font-size:.85rem}
@media(max-width:36rem){td,th{display:block;width:auto!important;border:0;padding:.15rem 0}tr{display:block;border-top:1px solid var(--line);padding:.6rem 0}}
@page{margin:14mm}@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--line:#bbb;--paper:#fff;--pass:#11733f;--warn:#8a5300;--fail:#b3201f;--passbg:#e6f4ec;--warnbg:#fdf1dc;--failbg:#fce8e7}body{font-size:10.5pt}main{padding:0;max-width:none}tr,header,h2{break-inside:avoid}h2{break-after:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}`;

const STYLE_HASH = createHash("sha256").update(CSS).digest("base64");

/** Nothing may be loaded, run, framed or sent from the page; its one style is allowed by its hash. */
export const VALIDATION_CSP = `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const ESCAPES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function html(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}

/** Text with what stands in backquotes as code. */
function prose(text: string): string {
  return html(text).replaceAll(/`([^`]+)`/g, "<code>$1</code>");
}

function list(kind: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `<ul class="${kind}">${lines.map((line) => `<li>${prose(line)}</li>`).join("")}</ul>`;
}

const WORDS = { PASS: "Everything is as it should be", WARN: "Works, and could be better", FAIL: "Something must be mended" } as const;

function tally(checks: ValidationReport["checks"]): string {
  const parts = (["FAIL", "WARN", "PASS"] as const).map((grade) => [grade, checks.filter((one) => one.grade === grade).length] as const).filter(([, count]) => count > 0);
  return parts.map(([grade, count]) => `${count} ${grade.toLowerCase()}`).join(" · ");
}

function whole(report: ValidationReport): string {
  return areasOf(report)
    .map(
      ({ area, checks }) =>
        `<section><h2>${html(area)}<span class="tally">${tally(checks)}</span></h2><table>${checks
          .map(({ grade, title, found, todo, details }) => `<tr><td class="grade"><span class="badge ${grade}">${grade}</span></td><th scope="row">${html(title)}</th><td>${prose(found)}${list("todo", todo)}${list("details", details)}</td></tr>`)
          .join("")}</table></section>`,
    )
    .join("");
}

/** Totals per area: what is weak is nobody's business outside. */
function totalsOnly(report: ValidationReport): string {
  const rows = areasOf(report).map(({ area, checks }) => {
    const grade = checks.some((one) => one.grade === "FAIL") ? "FAIL" : checks.some((one) => one.grade === "WARN") ? "WARN" : "PASS";
    return `<tr><td class="grade"><span class="badge ${grade}">${grade}</span></td><th scope="row">${html(area)}</th><td>${tally(checks)}</td></tr>`;
  });
  return `<section><h2>By area</h2><table>${rows.join("")}</table></section>`;
}

function localTime(report: ValidationReport): string {
  const format = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: report.time_zone });
  return `${format.format(Date.parse(report.ts))} (${report.time_zone})`;
}

/** @param audience `public`: totals alone. */
export function validationPage(report: ValidationReport, audience: "key" | "public"): string {
  const { verdict, counts } = report;
  const sandbox = report.sandbox ? '<p class="note" role="note">SANDBOX: no Stripe key is set. This speaks of the built-in stand-in for Stripe.</p>' : "";
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>Validation: ${verdict}, ${html(report.merchant)}</title><style>${CSS}</style></head>
<body><main><header><div><h1>${html(report.merchant)}: validation</h1><p class="meta">${html(localTime(report))} · ${report.mode} mode · Tillwatch ${html(report.version)}</p></div><div class="verdict ${verdict}"><b>${verdict}</b><span>${WORDS[verdict]}</span></div></header>${sandbox}
<ul class="totals"><li><b>${counts.pass}</b>passed</li><li><b>${counts.warn}</b>to improve</li><li><b>${counts.fail}</b>failed</li></ul>
${audience === "key" ? whole(report) : totalsOnly(report)}
<footer>Each line was found out at the time above by doing what it says: asking Stripe, opening the database, calling the address. Found out anew when it is older than five minutes.</footer></main></body></html>`;
}
