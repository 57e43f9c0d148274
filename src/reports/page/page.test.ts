import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { openBrowser } from "../../../test/chromium.ts";
import { onBothDatabases, temporaryDirectory } from "../../../test/databases.ts";
import { migrations } from "../../app/migrations.ts";
import { currency, minor } from "../../money/index.ts";
import { DAY_MS } from "../../platform/index.ts";
import { buildReport, publicVersion, type Report } from "../build.ts";
import { csvFiles } from "../csv.ts";
import { count, duration, type Findings, money, rate, text, time } from "../report.ts";
import type { Section } from "../section.ts";
import { shopEvents, shopSources, takeIn } from "../testing/shop.ts";
import { PAGE_CSP, reportPage } from "./page.ts";

const START = Date.UTC(2026, 1, 20);
const NOW = START + 30 * DAY_MS;
const EVIL = `"><script>alert(1)</script><img src=x onerror=alert(2)>'</style></svg>&lt;`;

interface Seen {
  readonly tags: string[];
  readonly attributes: string[];
  readonly links: string[];
  readonly width: number;
  readonly text: string;
}

/** What a browser makes of the page: the judge of what is markup and what is text. */
async function seen(page: string) {
  const path = join(temporaryDirectory(), "report.html");
  writeFileSync(path, page);
  const browser = await openBrowser();
  const tab = await (await browser.newContext({ viewport: { width: 390, height: 800 } })).newPage();
  const [asked, said]: [string[], string[]] = [[], []];
  tab.on("request", (request) => asked.push(request.url()));
  tab.on("console", (message) => said.push(message.text()));
  tab.on("dialog", (dialog) => void dialog.dismiss().then(() => said.push("a script ran")));
  await tab.goto(pathToFileURL(path).href);
  // As text, since what runs there is no part of this program.
  const found = await tab.evaluate<Seen>(`(() => {
    const all = [...document.querySelectorAll("*")];
    return {
      tags: [...new Set(all.map((element) => element.localName))],
      attributes: [...new Set(all.flatMap((element) => [...element.attributes].map(({ name }) => name)))],
      links: all.flatMap((element) => ["href", "src", "xlink:href"].map((name) => element.getAttribute(name))).filter((to) => to !== null && !to.startsWith("#")),
      width: document.documentElement.scrollWidth,
      text: document.body.innerText,
    };
  })()`);
  return { ...found, asked: asked.length, said };
}

async function expectHarmless(page: string): Promise<string> {
  const { tags, attributes, links, asked, said, width, text } = await seen(page);
  for (const tag of ["script", "img", "iframe", "object", "embed", "link", "base", "form", "foreignobject", "image", "use", "animate"]) expect(tags).not.toContain(tag);
  expect(attributes.filter((name) => /^on|^style$|^src|^action$/i.test(name))).toEqual([]);
  expect(links).toEqual([]);
  // The page itself, and nothing was refused by the policy either.
  expect([asked, said]).toEqual([1, []]);
  // Fits a phone.
  expect(width).toBe(390);
  expectStrict(page);
  return text;
}

function expectStrict(page: string): void {
  const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
  expect(page).toContain(`style-src 'sha256-${createHash("sha256").update(style).digest("base64")}'`);
  expect(style).not.toMatch(/@import|url\(/);
  expect(page.length).toBeLessThan(1_000_000);
}

/** A section with everything a section can have, all texts of it hostile. */
const hostile: Section = {
  id: "hostile",
  title: EVIL,
  question: EVIL,
  read: async (): Promise<Findings> => ({
    nothing: null,
    figures: [
      { id: "a", label: EVIL, value: text(EVIL), good: null, public: false },
      { id: "b", label: "Money", value: money(minor(-1050), "usd"), good: "up", public: true },
      { id: "c", label: "None", value: rate(0, 0), good: "up", public: true },
    ],
    method: EVIL,
    notes: [EVIL],
    charts: async () => [{ id: "c", title: EVIL, kind: "lines", unit: "money", currency: currency("usd"), series: [{ name: EVIL, values: [1, null] }, { name: "=1+1", values: [3, 4] }], public: false }],
    tables: async () => [
      {
        id: "t",
        title: EVIL,
        columns: [{ id: "e", label: EVIL }, { id: "m", label: "Money" }, { id: "t", label: "Time" }, { id: "d", label: "Took" }, { id: "n", label: "Count" }],
        rows: [
          [text(EVIL), money(minor(5), "jpy"), time(START), duration(61_000), count(1234)],
          ...["=HYPERLINK(\"http://x\")", "+1", "-cmd", "@SUM(A1)", "\t=1", " =1", "＝1", "|calc", "plain"].map((value) => [text(value), money(null, "usd"), time(null), duration(null), count(null)]),
        ],
        left: EVIL,
        public: false,
      },
    ],
  }),
};

onBothDatabases("the report's page", migrations, (database) => {
  it("of an empty shop says so in words, and holds no zero that was not counted", async () => {
    const db = await database.open();
    const report = await buildReport(shopSources(db), { period: "last_30_days", compare: "previous" }, NOW);
    const page = reportPage(report, "1.0.0");
    expectStrict(page);
    expect(report.sections.map(({ id, state }) => `${id} ${state}`)).toEqual(["revenue", "payments", "refunds", "disputes", "deliveries", "completeness", "alerts", "notices", "slo", "tasks", "backup", "changes"].map((id) => `${id} nothing`));
    expect(page).toContain("Nobody tried to pay in this period.");
    expect(page).not.toMatch(/<dd>(0|0\.00 %|\$0\.00)</);
    expect(page).toContain("Times and days in UTC");
  });

  it("of a year in many currencies needs nothing else, runs nothing, and is small", { timeout: 60_000 }, async () => {
    const db = await database.open();
    await takeIn(db, shopEvents(2500, START, 24));
    const report = await buildReport(shopSources(db), { from: "2026-02-20", to: "2026-03-15", compare: "previous" }, NOW);
    const page = reportPage(report, "1.0.0");
    await expectHarmless(page);
    const revenue = report.sections.find(({ id }) => id === "revenue");
    expect(revenue?.tables.find(({ id }) => id === "revenue_by_currency")?.rows.length).toBeGreaterThan(3);
    expect(revenue?.notes).toContain("Amounts of different currencies are never added.");
    for (const chart of report.sections.flatMap(({ charts }) => charts)) for (const { values } of chart.series) expect(values.length).toBe(chart.bins.length);
    // Each picture has a sentence and a table.
    expect(page.match(/<svg /g)?.length).toBe(2 * (page.match(/<figure>/g)?.length ?? 0));
    expect(page.match(/The figures behind this picture/g)?.length).toBe(page.match(/<figure>/g)?.length);

    const open = publicVersion(report);
    const openPage = reportPage(open, "1.0.0");
    expectStrict(openPage);
    expect(openPage).toContain("Public version: totals only.");
    for (const word of ["insufficient_funds", "By country", "By card brand", "By endpoint", "Audit trail"]) {
      expect(page.includes(word) || word === "Audit trail").toBe(true);
      expect(openPage).not.toContain(word);
    }
  });
});

describe("markup in data", () => {
  const section = async (): Promise<Report> => {
    const found = await hostile.read(undefined as never);
    const period = { fromMs: START, toMs: START + 2 * DAY_MS, timeZone: "UTC", complete: true };
    const charts = (await found.charts()).map((chart) => ({ ...chart, bins: [EVIL, "b"] }));
    return {
      generatedAt: NOW,
      merchant: EVIL,
      mode: "live",
      period,
      previous: null,
      public: false,
      notes: [EVIL],
      sections: [{ id: "hostile", title: EVIL, question: EVIL, state: "told", nothing: null, figures: found.figures.map((one) => ({ ...one, previous: null, change: null })), charts, tables: await found.tables(), method: EVIL, notes: [EVIL] }],
    };
  };

  it("is shown and never obeyed", { timeout: 60_000 }, async () => {
    const page = reportPage(await section(), "1.0.0");
    expect(await expectHarmless(page)).toContain(EVIL);
    expect(page).toContain("-$10.50");
    expect(PAGE_CSP).toContain("default-src 'none'");
    expect(PAGE_CSP).not.toMatch(/unsafe|script-src/);
  });

  it("begins no formula in a spreadsheet; numbers stay numbers", async () => {
    const files = csvFiles(await section());
    const lines = files["hostile.t.csv"]?.split("\r\n") ?? [];
    expect(lines[0]).toBe("e,m_currency,m,t,d,n");
    expect(lines.slice(2, 11).map((line) => line.split(",usd")[0])).toEqual([`"'=HYPERLINK(""http://x"")"`, "'+1", "'-cmd", "'@SUM(A1)", "'\t=1", "' =1", "'＝1", "'|calc", "plain"]);
    expect(files["hostile.t.csv"]).toContain("jpy,5,2026-02-20T00:00:00Z,61000,1234");
    expect(files["figures.csv"]).toContain("hostile,b,Money,money,usd,-10.50,");
    expect(files["figures.csv"]).toContain("hostile,c,None,rate,,,");
    for (const content of Object.values(files)) for (const line of content.split("\r\n")) expect(line).not.toMatch(/(^|,)"?[=+@]/);
  });
});
