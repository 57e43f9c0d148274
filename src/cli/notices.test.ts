import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Command, CommanderError } from "commander";
import { expect, it } from "vitest";
import { onBothDatabases, temporaryDirectory, type TestDatabase } from "../../test/databases.ts";
import { readAudit } from "../access/index.ts";
import { evaluate, type HandedRule } from "../alerts/index.ts";
import { loadConfig } from "../app/config.ts";
import { migrations } from "../app/migrations.ts";
import { notifyChannels } from "../app/notify.ts";
import { registerChannels } from "../notify/channel-store.ts";
import { receiver } from "../notify/testing/receiver.ts";
import { AppError, virtualClock } from "../platform/index.ts";
import { alertsCommand } from "./alerts.ts";
import type { ServiceContext } from "./context.ts";
import { drillAlertsCommand } from "./drill-alerts.ts";
import { notifyCommand } from "./notify.ts";
import { oncallCommand } from "./oncall.ts";
import { silencesCommand } from "./silences.ts";
import { sloCommand } from "./slo.ts";

const MONDAY = Date.parse("2025-10-20T12:00:00Z");
const FILE = `merchant: {name: Shop}
notify:
  channels:
    team: {kind: slack, url: env:TEAM_URL, allow_private: on}
oncall:
  people:
    ann: {name: Ann Lee, channels: [team]}
  rotations:
    primary:
      time_zone: UTC
      layers: [{people: [ann], handover: {every: weekly, at: "09:00", from: "2025-10-20"}}]
`;

/** The commands as a user calls them, on a database of their own. */
async function shell(database: TestDatabase) {
  const db = await database.open();
  const clock = virtualClock(MONDAY);
  const team = await receiver({ status: 200, body: "ok" });
  const cwd = temporaryDirectory();
  writeFileSync(join(cwd, "tillwatch.yaml"), FILE);
  const config = loadConfig({ TEAM_URL: `${team.url}/services/T/B/x` }, { cwd });
  const { channels } = await notifyChannels(config, db);
  await db.write((tx) => registerChannels(tx, channels));
  const printed: string[] = [];
  let code = 0;
  const context: ServiceContext = { clock, config: async () => config, openDatabase: async () => ({ ...db, close: async () => {} }), print: (text) => void printed.push(text), setExitCode: (next) => void (code = next) };
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: (text) => void printed.push(text), writeErr: (text) => void printed.push(text) });
    for (const nested of command.commands) quiet(nested);
  };
  const make: Readonly<Record<string, (one: ServiceContext) => Command>> = { notify: notifyCommand, silences: silencesCommand, alerts: alertsCommand, oncall: oncallCommand, slo: sloCommand, drill: drillAlertsCommand };
  /** What was printed, and the exit code; 64 where the arguments are wrong, as the command line has it. */
  const run = async (name: string, ...argv: string[]): Promise<{ out: string; code: number }> => {
    const command = make[name]?.(context);
    if (command === undefined) throw new Error(`no command ${name}`);
    quiet(command);
    printed.length = 0;
    code = 0;
    try {
      await command.parseAsync(argv, { from: "user" });
    } catch (error) {
      if (error instanceof CommanderError) code = error.exitCode === 0 ? 0 : 64;
      else if (error instanceof AppError) [code] = [1, printed.push(error.message)];
      else throw error;
    }
    return { out: printed.join("\n"), code };
  };
  const json = async (name: string, ...argv: string[]) => JSON.parse((await run(name, ...argv, "--json")).out) as Record<string, unknown>;
  const fire = async (): Promise<void> => {
    const rule: HandedRule = { name: "check_disk", subject: "disk", title: "The disk is full", life: { pendingMs: 0, recoveryMs: 0 }, judge: async () => ({ value: 1, summary: "97 % of the disk are used", verdict: { kind: "breach", severity: "CRITICAL" } }) };
    await evaluate(db, { scope: { live: false, timeZone: "UTC", mainCurrency: "usd", consumer: "derive" }, thresholds: { webhookFailures5m: 3, paymentErrorRate1h: 0.9, revenueChangeDoD: -1, evidence: true }, handed: [rule] }, clock.now());
  };
  const trail = async () => (await readAudit(db.read, { limit: 50 })).rows.map(({ action }) => action).reverse();
  return { run, json, fire, team, trail };
}

const WRONG: readonly (readonly [string[], number, RegExp])[] = [
  [["notify", "test", "nobody"], 1, /nobody/],
  [["notify", "test"], 64, /missing required argument/],
  [["notify", "enable", "nobody"], 1, /there is no channel nobody/],
  [["silences", "add", "rule=x", "--author", "Ann", "--reason", "a"], 1, /--for a duration, or --until-resolved/],
  [["silences", "add", "rule=x", "--author", "Ann", "--reason", "a", "--for", "2 hours"], 1, /30m, 2h or 1d/],
  [["silences", "add", "rule", "--author", "Ann", "--reason", "a", "--for", "2h"], 1, /rule/],
  [["silences", "add", "rule=x", "--for", "2h"], 64, /--author/],
  [["silences", "expire", "first"], 1, /whole number/],
  [["silences", "expire", "9"], 1, /9/],
  [["silences", "preview", "=x"], 1, /matcher|=x/],
  [["alerts", "ack", "first"], 64, /alerts list/],
  [["alerts", "ack", "9"], 1, /9/],
  [["alerts", "resolve", "1"], 64, /--reason/],
  [["alerts", "comment", "1"], 64, /--text/],
  [["alerts", "silence", "1"], 64, /--reason/],
  [["alerts", "silence", "1", "--reason", "a", "--for", "soon"], 1, /30m, 2h or 1d/],
  [["alerts", "silence", "1", "--reason", "a", "--scope", "all"], 64, /alert, rule, subject/],
  [["alerts", "feedback", "1", "--is", "odd"], 64, /real/],
  [["slo", "show", "nothing"], 1, /payment_success/],
  [["slo", "export", "--format", "xml"], 64, /openslo, prometheus/],
  [["drill", "--loud"], 64, /unknown option/],
];

onBothDatabases("the commands about alerts and people", migrations, (database) => {
  it("say what is wrong with what they are given, and change nothing", async () => {
    const { run, trail } = await shell(database);
    for (const [[name = "", ...argv], code, words] of WRONG) {
      const answer = await run(name, ...argv);
      expect(answer.code, `${name} ${argv.join(" ")}: ${answer.out}`).toBe(code);
      expect(answer.out, `${name} ${argv.join(" ")}`).toMatch(words);
    }
    expect(await trail()).toEqual([]);
  });

  it("notify: tests, lists and enables", async () => {
    const { run, json, team } = await shell(database);
    expect(await run("notify", "list")).toEqual({ out: "No notices yet.", code: 0 });
    expect((await run("notify", "test", "team")).out).toMatch(/^team took it after \d+ ms\.$/);
    team.reply({ status: 403 });
    expect(await run("notify", "test", "team")).toMatchObject({ code: 1, out: "team did not take it: answered 403." });
    expect(await json("notify", "test", "team")).toMatchObject({ ok: false, status: 403, reason: "answered 403" });
    expect((await run("notify", "channels")).out).toContain("slack");
    expect(await json("notify", "list", "--channel", "team")).toMatchObject({ ok: true, count: 3 });
    expect((await run("notify", "enable", "team")).out).toBe("team sends again.");
  });

  it("alerts: take on, comment, silence, judge, resolve, each with its trail", async () => {
    const { run, json, fire, trail } = await shell(database);
    await fire();
    expect((await run("alerts", "ack", "1", "--note", "looking")).out).toBe("Alert 1 is acknowledged.");
    expect((await run("alerts", "comment", "1", "--text", "logs grew")).code).toBe(0);
    expect((await run("alerts", "silence", "1", "--reason", "being mended", "--for", "2h", "--scope", "rule")).out).toMatch(/^The notices of its rule are silenced for 2h/);
    expect(await json("silences", "list")).toMatchObject({ count: 1, data: [{ matchers: [{ text: "rule=check_disk" }], ends_at: "2025-10-20T14:00:00.000Z", reason: "being mended" }] });
    expect((await run("alerts", "feedback", "1", "--is", "real")).out).toBe("Noted: alert 1 was real.");
    expect((await run("alerts", "resolve", "1", "--reason", "cleaned up")).out).toBe("Alert 1 is resolved.");
    expect(await run("alerts", "resolve", "1", "--reason", "again")).toMatchObject({ code: 1, out: expect.stringContaining("resolved already") });
    const { out } = await run("alerts", "show", "1");
    for (const kind of ["fired", "acknowledged", "commented", "silenced", "feedback", "resolved"]) expect(out).toContain(kind);
    expect(await trail()).toEqual(["alert.acknowledge", "alert.comment", "alert.silence", "alert.feedback", "alert.resolve"]);
  });

  it("silences: look beforehand, add, list, end", async () => {
    const { run, json, fire, trail } = await shell(database);
    await fire();
    expect((await run("silences", "preview", "rule=check_*")).out).toMatch(/^1 fire now, 1 fired in the last 7 days\./);
    expect((await run("silences", "add", "rule=check_*", "--until-resolved", "--author", "Ann", "--reason", "known")).out).toBe("Silence 1 is active until resolved.");
    expect(await json("silences", "add", "subject=disk", "--for", "30m", "--author", "Ann", "--reason", "known")).toMatchObject({ data: { id: 2, ends_at: "2025-10-20T12:30:00.000Z" } });
    expect((await run("silences", "expire", "1")).out).toBe("Silence 1 has ended.");
    expect((await run("silences", "list")).out).toMatch(/ended[\s\S]*rule=check_\*/);
    expect(await trail()).toEqual(["silence.create", "silence.create", "silence.expire"]);
  });

  it("oncall, slo and a drill without a service say how things are, in words, as JSON and by exit code", async () => {
    const { run, json } = await shell(database);
    expect(await run("oncall")).toMatchObject({ code: 0, out: expect.stringMatching(/primary\s+Ann Lee/) });
    expect(await json("oncall")).toMatchObject({ ok: true, count: 1, data: [{ now: { id: "ann" } }] });
    expect((await run("slo")).out).toMatch(/payment_success\s+99 %/);
    expect(await json("slo", "show", "payment_success")).toMatchObject({ ok: true, data: { name: "payment_success" } });
    expect((await run("slo", "export")).out).toContain("apiVersion: openslo/v1");
    expect(await json("slo", "export", "--format", "prometheus")).toMatchObject({ ok: true, text: expect.stringContaining("alert:") });
    const drill = await run("drill");
    expect(drill).toMatchObject({ code: 1, out: expect.stringContaining("Drill 1 failed.") });
    expect(drill.out).toContain("tillwatch serve");
    expect(await json("drill", "--warning")).toMatchObject({ ok: false, data: { id: 2, severity: "WARNING", outcome: "failed", hops: [{ hop: "event", ok: false }, { hop: "rule", ok: false }] } });
  });
});
