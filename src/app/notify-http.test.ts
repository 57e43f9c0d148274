import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { onBothDatabases, temporaryDirectory, type TestDatabase } from "../../test/databases.ts";
import { createAccess, readAudit } from "../access/index.ts";
import { receiver } from "../notify/testing/receiver.ts";
import { registerChannels } from "../notify/channel-store.ts";
import { announce, linkKey } from "../notify/index.ts";
import { newsOf } from "../notify/testing/news.ts";
import { createHttp, createLog, Secret, virtualClock } from "../platform/index.ts";
import { loadConfig } from "./config.ts";
import { migrations } from "./migrations.ts";
import { notifyChannels, notifyHttp } from "./notify.ts";

const MONDAY = Date.parse("2025-10-20T12:00:00Z");
const KEY = "a-key-for-the-routes-0123456789";

/** The routes of notices, silences, on-call and drills over real HTTP, as a file configures them. */
async function served(database: TestDatabase) {
  const db = await database.open();
  const clock = virtualClock(MONDAY);
  const team = await receiver({ status: 200, body: "ok" });
  const cwd = temporaryDirectory();
  writeFileSync(
    join(cwd, "tillwatch.yaml"),
    `merchant: {name: Shop}
server: {public_url: "https://till.example.com"}
notify:
  channels:
    team: {kind: slack, url: env:TEAM_URL, allow_private: on}
    ann_phone: {kind: ntfy, url: env:PHONE_URL, allow_private: on}
oncall:
  people:
    ann: {name: Ann Lee, channels: [ann_phone]}
    bob: {name: Bob Ray, channels: [team]}
  rotations:
    primary:
      time_zone: Europe/Berlin
      layers: [{people: [ann, bob], handover: {every: weekly, at: "09:00", from: "2025-10-20"}}]
`,
  );
  const config = loadConfig({ TEAM_URL: `${team.url}/services/T/B/x`, PHONE_URL: `${team.url}/topic` }, { cwd });
  const dashboardKey = new Secret(KEY);
  const access = createAccess({ db, clock, dashboardKey });
  await db.write((tx) => linkKey(tx));
  const { channels } = await notifyChannels(config, db);
  await db.write((tx) => registerChannels(tx, channels));
  const http = await createHttp({ clock, version: "1" });
  notifyHttp(http, { log: createLog({ level: "silent" }), db, config, clock, access });
  const url = await http.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => http.close());
  const ask = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(url + path, { method, headers: { "x-dash-key": KEY, ...(body === undefined ? {} : { "content-type": "application/json" }) }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
    const text = await response.text();
    return { status: response.status, body: (text.startsWith("{") ? JSON.parse(text) : { text }) as Record<string, unknown> };
  };
  const trail = async () => (await readAudit(db.read, { limit: 50 })).rows.map(({ action }) => action).reverse();
  return { db, clock, team, ask, trail };
}

const span = (from: string, to: string) => ({ starts_at: `2025-10-${from}Z`, ends_at: `2025-10-${to}Z` });

/** What is not taken: method, path, body, status, and a word of what would be right. */
const WRONG: readonly (readonly [string, string, unknown, number, RegExp])[] = [
  ["GET", "/api/notices?limit=0", undefined, 400, /limit.*1 to 100/],
  ["GET", "/api/notices?state=lost", undefined, 400, /state/],
  ["GET", "/api/notices?chanel=team", undefined, 400, /chanel/],
  ["GET", "/api/notices?cursor=x", undefined, 400, /cursor/],
  ["GET", "/api/notices/x", undefined, 400, /whole number/],
  ["GET", "/api/notices/99", undefined, 404, /99/],
  ["POST", "/api/channels/nobody/test", undefined, 404, /there is no channel nobody/],
  ["POST", "/api/channels/nobody/enable", undefined, 404, /there is no channel nobody/],
  ["POST", "/api/silences", {}, 400, /matchers/],
  ["POST", "/api/silences", { matchers: ["rule=x"], reason: "known", duration: "2h", ends_at: "when_resolved" }, 400, /one of them/],
  ["POST", "/api/silences", { matchers: ["rule=x"], reason: "known" }, 400, /one of them/],
  ["POST", "/api/silences", { matchers: [], reason: "known", duration: "2h" }, 400, /matchers/],
  ["POST", "/api/silences", { matchers: ["rule"], reason: "known", duration: "2h" }, 400, /matcher/],
  ["POST", "/api/silences", { matchers: ["rule=x"], reason: "  ", duration: "2h" }, 400, /reason/],
  ["POST", "/api/silences", { matchers: ["rule=x"], reason: "known", duration: "two hours" }, 400, /30m, 2h or 1d/],
  ["POST", "/api/silences", { matchers: ["rule=x"], reason: "known", ends_at: "2025-10-20T09:00:00Z" }, 400, /end/],
  ["POST", "/api/silences", { matchers: ["rule=x"], reason: "known", ends_at: "tomorrow" }, 400, /ends_at/],
  ["POST", "/api/silences/preview", { matchers: "rule=x" }, 400, /matchers/],
  ["GET", "/api/silences/7", undefined, 404, /7/],
  ["DELETE", "/api/silences/7", undefined, 404, /7/],
  ["GET", "/api/oncall/calendar?from=2025-10-21T00:00:00Z&to=2025-10-20T00:00:00Z", undefined, 400, /after `from`/],
  ["GET", "/api/oncall/calendar?from=monday", undefined, 400, /2025-10-20T09:00:00Z/],
  ["POST", "/api/oncall/overrides", { rotation: "second", person: "bob", ...span("21T09:00:00", "21T17:00:00") }, 404, /second/],
  ["POST", "/api/oncall/overrides", { rotation: "primary", person: "eve", ...span("21T09:00:00", "21T17:00:00") }, 400, /eve/],
  ["POST", "/api/oncall/overrides", { rotation: "primary", person: "bob", ...span("21T17:00:00", "21T09:00:00") }, 400, /end/],
  ["POST", "/api/oncall/overrides", { rotation: "primary", person: "bob" }, 400, /starts_at/],
  ["DELETE", "/api/oncall/overrides/5", undefined, 404, /5/],
  ["POST", "/api/oncall/feeds", { rotation: "second" }, 400, /second/],
  ["POST", "/api/oncall/feeds", { person: "eve" }, 400, /eve/],
  ["DELETE", "/api/oncall/feeds/3", undefined, 404, /3/],
  ["GET", "/calendar/guess.ics", undefined, 404, /not there/],
  ["POST", "/api/drills/alerts", { severity: "BAD" }, 400, /severity/],
  ["POST", "/api/drills/alerts", { loud: true }, 400, /loud/],
  ["GET", "/api/drills/alerts?limit=x", undefined, 400, /limit/],
];

onBothDatabases("notices, silences, on-call and drills over HTTP", migrations, (database) => {
  it("what is wrong is said, with what would be right, and nothing is changed", async () => {
    const { ask, trail, db } = await served(database);
    const otherwise: string[] = [];
    for (const [method, path, body, status, words] of WRONG) {
      const answer = await ask(method, path, body);
      const { ok, code, request_id, error } = answer.body;
      const right = answer.status === status && ok === false && typeof code === "string" && typeof request_id === "string" && words.test(String(error));
      if (!right) otherwise.push(`${method} ${path} ${JSON.stringify(body)}: ${JSON.stringify(answer)}, not ${status} ${words.source}`);
    }
    expect(otherwise).toEqual([]);
    expect(await trail()).toEqual([]);
    for (const table of ["notify_silence", "oncall_override", "oncall_feed", "notify_drill", "notice"] as const) expect(await db.read.selectFrom(table).selectAll().execute()).toEqual([]);
  });

  it("tests a channel, and says what waits, what was sent and every attempt", async () => {
    const { ask, team, trail } = await served(database);
    expect((await ask("POST", "/api/channels/team/test")).body).toMatchObject({ ok: true, delivered: true, status: 200, notice: 1 });
    expect(team.received[0]?.body).toContain("Test: ");
    team.reply({ status: 404 });
    expect((await ask("POST", "/api/channels/team/test")).body).toMatchObject({ ok: true, delivered: false, status: 404, reason: "answered 404" });
    expect((await ask("GET", "/api/channels")).body).toMatchObject({ count: 2, data: [{ name: "team", kind: "slack", waiting: 0 }, { name: "ann_phone", person: "Ann Lee" }] });
    expect((await ask("POST", "/api/channels/team/enable")).body).toMatchObject({ ok: true, data: { name: "team", state: "ok" } });
    expect((await ask("GET", "/api/notices?channel=team")).body).toMatchObject({ count: 2, data: [{ id: 2, reason: "test" }, { id: 1, deliveries: [{ channel: "team", state: "sent" }] }], next_cursor: null });
    expect((await ask("GET", "/api/notices/1")).body).toMatchObject({ data: { id: 1, attempts: [{ outcome: "sent", status: 200 }] } });
    expect(await trail()).toEqual(["channel.test", "channel.test", "channel.enable"]);
  });

  it("shows what a silence would mute, makes it, and ends it; a maintenance window begins later", async () => {
    const { ask, db, clock, trail } = await served(database);
    await db.write((tx) => announce(tx, newsOf({ alertId: 3, rule: "check_disk", subject: "disk", startedAt: MONDAY, firedAt: MONDAY }), MONDAY));
    expect((await ask("POST", "/api/silences/preview", { matchers: ["rule=check_*"] })).body).toMatchObject({ data: { firing: [{ rule: "check_disk" }], past: [{ rule: "check_disk" }] } });
    const made = await ask("POST", "/api/silences", { matchers: ["rule=check_*"], reason: "the disk is being grown", duration: "2h" });
    expect(made).toMatchObject({ status: 201, body: { data: { id: 1, state: "active", reason: "the disk is being grown", ends_at: "2025-10-20T14:00:00.000Z" } } });
    expect((await ask("POST", "/api/silences", { kind: "maintenance", matchers: ["subject=webhooks"], reason: "the endpoint moves", starts_at: "2025-10-21T00:00:00Z", duration: "1h", author: "Ann" })).body).toMatchObject({ data: { kind: "maintenance", state: "pending", author: "Ann" } });
    expect((await ask("GET", "/api/silences?state=active")).body).toMatchObject({ count: 1, data: [{ id: 1 }] });
    clock.advance(60_000);
    expect((await ask("DELETE", "/api/silences/1")).body).toMatchObject({ data: { state: "ended", ended_at: "2025-10-20T12:01:00.000Z" } });
    expect((await ask("GET", "/api/silences/1")).body).toMatchObject({ data: { state: "ended" } });
    expect(await trail()).toEqual(["silence.create", "silence.create", "silence.expire"]);
  });

  it("says who is on, lets somebody stand in, and gives a calendar that can be revoked", async () => {
    const { ask, trail } = await served(database);
    expect((await ask("GET", "/api/oncall")).body).toMatchObject({ count: 1, data: [{ rotation: "primary", time_zone: "Europe/Berlin", now: { id: "ann" }, next: { id: "bob" } }] });
    const made = await ask("POST", "/api/oncall/overrides", { rotation: "primary", person: "bob", ...span("20T11:00:00", "20T13:00:00"), reason: "dentist" });
    expect(made).toMatchObject({ status: 201, body: { data: { id: 1, person: "bob" } } });
    expect((await ask("GET", "/api/oncall")).body).toMatchObject({ data: [{ now: { id: "bob" }, override: 1 }] });
    expect((await ask("POST", "/api/oncall/swaps", { rotation: "primary", first: span("22T08:00:00", "22T16:00:00"), second: span("29T08:00:00", "29T16:00:00") })).status).toBe(201);
    expect((await ask("GET", "/api/oncall/calendar")).body["overrides"]).toHaveLength(3);
    expect((await ask("DELETE", "/api/oncall/overrides/1")).status).toBe(200);
    const feed = await ask("POST", "/api/oncall/feeds", { person: "ann" });
    expect(feed).toMatchObject({ status: 201, body: { url: expect.stringMatching(/^https:\/\/till\.example\.com\/calendar\/[\w-]{32}\.ics$/) } });
    expect((await ask("GET", String(feed.body["path"]))).body["text"]).toMatch(/^BEGIN:VCALENDAR\r\n/);
    expect(JSON.stringify((await ask("GET", "/api/oncall/feeds")).body)).not.toContain(String(feed.body["path"]).slice(10, -4));
    expect((await ask("DELETE", "/api/oncall/feeds/1")).status).toBe(200);
    expect((await ask("GET", String(feed.body["path"]))).status).toBe(404);
    expect(await trail()).toEqual(["oncall.override", "oncall.swap", "oncall.swap", "oncall.cancel", "oncall.feed", "oncall.feed_revoke"]);
  });

  it("begins one drill at a time, keeps what became of it, and shows no secret of it", async () => {
    const { ask, db, trail } = await served(database);
    const begun = await ask("POST", "/api/drills/alerts", { severity: "WARNING" });
    expect(begun).toMatchObject({ status: 202, body: { data: { id: 1, severity: "WARNING", acknowledge: false } } });
    const { secret } = await db.read.selectFrom("notify_drill").select("secret").executeTakeFirstOrThrow();
    // No service runs here, which the drill says by itself; until it has, another is refused.
    const again = await ask("POST", "/api/drills/alerts", {});
    expect([202, 409]).toContain(again.status);
    const shown = await ask("GET", "/api/drills/alerts");
    expect(shown.body).toMatchObject({ ok: true, data: expect.arrayContaining([expect.objectContaining({ id: 1 })]) });
    if (secret !== null) expect(JSON.stringify([begun, again, shown])).not.toContain(secret);
    expect((await trail())[0]).toBe("drill.alerts");
  });
});
