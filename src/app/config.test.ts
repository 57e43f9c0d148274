import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/databases.ts";
import { ConfigError, type ConfigProblem, type Environment } from "../platform/index.ts";
import { type Config, configJsonSchema, loadConfig } from "./config.ts";

const TEST_KEY = "sk_test_51Habcdefgh0123456789";
const LIVE_KEY = "rk_live_51Habcdefgh0123456789";
const WHSEC = "whsec_0123456789abcdef0123456789abcdef";

function load(env: Environment, yaml?: string): Config {
  const cwd = temporaryDirectory();
  if (yaml !== undefined) writeFileSync(join(cwd, "tillwatch.yaml"), yaml);
  return loadConfig(env, { cwd });
}

function problems(env: Environment, yaml?: string): readonly ConfigProblem[] {
  try {
    load(env, yaml);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("configuration", () => {
  it("needs nothing: the sandbox, on its own database file", () => {
    const cwd = temporaryDirectory();
    const config = loadConfig({}, { cwd });
    expect(config).toMatchObject({
      dashboardKey: null,
      sandbox: true,
      stripe: { mode: "test", secretKey: null, webhookSecrets: [], apiBase: null },
      database: { kind: "sqlite", file: join(cwd, "data/sandbox.db") },
      logDir: join(cwd, "logs"),
      file: null,
      merchant: { timeZone: "UTC", currency: "usd", country: null },
      server: { port: 5000, host: "127.0.0.1", bodyLimitBytes: 1_048_576, trustedProxies: [], publicUrl: null },
      alerts: { webhookFailures5m: 3, paymentErrorRate1h: 0.05, revenueChangeDod: -0.3, evidence: true },
      retention: { eventsMs: null, minutesMs: 35 * 86_400_000, hoursMs: 400 * 86_400_000 },
      tasks: {},
      reports: { public: false, weekly: false, monthly: false, mailTo: [], mailFrom: null, keepFiles: 60 },
      warnings: [],
    });
  });

  it("puts the environment above the file", () => {
    const yaml = "server:\n  port: 6000\n  host: 0.0.0.0\nmerchant:\n  time_zone: Australia/Lord_Howe\n";
    expect(load({}, yaml).server).toMatchObject({ port: 6000, host: "0.0.0.0" });
    expect(load({ PORT: "7000" }, yaml).server).toMatchObject({ port: 7000, host: "0.0.0.0" });
    expect(load({ PORT: "" }, yaml).server.port).toBe(6000);
    expect(load({}, yaml).merchant.timeZone).toBe("Australia/Lord_Howe");
  });

  it("takes an empty file, and an empty section", () => {
    expect(load({}, "").server.port).toBe(5000);
    expect(load({ PORT: "1" }, "server:\nalerts:\n  # evidence: off\n").server.port).toBe(1);
  });

  it("reads words for time, size and switches", () => {
    const config = load({ LOG_DIR: "off" }, "server: { body_limit: 512kb, request_time_limit: 10s }\nalerts: { evidence: off }\nretention: { events_days: 400, deliveries_days: forever }\n");
    expect(config.server).toMatchObject({ bodyLimitBytes: 524_288, requestTimeLimitMs: 10_000 });
    expect(config.alerts.evidence).toBe(false);
    expect(config.logDir).toBeNull();
    expect(config.retention).toMatchObject({ eventsMs: 400 * 86_400_000, deliveriesMs: null });
  });

  it("chooses the key of the mode", () => {
    const both = { STRIPE_SECRET_KEY: TEST_KEY, STRIPE_SECRET_LIVE: LIVE_KEY, STRIPE_WEBHOOK_SECRET: WHSEC };
    const test = load(both);
    expect([test.sandbox, test.stripe.mode, test.stripe.secretKey?.reveal()]).toEqual([false, "test", TEST_KEY]);
    const live = load({ ...both, STRIPE_MODE: "live" });
    expect([live.sandbox, live.stripe.mode, live.stripe.secretKey?.reveal()]).toEqual([false, "live", LIVE_KEY]);
    expect(live.database).toMatchObject({ file: expect.stringMatching(/data\/tillwatch\.db$/) });
    expect(live.warnings).toEqual([]);
  });

  it("warns of what is allowed and probably not meant", () => {
    expect(load({ STRIPE_MODE: "live" })).toMatchObject({ sandbox: true, stripe: { mode: "test" }, warnings: [expect.stringContaining("STRIPE_SECRET_LIVE")] });
    expect(load({ STRIPE_SECRET_KEY: TEST_KEY, STRIPE_API_BASE: "http://stripe.internal:12111" }).warnings).toEqual([
      expect.stringContaining("STRIPE_WEBHOOK_SECRET"),
      expect.stringContaining("STRIPE_API_BASE"),
    ]);
  });

  it("names the endpoints of several webhook secrets", () => {
    const other = WHSEC.replace("0123", "9876");
    const named = load({ STRIPE_WEBHOOK_SECRET: `shop=${WHSEC}, shop=${other}` }).stripe.webhookSecrets;
    expect(named.map(({ endpoint, secret }) => [endpoint, secret.reveal()])).toEqual([["shop", WHSEC], ["shop", other]]);
    expect(load({ STRIPE_WEBHOOK_SECRET: WHSEC }).stripe.webhookSecrets.map(({ endpoint }) => endpoint)).toEqual(["default"]);
  });

  it("takes the schema out of the database's address, and keeps the sandbox in its own", () => {
    const database = (env: Environment) => {
      const found = load(env).database;
      return found.kind === "postgres" ? [found.url.reveal(), found.schema] : found.kind;
    };
    const key = { STRIPE_SECRET_KEY: TEST_KEY };
    expect(database({ ...key, DATABASE_URL: "postgres://u:p%40@db:5432/till" })).toEqual(["postgres://u:p%40@db:5432/till", "public"]);
    expect(database({ ...key, DATABASE_URL: "postgresql://u:p@db/till?schema=tills&sslmode=require" })).toEqual(["postgresql://u:p@db/till?sslmode=require", "tills"]);
    expect(database({ DATABASE_URL: "postgres://u:p@db/till" })).toEqual(["postgres://u:p@db/till", "tillwatch_sandbox"]);
    expect(database({ DATABASE_URL: "postgres://u:p@db/till?schema=shop" })).toEqual(["postgres://u:p@db/till", "shop_sandbox"]);
  });

  it("shows no secret when it is printed", () => {
    const config = load({ DASHBOARD_KEY: "correct-horse-battery", STRIPE_SECRET_KEY: TEST_KEY, STRIPE_WEBHOOK_SECRET: WHSEC, DATABASE_URL: "postgres://u:hunter22@db/till" });
    for (const printed of [JSON.stringify(config), inspect(config, { depth: 9 }), String(config.dashboardKey)]) {
      expect(printed).toContain("***");
      expect(printed).not.toMatch(/horse|51Habc|0123456789|hunter22/);
    }
  });
});

describe("a mistake in the configuration", () => {
  it.each<[string, Environment, string, RegExp]>([
    ["an empty key", { DASHBOARD_KEY: "" }, "DASHBOARD_KEY", /empty.*at least 16.*unset/],
    ["a blank key", { DASHBOARD_KEY: "   " }, "DASHBOARD_KEY", /empty/],
    ["a short key", { DASHBOARD_KEY: "fifteen-letters" }, "DASHBOARD_KEY", /too short.*16/],
    ["a blank key that is long", { DASHBOARD_KEY: " ".repeat(20) }, "DASHBOARD_KEY", /empty/],
    ["a key too long for a header", { DASHBOARD_KEY: "x".repeat(513) }, "DASHBOARD_KEY", /too long.*512/],
    ["a key no header carries", { DASHBOARD_KEY: "schlüssel mit leerzeichen" }, "DASHBOARD_KEY", /header/],
    ["no mode of Stripe", { STRIPE_MODE: "prod" }, "STRIPE_MODE", /test or live/],
    ["a live key for test mode", { STRIPE_SECRET_KEY: LIVE_KEY }, "STRIPE_SECRET_KEY", /live mode key.*sk_test_/],
    ["a test key for live mode", { STRIPE_MODE: "live", STRIPE_SECRET_LIVE: TEST_KEY }, "STRIPE_SECRET_LIVE", /test mode key.*rk_live_/],
    ["a publishable key", { STRIPE_SECRET_KEY: "pk_test_51Habcdefgh0123456789" }, "STRIPE_SECRET_KEY", /publishable.*sk_test_/],
    ["a signing secret for a key", { STRIPE_SECRET_KEY: WHSEC }, "STRIPE_SECRET_KEY", /STRIPE_WEBHOOK_SECRET/],
    ["nonsense for a key", { STRIPE_SECRET_KEY: "sk_test_" }, "STRIPE_SECRET_KEY", /does not look like/],
    ["only the key of the other mode", { STRIPE_MODE: "live", STRIPE_SECRET_KEY: TEST_KEY }, "STRIPE_SECRET_KEY", /not used in live mode.*STRIPE_SECRET_LIVE/],
    ["only the live key in test mode", { STRIPE_SECRET_LIVE: LIVE_KEY }, "STRIPE_SECRET_LIVE", /STRIPE_MODE=live/],
    ["a key for a signing secret", { STRIPE_WEBHOOK_SECRET: TEST_KEY }, "STRIPE_WEBHOOK_SECRET", /API key/],
    ["an empty part in the list", { STRIPE_WEBHOOK_SECRET: `${WHSEC},` }, "STRIPE_WEBHOOK_SECRET", /number 2 is empty/],
    ["a secret twice", { STRIPE_WEBHOOK_SECRET: `a=${WHSEC},b=${WHSEC}` }, "STRIPE_WEBHOOK_SECRET", /twice/],
    ["another base that is no address", { STRIPE_API_BASE: "stripe.local" }, "STRIPE_API_BASE", /https:\/\//],
    ["a readable way for the live key", { STRIPE_MODE: "live", STRIPE_SECRET_LIVE: LIVE_KEY, STRIPE_API_BASE: "http://stripe.internal" }, "STRIPE_API_BASE", /https:\/\//],
    ["another kind of database", { DATABASE_URL: "mysql://u:hunter22@db/till" }, "DATABASE_URL", /mysql:\/\/ database.*postgres:\/\//],
    ["no address of a database", { DATABASE_URL: "data/till.db" }, "DATABASE_URL", /no address.*postgres:\/\//],
    ["a schema no database takes", { DATABASE_URL: "postgres://u:hunter22@db/till?schema=Tills" }, "DATABASE_URL", /schema/],
    ["a port that is no number", { PORT: "http" }, "PORT", /0 to 65535/],
    ["a port out of range", { PORT: "65536" }, "PORT", /0 to 65535/],
    ["a fraction of a port", { PORT: "50.5" }, "PORT", /0 to 65535/],
    ["a file that is not there", { TILLWATCH_CONFIG: "other.yaml" }, "other.yaml", /no such file/],
  ])("%s", (_, env, key, text) => {
    const found = problems(env);
    expect(found).toHaveLength(1);
    expect(found[0]?.key.endsWith(key)).toBe(true);
    expect(found[0]?.text).toMatch(text);
    expect(new ConfigError(found).message).not.toMatch(/51Habc|0123456789abcdef|hunter22|fifteen/);
  });

  it.each<[string, string, number, string, RegExp]>([
    ["an unknown section", "server:\n  port: 1\nalert:\n  evidence: on\n", 3, "alert", /did you mean "alerts"/],
    ["an unknown key", "alerts:\n  evidence: on\n  webhook_failure_5m: 3\n", 3, "alerts.webhook_failure_5m", /did you mean "webhook_failures_5m"/],
    ["an age for the audit trail, which is kept for ever", "retention:\n  audit_days: 30\n", 2, "retention.audit_days", /unknown key/],
    ["a key far from any", "reports:\n  colour: red\n", 2, "reports.colour", /known here: channels, keep_files, .*public/],
    ["an unknown key of a task", "tasks:\n  sweep:\n    evry: 5m\n", 3, "tasks.sweep.evry", /did you mean "every"/],
    ["a key that is there twice", "server:\n  port: 1\n  port: 2\n", 3, "YAML", /unique/],
    ["bad YAML", "server:\n  port: [1\nalerts: 3\n", 3, "YAML", /./],
    ["a text for a number", "# who\nalerts:\n  webhook_failures_5m: many\n", 3, "alerts.webhook_failures_5m", /whole number from 0 to/],
    ["a percentage for a fraction", "alerts:\n  payment_error_rate_1h: 5\n", 2, "alerts.payment_error_rate_1h", /from 0 to 1/],
    ["a rise for a fall", "alerts:\n  revenue_change_dod: 0.3\n", 2, "alerts.revenue_change_dod", /from -1 to 0/],
    ["an unknown time zone", "merchant:\n  time_zone: Europe/Berln\n", 2, "merchant.time_zone", /IANA/],
    ["an offset for a time zone", "merchant:\n  time_zone: '+02:00'\n", 2, "merchant.time_zone", /IANA/],
    ["a proxy that is no address", "server:\n  trusted_proxies:\n    - 10.0.0.1\n    - proxy.internal\n", 4, "server.trusted_proxies.1", /IP address/],
    ["a secret in the file", "stripe:\n  secret_key: sk_live_51Habcdefgh0123456789\n", 2, "stripe.secret_key", /unknown key/],
    ["a bucket that no provider takes", "backup:\n  s3:\n    bucket: My_Bucket!\n", 3, "backup.s3.bucket", /name of a bucket/],
    ["backups that anybody on the way can read", "backup:\n  s3:\n    bucket: shop-backups\n    endpoint: http://s3.example.com\n", 4, "backup.s3.endpoint", /readable.*https/],
    ["a prefix with a slash in front", "backup:\n  s3:\n    bucket: shop-backups\n    prefix: /shop\n", 4, "backup.s3.prefix", /no slash/],
    ["two schedules", "tasks:\n  sweep:\n    every: 5m\n    cron: '* * * * *'\n", 2, "tasks.sweep", /not both/],
    ["a cron expression of four fields", "tasks:\n  sweep:\n    cron: 15 3 * *\n", 3, "tasks.sweep.cron", /five fields/],
    ["a list for a section", "server: [1]\n", 1, "server", /object/],
    ["no keys at all", "just a text\n", 1, "tillwatch.yaml", /keys and values/],
    ["an alias", "merchant: &m\n  name: Shop\nserver: *m\n", 3, "tillwatch.yaml", /aliases/],
    ["a key of every object's", "__proto__:\n  port: 1\n", 1, "__proto__", /unknown key/],
  ])("%s, with its line", (_, yaml, line, key, text) => {
    const found = problems({}, yaml);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]?.key.endsWith(key)).toBe(true);
    expect(found[0]).toMatchObject({ line, text: expect.stringMatching(text) });
    expect(new ConfigError(found).message).not.toContain("51Habc");
  });

  it("of a bucket without its key is told; with it, the sandbox's backups have a prefix of their own", () => {
    const yaml = "backup:\n  s3:\n    bucket: shop-backups\n    region: eu-central-1\n";
    expect(problems({}, yaml)).toMatchObject([{ key: "AWS_ACCESS_KEY_ID", text: expect.stringContaining("AWS_SECRET_ACCESS_KEY") as string }]);
    expect(problems({ AWS_ACCESS_KEY_ID: "AKIA" }, yaml)).toMatchObject([{ key: "AWS_SECRET_ACCESS_KEY" }]);
    const keys = { AWS_ACCESS_KEY_ID: "AKIA", AWS_SECRET_ACCESS_KEY: "hunter22hunter22" };
    expect(load(keys, yaml).backup.s3).toMatchObject({ bucket: "shop-backups", prefix: "tillwatch/sandbox", region: "eu-central-1", endpoint: null, rotates: true, sessionToken: null });
    expect(load({ ...keys, STRIPE_SECRET_KEY: TEST_KEY, STRIPE_WEBHOOK_SECRET: WHSEC }, yaml).backup.s3?.prefix).toBe("tillwatch");
    expect(JSON.stringify(load(keys, yaml))).not.toContain("hunter22");
    expect(load(keys).backup.s3).toBeNull();
  });

  it("is told together with all the others", () => {
    const found = problems({ PORT: "x", DASHBOARD_KEY: "", STRIPE_SECRET_KEY: "pk_test_51Habcdefgh0123456789" }, "alerts:\n  evidence: maybe\nretention:\n  minutes_days: 0\n");
    expect(found.map(({ key }) => key).sort()).toEqual(["DASHBOARD_KEY", "PORT", "STRIPE_SECRET_KEY", "alerts.evidence", "retention.minutes_days"]);
    expect(found.find(({ key }) => key === "PORT")).toMatchObject({ given: '"x"', file: null });
    expect(new ConfigError(found).message).toMatch(/^the configuration has 5 problems:\n {2}- /);
  });

  it("in the kind of file is named", () => {
    const cwd = temporaryDirectory();
    mkdirSync(join(cwd, "tillwatch.yaml"));
    expect(() => loadConfig({}, { cwd })).toThrow(/tillwatch\.yaml: this is a directory/);
  });
});

describe("what ships for editors", () => {
  const docs = resolve(import.meta.dirname, "../../docs");

  it("is a schema that is current (write it anew with `bin/tillwatch config schema > docs/tillwatch.schema.json`)", () => {
    expect(JSON.parse(readFileSync(join(docs, "tillwatch.schema.json"), "utf8"))).toEqual(configJsonSchema());
  });

  it("is an example that loads, with and without its comments, and names every key", () => {
    const example = readFileSync(join(docs, "tillwatch.example.yaml"), "utf8");
    expect(problems({}, example)).toEqual([]);
    const all = example.replaceAll(/^( *)#(?= ?[a-z_]+:)/gm, "$1").replaceAll(/^( *)#(?= *- )/gm, "$1");
    const named = Object.fromEntries([...all.matchAll(/env:([A-Z_]+)/g)].map(([, name]) => [name ?? "", "https://example.com/secret"]));
    expect(problems({ ...named, FORWARD_SECRET: "shop=whsec_example" }, all)).toEqual([]);
    expect(problems({ FORWARD_SECRET: "shop=whsec_example" }, all).map(({ key, given }) => `${key} ${given}`).sort()).toEqual(Object.keys(named).map((name) => `${name} null`).sort());
    expect(problems({ ...named, FORWARD_SECRET: "other=whsec_example" }, all)).toMatchObject([{ key: "FORWARD_SECRET", text: expect.stringContaining("names shop") }]);
    const keys = new Set([...JSON.stringify(configJsonSchema()).matchAll(/"([a-z_0-9]+)":\{"(?:default|description|type|anyOf)/g)].map((match) => match[1]));
    expect([...keys].filter((key) => !new RegExp(`^ *#? ?${key}:`, "m").test(example) && !/^(additionalProperties|propertyNames|items|__schema\d+)$/.test(key ?? ""))).toEqual([]);
  });

  it("is an example that changes nothing: whoever copies it keeps the defaults", () => {
    const cwd = temporaryDirectory();
    const defaults = loadConfig({}, { cwd });
    writeFileSync(join(cwd, "tillwatch.yaml"), readFileSync(join(docs, "tillwatch.example.yaml")));
    expect(loadConfig({}, { cwd })).toEqual({ ...defaults, file: join(cwd, "tillwatch.yaml") });
  });
});
