import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { onBothDatabases, temporaryDirectory } from "../../test/databases.ts";
import { listNotices } from "../notify/index.ts";
import { DAY_MS, type SmtpSettings, virtualClock } from "../platform/index.ts";
import { mailServer } from "../platform/testing/smtp.ts";
import { fulfil, renderReport } from "../reports/index.ts";
import { shopEvents, shopSources, takeIn } from "../reports/testing/shop.ts";
import { type Config, loadConfig } from "./config.ts";
import { migrations } from "./migrations.ts";
import { type MakeReport, reportTasks } from "./report-tasks.ts";

const START = Date.UTC(2026, 1, 20);
/** A Monday, 07:00. */
const NOW = Date.UTC(2026, 2, 9, 7);

function config(dataDir: string, smtp: SmtpSettings | null, reports: Partial<Config["reports"]>): Config {
  const base = loadConfig({ DATA_DIR: dataDir, DASHBOARD_KEY: "x".repeat(20) }, { cwd: dataDir });
  return { ...base, smtp, server: { ...base.server, publicUrl: "https://till.example.com/" }, reports: { ...base.reports, ...reports } };
}

onBothDatabases("scheduled reports", migrations, (database) => {
  it("are kept whole, mailed to each reader with the report attached, and the oldest go", { timeout: 60_000 }, async () => {
    const db = await database.open();
    await takeIn(db, shopEvents(800, START, 20));
    const make: MakeReport = async (order) => Buffer.from(await renderReport(await fulfil(shopSources(db), order, NOW), order.format, { version: "1", browser: null, paper: "a4" }));
    const directory = temporaryDirectory();
    const folder = join(directory, "reports");
    mkdirSync(folder);
    for (const name of ["weekly-2026-01-05.html", "weekly-2026-01-12.html", "monthly-2026-01-01.html", "enterprise-2020-01-01-2020-01-31.html"]) writeFileSync(join(folder, name), "old");
    const server = await mailServer();
    const smtp = { host: "127.0.0.1", port: server.port, user: null, password: null, security: "none" } as const;
    const given = config(directory, smtp, { weekly: true, mailTo: ["finance@example.com", "boss@example.com"], mailFrom: "Tillwatch <reports@example.com>", keepFiles: 2 });
    const [weekly, monthly] = reportTasks({ db, config: given, clock: virtualClock(NOW) }, make);
    expect([weekly?.enabled, monthly?.enabled]).toEqual([true, false]);
    const evidence = await weekly?.run({ signal: new AbortController().signal } as never);
    expect(evidence).toMatchObject({ file: "weekly-2026-03-02.html", period: "2 Mar 2026 – 8 Mar 2026", mailed: 2 });
    expect(readdirSync(folder).sort()).toEqual(["enterprise-2020-01-01-2020-01-31.html", "weekly-2026-01-12.html", "weekly-2026-03-02.html"]);
    expect(statSync(join(folder, "weekly-2026-03-02.html")).mode & 0o777).toBe(0o600);
    const page = readFileSync(join(folder, "weekly-2026-03-02.html"), "utf8");
    expect(page).toContain("2 Mar 2026 – 8 Mar 2026");
    expect(page).toContain("Compared with 23 Feb 2026 – 1 Mar 2026");
    expect(server.mails.map(({ to }) => to)).toEqual(["<finance@example.com>", "<boss@example.com>"].map((to) => expect.stringContaining(to.slice(1, -1)) as string));
    const text = server.mails[0]?.text ?? "";
    const subject = /^Subject: ([\s\S]*?)\r?\n(?! )/m.exec(text)?.[1]?.replace(/\r?\n /g, " ") ?? "";
    expect(subject).toMatch(/Sandbox.Goods/);
    expect(text).toContain("enterprise-report-weekly-2026-03-02.html");
    expect(text.match(/Message-ID: <[0-9a-f]{32}@tillwatch>/i)).not.toBeNull();
  });

  it("are told to the channels named, by nothing that anybody is paged for", { timeout: 60_000 }, async () => {
    const db = await database.open();
    await takeIn(db, shopEvents(800, START, 20));
    const make: MakeReport = async (order) => Buffer.from(await renderReport(await fulfil(shopSources(db), order, NOW), order.format, { version: "1", browser: null, paper: "a4" }));
    const directory = temporaryDirectory();
    writeFileSync(join(directory, "tillwatch.yaml"), "notify:\n  channels:\n    chat: { kind: slack, url: env:CHAT_URL }\n    pager: { kind: pagerduty, routing_key: env:PAGER_KEY }\n  route: { channels: [pager] }\nreports: { weekly: on, channels: [chat] }\nserver: { public_url: https://till.example.com }\n");
    const env = { DATA_DIR: directory, DASHBOARD_KEY: "x".repeat(20), CHAT_URL: "https://hooks.slack.com/services/T0/B0/x", PAGER_KEY: "r".repeat(32) };
    const [weekly] = reportTasks({ db, config: loadConfig(env, { cwd: directory }), clock: virtualClock(NOW) }, make);
    expect(await weekly?.run({ signal: new AbortController().signal } as never)).toMatchObject({ told: 1, mailed: 0 });
    const told = (await listNotices(db.read, { limit: 5 })).notices[0];
    expect(told?.notice.title).toMatch(/weekly report 2 Mar 2026 – 8 Mar 2026: net .* of payments succeeded/);
    expect(told?.notice.notes.find((line) => line.startsWith("Payments: "))).toMatch(/%.*before: /);
    expect(told?.notice.notes.at(-1)).toMatch(/^The whole report: https:\/\/till\.example\.com\/api\/reports\/enterprise\/html\?from=2026-03-02/);
    expect(told?.deliveries.map(({ channel }) => channel)).toEqual(["chat"]);
    writeFileSync(join(directory, "tillwatch.yaml"), readFileSync(join(directory, "tillwatch.yaml"), "utf8").replace("channels: [chat] }", "channels: [pager, nobody] }"));
    expect(() => loadConfig(env, { cwd: directory })).toThrow(/reports\.channels[\s\S]*no channel of this name[\s\S]*this is a pager/);
  });

  it("fail as a run when a mail is not taken, with the report kept", { timeout: 60_000 }, async () => {
    const db = await database.open();
    const make: MakeReport = async (order) => Buffer.from(await renderReport(await fulfil(shopSources(db), order, START + 30 * DAY_MS), order.format, { version: "1", browser: null, paper: "a4" }));
    const directory = temporaryDirectory();
    const server = await mailServer();
    server.next("refuse_recipient");
    const smtp = { host: "127.0.0.1", port: server.port, user: null, password: null, security: "none" } as const;
    const [, monthly] = reportTasks({ db, config: config(directory, smtp, { mailTo: ["gone@example.com"], mailFrom: "t@example.com" }), clock: virtualClock(NOW) }, make);
    await expect(monthly?.run({ signal: new AbortController().signal } as never)).rejects.toThrow(/^the report is made \(monthly-2026-02-01\.html\), but 1 of 1 mails were not taken/);
    expect(readdirSync(join(directory, "reports"))).toEqual(["monthly-2026-02-01.html"]);
  });
});
