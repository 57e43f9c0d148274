import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { sign } from "../sandbox/index.ts";
import { migrations } from "../src/app/migrations.ts";
import { type Received, receiver } from "../src/notify/testing/receiver.ts";
import { mailServer } from "../src/platform/testing/smtp.ts";
import { onBothDatabases, temporaryDirectory } from "./databases.ts";
import { DASHBOARD_KEY, eventually, runCommand, sender, type Service, serviceEnvironment, startService } from "./service.ts";

const KEY = { "x-dash-key": DASHBOARD_KEY };

/** Authentic deliveries that cannot be processed: more than three are CRITICAL. */
async function breakWebhooks({ url }: Service): Promise<void> {
  const { send, end } = sender(url);
  for (let count = 0; count < 5; count += 1) await send("no json", sign("no json", "whsec_test_0123456789abcdef", Math.floor(Date.now() / 1000)));
  end();
}

onBothDatabases("notices of a running service", migrations, (database) => {
  it("a kill -9 while a notice is on its way: it is sent again, the same one", { timeout: 180_000 }, async () => {
    const to = await receiver({ status: 200, silent: true });
    const env = serviceEnvironment({ ...(await database.environment()), NOTICES_URL: to.url, NOTICES_SECRET: "a-secret-of-ours" });
    writeFileSync(join(env["DATA_DIR"] ?? "", "tillwatch.yaml"), "notify:\n  channels:\n    program: {kind: webhook, url: env:NOTICES_URL, secret: env:NOTICES_SECRET, allow_private: on, timeout: 20s}\n");
    const first = await startService(env);
    await breakWebhooks(first);
    const isIt = ({ body }: Received): boolean => body.includes('"rule":"webhook_failures"') && body.includes('"status":"firing"');
    expect((await eventually(async () => to.received.filter(isIt), (got) => got.length > 0, 40_000)).length).toBe(1);
    // It has arrived there, and no answer has come back: whether it counts is not known here.
    await first.kill("SIGKILL");
    to.reply({ status: 200 });
    const second = await startService(env);
    const got = await eventually(async () => to.received.filter(isIt), (all) => all.length > 1, 70_000);
    expect(got.length).toBeGreaterThanOrEqual(2);
    expect(new Set(got.map(({ headers }) => headers["webhook-id"])).size).toBe(1);
    const id = Number(String(got[0]?.headers["webhook-id"]).replace("notice_", ""));
    const shown = await eventually(async () => (await second.get(`/api/notices/${id}`)).body["data"] as { deliveries: { state: string }[]; attempts: { outcome: string | null }[] }, (data) => data.deliveries[0]?.state === "sent");
    expect(shown.deliveries.map(({ state }) => state)).toEqual(["sent"]);
    // The attempt that nobody knows the end of is on record too.
    expect(shown.attempts.map(({ outcome }) => outcome)).toEqual([null, "sent"]);
  });
});

const SECRETS = Object.fromEntries(["SLACK", "TEAMS", "DISCORD", "PD", "OG", "AM", "HOOK", "HOOKKEY", "NTFY", "NTFYTOKEN", "TG", "SMTP"].map((name) => [name, `Zq${name}7f3a9c1e5b2d8064x`]));

it("the secrets of every channel stand in no log, error, answer or page, whatever the other side says back", { timeout: 180_000 }, async () => {
  const secret = (name: string): string => SECRETS[name] ?? "";
  const echo = Object.values(SECRETS).join(" ");
  const [refusing, failing] = [await receiver({ status: 403, body: `no ${echo}` }), await receiver({ status: 500, body: echo })];
  const mail = await mailServer();
  mail.next(...Array.from({ length: 50 }, () => "refuse_login" as const));
  const dir = temporaryDirectory();
  const variables = {
    SMTP_PASSWORD: secret("SMTP"),
    SLACK_URL: `${refusing.url}/services/T/B/${secret("SLACK")}`,
    TEAMS_URL: `${failing.url}/workflows/x?sig=${secret("TEAMS")}`,
    DISCORD_URL: `${refusing.url}/api/webhooks/1/${secret("DISCORD")}`,
    PD_KEY: secret("PD"),
    OG_KEY: secret("OG"),
    AM_URL: failing.url.replace("http://", `http://user:${secret("AM")}@`),
    HOOK_URL: `${failing.url}/in?token=${secret("HOOK")}`,
    HOOK_SECRET: secret("HOOKKEY"),
    NTFY_URL: `${refusing.url}/${secret("NTFY")}`,
    NTFY_TOKEN: secret("NTFYTOKEN"),
    TG_TOKEN: `123:${secret("TG")}`,
  };
  const env = serviceEnvironment({ DATA_DIR: dir, ...variables });
  const yaml = ["slack: {kind: slack, url: env:SLACK_URL", "teams: {kind: teams, url: env:TEAMS_URL", "discord: {kind: discord, url: env:DISCORD_URL", `pd: {kind: pagerduty, routing_key: env:PD_KEY, api: "${failing.url}"`, `og: {kind: opsgenie, api_key: env:OG_KEY, api: "${refusing.url}"`, "am: {kind: alertmanager, url: env:AM_URL", "hook: {kind: webhook, url: env:HOOK_URL, secret: env:HOOK_SECRET", "ntfy: {kind: ntfy, url: env:NTFY_URL, token: env:NTFY_TOKEN", `tg: {kind: telegram, token: env:TG_TOKEN, chat: "-1", api: "${refusing.url}"`, "mail: {kind: mail, to: [ops@example.com], from: t@example.com"];
  const smtp = `smtp: {host: 127.0.0.1, port: ${mail.port}, user: till, security: none}`;
  writeFileSync(join(dir, "tillwatch.yaml"), `${smtp}\nnotify:\n  channels:\n${yaml.map((line) => `    ${line}${line.startsWith("mail") ? "" : ", allow_private: on"}}`).join("\n")}\n`);
  const service = await startService(env);
  const names = yaml.map((line) => line.slice(0, line.indexOf(":")));
  await breakWebhooks(service);
  let seen = "";
  const answers = await Promise.all(names.map(async (name) => await (await fetch(`${service.url}/api/channels/${name}/test`, { method: "POST", headers: KEY })).text()));
  for (const text of answers) expect(JSON.parse(text)).toMatchObject({ ok: true, delivered: false });
  seen += answers.join("");
  // Each has tried the real one too, and failed.
  await eventually(async () => ((await service.get("/api/channels")).body["data"] as { last_error: string | null; disabled_why: string | null }[]).filter((one) => one.last_error !== null || one.disabled_why !== null).length, (count) => count === names.length, 60_000);
  for (const path of ["/api/channels", "/api/notices?limit=100", "/api/notices/1", "/api/system-health", "/api/alerts", "/api/silences", "/api/oncall", "/api/openapi.json", "/metrics", "/", "/api/reports/enterprise", "/api/audit", "/api/drills/alerts"]) seen += await (await fetch(service.url + path, { headers: KEY })).text();
  const argvs = [["config", "show"], ["notify", "channels", "--json"], ["notify", "list", "--json"], ["notify", "test", "slack"], ["notify", "test", "mail"], ["backup", "create", "--json"], ["validate", "--send-test-notice", "--json"]];
  const ran = await Promise.all(argvs.map((argv) => runCommand(env, ...argv)));
  for (const { stdout, stderr } of ran) seen += stdout + stderr;
  // A test by every channel is really sent, and each failure is in the answer.
  const routes = (JSON.parse(ran.at(-1)?.stdout ?? "") as { checks: { name: string; grade: string; found: string; details: string[] }[] }).checks.find(({ name }) => name === "alert_routes");
  expect(routes).toMatchObject({ grade: "FAIL", found: expect.stringContaining("0 of 10 channels took a test notice") });
  expect(routes?.details).toHaveLength(10);
  seen += service.output();
  // What lies on disk outside the database: logs, mirrors, the report, the backup's manifest.
  for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) if (entry.isFile() && /\.(log|ndjson|json|html|csv|txt)$/.test(entry.name)) seen += readFileSync(join(entry.parentPath, entry.name), "utf8");
  // They were really used.
  const sent = JSON.stringify([refusing.received, failing.received]);
  for (const name of ["SLACK", "TEAMS", "DISCORD", "PD", "OG", "HOOK", "NTFY", "NTFYTOKEN", "TG"]) expect(sent, name).toContain(secret(name));
  expect(Object.entries(SECRETS).filter(([, value]) => seen.includes(value)).map(([name]) => name)).toEqual([]);
});
