import { it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { notifyMigrations } from "./index.ts";
import { parseMatcher } from "./matcher.ts";
import type { NotifySettings } from "./settings.ts";
import { between, ms, routeOf, settingsOf, type Stage, stage } from "./testing/stage.ts";

// Long because it is one list: every scenario that a person may meet at night.

interface Scenario {
  readonly name: string;
  readonly settings?: NotifySettings;
  readonly rates?: Parameters<typeof stage>[2];
  play(stage: Stage): Promise<void>;
}

const critical = { severity: "CRITICAL" } as const;
const warning = { severity: "WARNING" } as const;
const utc = { timeZone: "UTC", weekdays: [], dates: [] };
const DAY_SHIFT = { ...utc, hours: [{ from: 12 * 60, to: 13 * 60 }] };

const scenarios: Scenario[] = [
  {
    name: "a CRITICAL is told at once, and its end at once",
    play: async (s) => {
      s.at("10s").push({ alertId: 1 });
      s.at("7m").resolve(1);
      await s.run("10h");
      s.expect(between("10s", "10s"), { reason: "first notification", firing: [1] });
      s.expect(between("7m", "7m"), { reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "a WARNING waits 30 s for company",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, ...warning });
      s.at("20s").push({ alertId: 2, ...warning, rule: "ingest_slow" });
      await s.run("1h");
      s.expect(between("30s", "30s"), { reason: "first notification", firing: [1, 2] });
    },
  },
  {
    name: "a WARNING that is over within its wait is told to nobody",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, ...warning });
      s.at("20s").resolve(1);
      await s.run("1h");
    },
  },
  {
    name: "what fires on is told again every four hours",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      await s.run("9h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("4h", "4h"), { reason: "repeat interval elapsed", firing: [1] });
      s.expect(between("8h", "8h"), { reason: "repeat interval elapsed", firing: [1] });
    },
  },
  {
    name: "a further WARNING in a group waits for the interval, a further CRITICAL does not",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, ...warning });
      s.at("1m").push({ alertId: 2, ...warning, rule: "b" });
      s.at("7m").push({ alertId: 3, ...critical, rule: "c", labels: { area: "eu" } });
      await s.run("30m");
      s.expect(between("30s", "30s"), { reason: "first notification", firing: [1] });
      s.expect(between("5m30s", "5m30s"), { reason: "new alerts added", firing: [1, 2] });
      // The warnings are what the critical one causes.
      s.expect(between("7m", "7m"), { reason: "new alerts added", firing: [3] });
    },
  },
  {
    name: "a group that grows and shrinks says so, and ends once",
    play: async (s) => {
      for (const id of [1, 2, 3]) s.at("0s").push({ alertId: id, ...warning, rule: `rule_${id}` });
      s.at("6m").resolve(1);
      s.at("12m").resolve(2, 3);
      await s.run("1h");
      s.expect(between("30s", "30s"), { reason: "first notification", firing: [1, 2, 3] });
      s.expect(between("6m", "6m"), { reason: "some alerts resolved", firing: [2, 3], resolved: [1] });
      s.expect(between("12m", "12m"), { reason: "all alerts resolved", resolved: [2, 3] });
    },
  },
  {
    name: "members that end within the interval are told together",
    play: async (s) => {
      for (const id of [1, 2, 3]) s.at("0s").push({ alertId: id, ...warning, rule: `rule_${id}` });
      s.at("1m").resolve(1);
      s.at("3m").resolve(2);
      await s.run("10m");
      s.expect(between("30s", "30s"), { reason: "first notification", firing: [1, 2, 3] });
      s.expect(between("5m30s", "5m30s"), { reason: "some alerts resolved", firing: [3], resolved: [1, 2] });
    },
  },
  {
    name: "flapping within one incident is one notice: relapses and recoveries are not told",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      for (let minute = 1; minute < 20; minute += 2) {
        s.at(`${minute}m`).change(1, "recovering");
        s.at(`${minute + 1}m`).change(1, "relapsed");
      }
      s.at("25m").resolve(1);
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("25m", "25m"), { reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "WARNINGs that come and go as new incidents keep to the interval",
    play: async (s) => {
      for (let id = 1; id <= 5; id += 1) {
        s.at(`${id}m`).push({ alertId: id, ...warning });
        s.at(`${id}m40s`).resolve(id);
      }
      await s.run("30m");
      s.expect(between("1m30s", "1m30s"), { reason: "first notification", firing: [1] });
      s.expect(between("1m40s", "1m40s"), { reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "an alert that gets worse is told at once",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, ...warning });
      s.at("2m").change(1, "worsened", critical);
      s.at("9m").resolve(1);
      await s.run("1h");
      s.expect(between("30s", "30s"), { reason: "first notification", firing: [1] });
      s.expect(between("2m", "2m"), { reason: "got worse", firing: [1] });
      s.expect(between("9m", "9m"), { reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "updates alone are not told",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      for (let minute = 1; minute < 60; minute += 1) s.at(`${minute}m`).change(1, "updated", { summary: `after ${minute} minutes` });
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
    },
  },
  {
    name: "an acknowledgement is told and stops the repeats; a forgotten one is asked about",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("1m").change(1, "acknowledged");
      await s.run("9h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("1m", "1m"), { reason: "acknowledged", firing: [1] });
      s.expect(between("4h1m", "4h1m"), { reason: "acknowledgement forgotten", firing: [1] });
      s.expect(between("8h1m", "8h1m"), { reason: "repeat interval elapsed", firing: [1] });
    },
  },
  {
    name: "an acknowledgement that is taken back is told",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("1m").change(1, "acknowledged");
      s.at("2m").change(1, "unacknowledged");
      await s.run("10m");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("1m", "1m"), { reason: "acknowledged", firing: [1] });
      s.expect(between("2m", "2m"), { reason: "acknowledgement withdrawn", firing: [1] });
    },
  },
  {
    name: "acknowledged, then worse: what was acknowledged was less",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, ...warning });
      s.at("1m").change(1, "acknowledged");
      s.at("2m").change(1, "worsened", critical);
      await s.run("4h");
      s.expect(between("30s", "30s"), { reason: "first notification", firing: [1] });
      s.expect(between("1m", "1m"), { reason: "acknowledged", firing: [1] });
      s.expect(between("2m", "2m"), { reason: "got worse", firing: [1] });
    },
  },
  {
    name: "acknowledged before it was told: the person knows, nobody is told, also not of the end",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, ...warning });
      s.at("10s").change(1, "acknowledged");
      s.at("20m").resolve(1);
      await s.run("1h");
    },
  },
  {
    name: "one incident ends and another begins under the same rule: two first notices, two ends",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("2m").resolve(1);
      s.at("3m").push({ alertId: 2 });
      s.at("5m").resolve(2);
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("2m", "2m"), { reason: "all alerts resolved", resolved: [1] });
      s.expect(between("3m", "3m"), { reason: "first notification", firing: [2] });
      s.expect(between("5m", "5m"), { reason: "all alerts resolved", resolved: [2] });
    },
  },
  {
    name: "a resolved alert that fires again under its id is told anew",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("2m").resolve(1);
      s.at("3m").change(1, "fired", { resolvedAt: null });
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("2m", "2m"), { reason: "all alerts resolved", resolved: [1] });
      s.expect(between("3m", "3m"), { reason: "first notification", firing: [1] });
    },
  },
  {
    name: "subjects are groups of their own",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, subject: "webhooks" });
      s.at("0s").push({ alertId: 2, subject: "payments" });
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [2] });
    },
  },
  {
    name: "grouped by nothing, everything is one",
    settings: settingsOf({ root: routeOf({ groupBy: [] }) }),
    play: async (s) => {
      s.at("0s").push({ alertId: 1, subject: "webhooks" });
      s.at("0s").push({ alertId: 2, subject: "payments" });
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1, 2] });
    },
  },
  {
    name: "a CRITICAL inhibits the WARNING on its subject, which is told when it is all that is left",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, ...warning });
      s.at("10s").push({ alertId: 2, ...critical, rule: "webhook_stopped" });
      s.at("6m").resolve(2);
      await s.run("1h");
      s.expect(between("10s", "10s"), { reason: "first notification", firing: [2] });
      s.expect(between("6m", "6m"), { reason: "new alerts added", firing: [1], resolved: [2] });
    },
  },
  {
    name: "an inhibited alert that was told before is ended all the same",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, ...warning });
      s.at("2m").push({ alertId: 2, ...critical, rule: "webhook_stopped" });
      s.at("8m").resolve(1);
      s.at("20m").resolve(2);
      await s.run("1h");
      s.expect(between("30s", "30s"), { reason: "first notification", firing: [1] });
      s.expect(between("2m", "2m"), { reason: "new alerts added", firing: [2] });
      s.expect(between("8m", "8m"), { reason: "some alerts resolved", firing: [2], resolved: [1] });
      s.expect(between("20m", "20m"), { reason: "all alerts resolved", resolved: [2] });
    },
  },
  {
    name: "a database that is down is the one thing told",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, subject: "database", rule: "check_database" });
      s.at("1s").push({ alertId: 2, subject: "webhooks" });
      s.at("2s").push({ alertId: 3, subject: "tasks", ...warning });
      s.at("5m").resolve(1, 2, 3);
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("5m", "5m"), { reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "an outage of Stripe hides failing payments, not the disk",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, subject: "stripe", rule: "stripe_down" });
      s.at("1s").push({ alertId: 2, subject: "payments", rule: "payment_errors" });
      s.at("2s").push({ alertId: 3, subject: "disk", rule: "check_disk" });
      await s.run("10m");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("2s", "2s"), { reason: "first notification", firing: [3] });
    },
  },
  {
    name: "silenced from beginning to end: not a word",
    play: async (s) => {
      s.at("0s").silence("subject=webhooks", "1h");
      s.at("1m").push({ alertId: 1 });
      s.at("30m").resolve(1);
      await s.run("3h");
    },
  },
  {
    name: "a silence that ends while the alert fires: it is told then",
    play: async (s) => {
      s.at("0s").silence("subject=webhooks", "1h");
      s.at("1m").push({ alertId: 1 });
      s.at("2h").resolve(1);
      await s.run("3h");
      s.expect(between("1h", "1h"), { reason: "first notification", firing: [1] });
      s.expect(between("2h", "2h"), { reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "silenced after it was told: no repeats, and said that it still fires when the silence ends",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("10m").silence("subject=webhooks", "6h");
      await s.run("7h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("6h", "6h"), { reason: "silence ended", firing: [1], note: "still fires" });
    },
  },
  {
    name: "told, silenced, resolved: the end is told through the silence",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("10m").silence("severity=*", "6h");
      s.at("1h").resolve(1);
      await s.run("7h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("1h", "1h"), { reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "a silence ended by hand",
    play: async (s) => {
      s.at("0s").silence("subject=webhooks", "6h");
      s.at("1m").push({ alertId: 1 });
      s.at("20m").expire(1);
      await s.run("1h");
      s.expect(between("20m", "20m"), { reason: "first notification", firing: [1] });
    },
  },
  {
    name: "a silence until resolved ends with the incident, and the next one is told",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("1m").silence("rule=webhook_failures", "when_resolved");
      s.at("5h").resolve(1);
      s.at("6h").push({ alertId: 2 });
      await s.run("7h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("5h", "5h"), { reason: "all alerts resolved", resolved: [1] });
      s.expect(between("6h", "6h"), { reason: "first notification", firing: [2] });
    },
  },
  {
    name: "the clock is put forward during a silence: it ends by the clock, once",
    play: async (s) => {
      s.at("0s").silence("subject=webhooks", "2h");
      s.at("1m").push({ alertId: 1 });
      s.at("30m").clock("1h");
      await s.run("90m");
      s.expect(between("1h", "1h"), { reason: "first notification", firing: [1] });
    },
  },
  {
    name: "the clock is put back during a silence: it lasts as much longer, and nothing is told twice",
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("1m").silence("subject=webhooks", "2h");
      s.at("30m").clock("1h", true);
      s.at("4h").resolve(1);
      await s.run("6h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("3h", "3h"), { reason: "silence ended", firing: [1] });
      s.expect(between("4h", "4h"), { reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "daylight saving ends during a maintenance window: it lasts until its wall time",
    // 2025-10-26, 01:00 UTC: Berlin goes from 03:00 back to 02:00. The window is 01:00 to 04:00 there, four hours.
    settings: settingsOf({ maintenance: [{ name: "move", matchers: [], times: [{ timeZone: "Europe/Berlin", weekdays: [], dates: ["2025-10-26"], hours: [{ from: 60, to: 240 }] }] }] }),
    play: async (s) => {
      s.at("5d11h30m").push({ alertId: 1 });
      await s.run("6d");
      // 2025-10-26 03:00 UTC is 5 d 15 h after the start.
      s.expect(between("5d15h", "5d15h"), { reason: "first notification", firing: [1] });
      s.expect(between("5d19h", "5d19h"), { reason: "repeat interval elapsed", firing: [1] });
      s.expect(between("5d23h", "5d23h"), { reason: "repeat interval elapsed", firing: [1] });
    },
  },
  {
    name: "a maintenance window hides what it names and nothing else",
    settings: settingsOf({ maintenance: [{ name: "noon", matchers: [parseMatcher("subject=webhooks")], times: [DAY_SHIFT] }] }),
    play: async (s) => {
      s.at("10m").push({ alertId: 1, subject: "webhooks" });
      s.at("10m").push({ alertId: 2, subject: "payments" });
      s.at("30m").resolve(1);
      s.at("40m").push({ alertId: 3, subject: "webhooks" });
      await s.run("2h");
      s.expect(between("10m", "10m"), { reason: "first notification", firing: [2] });
      s.expect(between("1h", "1h"), { reason: "first notification", firing: [3] });
    },
  },
  {
    name: "a muted route tells nothing new, and the end of what it told",
    settings: settingsOf({ root: routeOf({ muted: [{ ...utc, hours: [{ from: 12 * 60 + 30, to: 14 * 60 }] }] }) }),
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("40m").push({ alertId: 2, subject: "payments" });
      s.at("50m").resolve(1);
      await s.run("3h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("50m", "50m"), { reason: "all alerts resolved", resolved: [1] });
      s.expect(between("2h", "2h"), { reason: "first notification", firing: [2] });
    },
  },
  {
    name: "a route that is active in the day shift only",
    settings: settingsOf({ root: routeOf({ active: [DAY_SHIFT] }) }),
    play: async (s) => {
      s.at("10m").push({ alertId: 1 });
      s.at("2h").push({ alertId: 2, subject: "payments" });
      await s.run("23h");
      s.expect(between("10m", "10m"), { reason: "first notification", firing: [1] });
    },
  },
  {
    name: "the tree: the first child that fits, those behind it while they go on, else the node itself",
    settings: settingsOf({
      channels: ["team", "pager", "payments", "archive"],
      root: routeOf({
        routes: [
          routeOf({ path: "default/archive", matchers: [], goesOn: true, channels: ["archive"] }),
          routeOf({ path: "default/critical", matchers: [parseMatcher("severity=CRITICAL")], goesOn: true, channels: ["pager"] }),
          routeOf({ path: "default/payments", matchers: [parseMatcher("subject=payments")], channels: ["payments"] }),
          routeOf({ path: "default/never", matchers: [parseMatcher("subject=payments")], channels: ["team"] }),
        ],
      }),
    }),
    play: async (s) => {
      s.at("0s").push({ alertId: 1, subject: "payments" });
      s.at("0s").push({ alertId: 2, subject: "disk", ...warning });
      await s.run("1h");
      for (const channel of ["archive", "pager", "payments"]) s.expect(between("0s", "0s"), { channel, reason: "first notification", firing: [1] });
      s.expect(between("30s", "30s"), { channel: "archive", reason: "first notification", firing: [2] });
    },
  },
  {
    name: "an alert that gets worse goes to the pager too, and its end to both",
    settings: settingsOf({
      channels: ["team", "pager"],
      root: routeOf({ routes: [routeOf({ path: "default/critical", matchers: [parseMatcher("severity=CRITICAL")], channels: ["pager"] })] }),
    }),
    play: async (s) => {
      s.at("0s").push({ alertId: 1, ...warning });
      s.at("2m").change(1, "worsened", critical);
      s.at("9m").resolve(1);
      await s.run("1h");
      s.expect(between("30s", "30s"), { reason: "first notification", firing: [1] });
      s.expect(between("2m", "2m"), { channel: "pager", reason: "first notification", firing: [1] });
      s.expect(between("9m", "9m"), { channel: "team", reason: "all alerts resolved", resolved: [1] });
      s.expect(between("9m", "9m"), { channel: "pager", reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "the route is taken away while the alert fires: its channel hears the end",
    settings: settingsOf({ channels: ["team", "other"], root: routeOf({ routes: [routeOf({ path: "default/web", matchers: [parseMatcher("subject=webhooks")], channels: ["other"] })] }) }),
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("5m").configure(settingsOf({ channels: ["team", "other"] }));
      s.at("10m").resolve(1);
      await s.run("1h");
      s.expect(between("0s", "0s"), { channel: "other", reason: "first notification", firing: [1] });
      s.expect(between("5m", "5m"), { channel: "team", reason: "first notification", firing: [1] });
      s.expect(between("10m", "10m"), { channel: "other", reason: "all alerts resolved", resolved: [1] });
      s.expect(between("10m", "10m"), { channel: "team", reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "the channel is taken away while the alert fires: nothing waits for it",
    settings: settingsOf({ channels: ["team", "other"], root: routeOf({ channels: ["team", "other"] }) }),
    play: async (s) => {
      s.answer("other", () => ({ kind: "later", status: null, reason: "away", afterMs: null }));
      s.at("0s").push({ alertId: 1 });
      s.at("1m").configure(settingsOf());
      s.at("10m").resolve(1);
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("10m", "10m"), { reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "a digest: warnings together on the hour, also what is over; CRITICAL at once",
    settings: settingsOf({ root: routeOf({ groupBy: [], digest: { kind: "hourly" } }) }),
    play: async (s) => {
      s.at("10m").push({ alertId: 1, ...warning, subject: "a" });
      s.at("20m").push({ alertId: 2, ...warning, subject: "b" });
      s.at("30m").resolve(2);
      s.at("40m").push({ alertId: 3, ...critical, subject: "c" });
      s.at("70m").resolve(1);
      await s.run("4h");
      s.expect(between("40m", "40m"), { reason: "first notification", firing: [3] });
      s.expect(between("1h", "1h"), { reason: "digest", firing: [1], resolved: [2] });
      s.expect(between("2h", "2h"), { reason: "digest", resolved: [1] });
    },
  },
  {
    name: "a daily digest by the wall clock, across the end of daylight saving",
    settings: settingsOf({ root: routeOf({ groupBy: [], digest: { kind: "daily", atMinute: 9 * 60, timeZone: "Europe/London" } }) }),
    play: async (s) => {
      s.at("4d23h").push({ alertId: 1, ...warning });
      s.at("5d20h30m").push({ alertId: 2, ...warning, subject: "b" });
      await s.run("7d");
      // 09:00 in London: 08:00 UTC on the 25th? Still summer then; the 26th is winter: 09:00 UTC.
      s.expect(between("5d21h", "5d21h"), { reason: "digest", firing: [1, 2] });
    },
  },
  {
    name: "what was silenced and over is in no digest",
    settings: settingsOf({ root: routeOf({ groupBy: [], digest: { kind: "hourly" } }) }),
    play: async (s) => {
      s.at("0s").silence("subject=a", "30m");
      s.at("10m").push({ alertId: 1, ...warning, subject: "a" });
      s.at("20m").resolve(1);
      await s.run("4h");
    },
  },
  {
    name: "a channel that is down for ten minutes hears how things stand when it is back, and the others hear of it",
    settings: settingsOf({ channels: ["team", "mail"], root: routeOf({ channels: ["team", "mail"] }) }),
    play: async (s) => {
      s.answer("team", (at) => (at < ms("12m") ? { kind: "later", status: 503, reason: "answered 503", afterMs: null } : { kind: "sent", status: 200 }));
      s.at("0s").push({ alertId: 1 });
      s.at("5m").resolve(1);
      await s.run("1h");
      s.expect(between("0s", "0s"), { channel: "mail", reason: "first notification", firing: [1] });
      s.expect(between("5m", "5m"), { channel: "mail", reason: "all alerts resolved", resolved: [1] });
      s.expect(between("10m", "12m"), { channel: "mail", reason: "channel trouble", note: "taken nothing for" });
      s.expect(between("12m", "14m"), { channel: "team", reason: "first notification", firing: [1] });
      s.expect(between("12m", "14m"), { channel: "team", reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "a channel that asks to be left alone for a while is",
    play: async (s) => {
      s.answer("team", (at) => (at < ms("5m") ? { kind: "later", status: 429, reason: "answered 429", afterMs: ms("6m") } : { kind: "sent", status: 200 }));
      s.at("0s").push({ alertId: 1 });
      await s.run("1h");
      s.expect(between("6m", "6m"), { reason: "first notification", firing: [1] });
    },
  },
  {
    name: "a channel that refuses for ever is disabled, the others are told what it could not say, and enabled it goes on",
    settings: settingsOf({ channels: ["team", "mail"] }),
    play: async (s) => {
      s.answer("team", (at) => (at < ms("30m") ? { kind: "disabled", status: 404, reason: "answered 404 no_service" } : { kind: "sent", status: 200 }));
      s.at("0s").push({ alertId: 1 });
      s.at("40m").enable("team");
      await s.run("1h");
      s.expect(between("0s", "0s"), { channel: "mail", reason: "channel trouble", firing: [1], note: "no_service" });
      s.expect(between("40m", "40m"), { channel: "team", reason: "first notification", firing: [1] });
    },
  },
  {
    name: "a notice that is refused for good is a dead letter, told by the others, and the next one goes",
    settings: settingsOf({ channels: ["team", "mail"] }),
    play: async (s) => {
      s.answer("team", (_at, notice) => (notice.alerts.some(({ news }) => news.alertId === 1) ? { kind: "refused", status: 400, reason: "answered 400 invalid_blocks" } : { kind: "sent", status: 200 }));
      s.at("0s").push({ alertId: 1 });
      s.at("1m").push({ alertId: 2, subject: "payments" });
      await s.run("1h");
      s.expect(between("0s", "0s"), { channel: "mail", reason: "channel trouble", firing: [1], note: "invalid_blocks" });
      s.expect(between("1m", "1m"), { reason: "first notification", firing: [2] });
    },
  },
  {
    name: "one notice that always fails keeps no other group waiting for long",
    play: async (s) => {
      s.answer("team", (_at, notice) => (notice.alerts.some(({ news }) => news.alertId === 1) ? { kind: "later", status: 500, reason: "answered 500", afterMs: null } : { kind: "sent", status: 200 }));
      s.at("0s").push({ alertId: 1 });
      s.at("1s").push({ alertId: 2, subject: "payments" });
      await s.run("5m");
      s.expect(between("1s", "1m"), { reason: "first notification", firing: [2] });
    },
  },
  {
    name: "a notice that nobody took for a day is given up, and the others are told",
    settings: settingsOf({ channels: ["team", "mail"] }),
    play: async (s) => {
      s.answer("team", () => ({ kind: "later", status: null, reason: "cannot be reached", afterMs: ms("1h") }));
      s.at("0s").push({ alertId: 1 });
      s.at("10s").change(1, "acknowledged");
      s.at("1h").resolve(1);
      await s.run("26h");
      s.expect(between("1h", "1h1m"), { channel: "mail", reason: "channel trouble", note: "taken nothing" });
      for (const [firing, resolved] of [[[1], []], [[1], []], [[], [1]]]) s.expect(between("24h", "26h"), { channel: "mail", reason: "channel trouble", firing: firing ?? [], resolved: resolved ?? [], note: "given up" });
    },
  },
  {
    name: "two broken channels do not go on about each other",
    settings: settingsOf({ channels: ["team", "mail"], root: routeOf({ channels: ["team", "mail"] }) }),
    play: async (s) => {
      for (const channel of ["team", "mail"]) s.answer(channel, () => ({ kind: "refused", status: 400, reason: "answered 400" }));
      s.at("0s").push({ alertId: 1 });
      s.at("30m").resolve(1);
      await s.run("5h");
    },
  },
  {
    name: "many that waited are told as one, in their place in the queue",
    play: async (s) => {
      s.answer("team", (at) => (at < ms("12m") ? { kind: "later", status: 503, reason: "answered 503", afterMs: null } : { kind: "sent", status: 200 }));
      for (let id = 1; id <= 12; id += 1) s.at(`${id}s`).push({ alertId: id, subject: `subject ${id}` });
      s.at("5m").resolve(1, 2, 3);
      await s.run("1h");
      s.expect(between("12m", "14m"), { reason: "caught up", firing: [4, 5, 6, 7, 8, 9, 10, 11, 12], resolved: [1, 2, 3], note: "15 notices waited" });
    },
  },
  {
    name: "a pager that was away hears one for each incident",
    rates: { merges: "group" },
    play: async (s) => {
      s.answer("team", (at) => (at < ms("12m") ? { kind: "later", status: 503, reason: "answered 503", afterMs: null } : { kind: "sent", status: 200 }));
      for (let id = 1; id <= 9; id += 1) s.at(`${id}s`).push({ alertId: id, subject: `subject ${id}` });
      s.at("5m").resolve(1, 2);
      await s.run("1h");
      s.expect(between("12m", "14m"), { reason: "caught up", resolved: [1] });
      s.expect(between("12m", "14m"), { reason: "caught up", resolved: [2] });
      for (let id = 3; id <= 9; id += 1) s.expect(between("12m", "14m"), { reason: "first notification", firing: [id] });
    },
  },
  {
    name: "drills are marked, are groups of their own, and hide nothing real",
    play: async (s) => {
      s.at("0s").push({ alertId: 1, drill: true });
      s.at("1s").push({ alertId: 2, ...warning });
      s.at("1m").resolve(1);
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("31s", "31s"), { reason: "first notification", firing: [2] });
      s.expect(between("1m", "1m"), { reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "no channel at all: nothing is sent, nothing waits",
    settings: settingsOf({ channels: [], root: routeOf({ channels: [] }) }),
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("1m").resolve(1);
      await s.run("5h");
    },
  },
];

const POLICY = {
  name: "standard",
  rounds: 2,
  steps: [
    { targets: [{ kind: "rotation", name: "primary" }], waitMs: ms("5m") },
    { targets: [{ kind: "rotation", name: "secondary" }, { kind: "person", name: "boss" }], waitMs: ms("10m") },
  ],
} as const;
const PEOPLE = ["team", "primary", "secondary", "boss"];
const escalating = settingsOf({ channels: PEOPLE, root: routeOf({ escalate: "standard", repeatMs: ms("24h") }), policies: [POLICY] });

const escalations: Scenario[] = [
  {
    name: "nobody acknowledges: every step of every round, then said so",
    settings: escalating,
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      await s.run("3h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      for (const [from, round] of [["0s", 1], ["15m", 2]] as const) {
        s.expect(between(from, from), { channel: "primary", reason: "escalation", firing: [1], note: `step 1 of 2, round ${round} of 2` });
        const second = from === "0s" ? "5m" : "20m";
        for (const channel of ["secondary", "boss"]) s.expect(between(second, second), { channel, reason: "escalation", firing: [1], note: `step 2 of 2, round ${round} of 2` });
      }
      s.expect(between("30m", "30m"), { reason: "escalation", firing: [1], note: "Nobody acknowledged" });
    },
  },
  {
    name: "acknowledging stops it; who was told hears of it, and of the end",
    settings: escalating,
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("3m").change(1, "acknowledged");
      s.at("30m").resolve(1);
      await s.run("3h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("0s", "0s"), { channel: "primary", reason: "escalation", firing: [1] });
      for (const channel of ["team", "primary"]) s.expect(between("3m", "3m"), { channel, reason: "acknowledged", firing: [1] });
      for (const channel of ["team", "primary"]) s.expect(between("30m", "30m"), { channel, reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "a forgotten acknowledgement: it begins anew",
    settings: escalating,
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("3m").change(1, "acknowledged");
      s.at("4h4m").change(1, "acknowledged");
      await s.run("5h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("0s", "0s"), { channel: "primary", reason: "escalation", firing: [1] });
      for (const channel of ["team", "primary"]) s.expect(between("3m", "3m"), { channel, reason: "acknowledged", firing: [1] });
      s.expect(between("4h3m", "4h3m"), { channel: "team", reason: "acknowledgement forgotten", firing: [1] });
      s.expect(between("4h3m", "4h3m"), { channel: "primary", reason: "escalation", firing: [1] });
      for (const channel of ["team", "primary"]) s.expect(between("4h4m", "4h4m"), { channel, reason: "acknowledged", firing: [1] });
    },
  },
  {
    name: "a gap in the rotation: said, and the next step at once",
    settings: escalating,
    play: async (s) => {
      s.onCall(({ kind, name }) => (name === "primary" ? { channels: [], words: "Nobody is on call in primary." } : { channels: [name], words: `${kind} ${name}` }));
      s.at("0s").push({ alertId: 1 });
      s.at("2m").resolve(1);
      await s.run("3h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("0s", "0s"), { channel: "team", reason: "escalation", firing: [1], note: "Nobody is on call in primary" });
      for (const channel of ["secondary", "boss"]) s.expect(between("0s", "0s"), { channel, reason: "escalation", firing: [1] });
      // Told twice, by the route and of the gap; the end of each is told.
      for (const channel of ["team", "team", "secondary", "boss"]) s.expect(between("2m", "2m"), { channel, reason: "all alerts resolved", resolved: [1] });
    },
  },
  {
    name: "nobody anywhere: said in each round, and at last",
    settings: escalating,
    play: async (s) => {
      s.onCall(({ name }) => ({ channels: [], words: `Nobody is on call in ${name}.` }));
      s.at("0s").push({ alertId: 1 });
      await s.run("3h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("0s", "0s"), { reason: "escalation", firing: [1], note: "Nobody is on call in boss" });
      s.expect(between("10m", "10m"), { reason: "escalation", firing: [1], note: "Nobody is on call in boss" });
      s.expect(between("20m", "20m"), { reason: "escalation", firing: [1], note: "Nobody acknowledged" });
    },
  },
  {
    name: "the policy changes meanwhile: the chain goes on as it was when the alert opened",
    settings: escalating,
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("2m").configure({ ...escalating, policies: [{ ...POLICY, rounds: 1, steps: [{ targets: [{ kind: "person", name: "boss" }], waitMs: ms("1m") }] }] });
      s.at("7m").change(1, "acknowledged");
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("0s", "0s"), { channel: "primary", reason: "escalation", firing: [1] });
      for (const channel of ["secondary", "boss"]) s.expect(between("5m", "5m"), { channel, reason: "escalation", firing: [1], note: "step 2 of 2" });
      for (const channel of ["team", "primary", "secondary", "boss"]) s.expect(between("7m", "7m"), { channel, reason: "acknowledged", firing: [1] });
    },
  },
  {
    name: "silenced in the middle: it waits, and goes on when the silence ends",
    settings: escalating,
    play: async (s) => {
      s.at("0s").push({ alertId: 1 });
      s.at("2m").silence("subject=webhooks", "40m");
      s.at("42m").resolve(1);
      await s.run("1h");
      s.expect(between("0s", "0s"), { reason: "first notification", firing: [1] });
      s.expect(between("0s", "0s"), { channel: "primary", reason: "escalation", firing: [1] });
      for (const channel of ["secondary", "boss"]) s.expect(between("40m", "40m"), { channel, reason: "escalation", firing: [1], note: "step 2 of 2" });
      for (const channel of ["team", "primary"]) s.expect(between("40m", "40m"), { channel, reason: "silence ended", firing: [1] });
      for (const channel of PEOPLE) s.expect(between("42m", "42m"), { channel, reason: "all alerts resolved", resolved: [1] });
    },
  },
];

onBothDatabases("from alert to notice", notifyMigrations, (database) => {
  it.each([...scenarios, ...escalations])("$name", async ({ settings, rates, play }) => {
    const s = await stage(await database.open(), settings, rates);
    await play(s);
    s.nothingElse();
  });
});
