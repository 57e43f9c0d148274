import { closeSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, it, onTestFinished } from "vitest";
import { bench, TEST_SECRET } from "../sandbox/with-sdk.ts";
import { guessBits } from "../src/app/validation/security.ts";
import { migrations } from "../src/app/migrations.ts";
import { onBothDatabases, temporaryDirectory } from "./databases.ts";
import { freePort } from "./postgres.ts";
import { runCommand, serviceEnvironment, startService } from "./service.ts";

interface Report {
  verdict: string;
  checks: { name: string; grade: string; found: string; todo: string[] }[];
}

const KEY = "rk_test_validate";
const SECRETS = { DASHBOARD_KEY: "9f2c6b7d1e8a40537c1d2e3f", STRIPE_WEBHOOK_SECRET: TEST_SECRET };

onBothDatabases("tillwatch validate", migrations, (database) => {
  it("asks Stripe itself, and says which box is missing and how the endpoint stands", { timeout: 120_000 }, async () => {
    const port = await freePort();
    const sandbox = await bench({ webhooks: [], restrictedKeys: { [KEY]: ["event_read", "webhook_write", "charge_write", "payment_intent_read", "dispute_read", "payout_read", "balance_read", "customer_write"] } });
    onTestFinished(() => sandbox.close());
    const env = serviceEnvironment({ ...(await database.environment()), ...SECRETS, STRIPE_SECRET_KEY: KEY, STRIPE_API_BASE: sandbox.url, PORT: String(port) });
    const config = join(env["DATA_DIR"] ?? "", "tillwatch.yaml");
    writeFileSync(config, `server: {public_url: "http://127.0.0.1:${port}"}\nmerchant: {time_zone: Europe/Berlin}\nslo: {objectives: {api_availability: {objective: 0.9}}}\n`);
    const validate = async () => {
      const ran = await runCommand(env, "validate", "--json");
      const report = JSON.parse(ran.stdout) as Report;
      return { code: ran.code, report, of: (name: string) => report.checks.find((check) => check.name === name) };
    };
    const first = await validate();
    expect(first).toMatchObject({ code: 2, report: { verdict: "FAIL" } });
    expect(first.of("service")).toMatchObject({ grade: "FAIL" });
    expect(first.of("public_address")).toMatchObject({ grade: "WARN", found: expect.stringContaining("ECONNREFUSED") });
    expect(first.of("endpoint_registered")).toMatchObject({ grade: "FAIL", found: expect.stringContaining("no endpoint at Stripe sends to") });
    expect(first.of("permission_invoices_write")).toMatchObject({ grade: "WARN", todo: ['At Stripe (Developers, API keys, the key) set "Invoices" to Write'] });
    expect(first.of("permission_charges_write")).toMatchObject({ grade: "PASS" });
    expect(first.of("never_fire")).toMatchObject({ grade: "WARN" });
    // The PostgreSQL of the tests really runs without fsync.
    expect(first.of("database")).toMatchObject(database.kind === "sqlite" ? { grade: "PASS" } : { grade: "FAIL", found: expect.stringContaining("fsync is off") });

    await sandbox.stripe.webhookEndpoints.create({ url: `http://127.0.0.1:${port}/webhooks/stripe`, enabled_events: ["charge.succeeded"], api_version: "2026-10-28.endive" });
    await sandbox.control("/keys", { key: KEY, permissions: ["webhook_read"] });
    const service = await startService(env);
    const second = await validate();
    expect(second.of("service")).toMatchObject({ grade: "PASS" });
    expect(second.of("public_address")).toMatchObject({ grade: "PASS" });
    expect(second.of("endpoint_registered")).toMatchObject({ grade: "PASS" });
    expect(second.of("endpoint_events")).toMatchObject({ grade: "WARN", found: expect.stringContaining("charge.failed") });
    expect(second.of("endpoint_version")).toMatchObject({ grade: "PASS" });
    expect(second.of("permission_events_read")).toMatchObject({ grade: "FAIL", todo: ['At Stripe (Developers, API keys, the key) set "Events" to Read'] });

    // The service answers the same, from a process beside it, to who may ask.
    const key = { "x-dash-key": SECRETS.DASHBOARD_KEY };
    expect(await service.get("/api/validation", key)).toMatchObject({ status: 200, body: { ok: false, verdict: "FAIL" } });
    const page = await fetch(`${service.url}/api/validation/html`, { headers: key });
    expect([page.status, (await page.text()).includes("Charges and Refunds")]).toEqual([200, true]);
    expect((await fetch(`${service.url}/api/validation/html`)).status).toBe(401);
    const secrets = [KEY, SECRETS.DASHBOARD_KEY, TEST_SECRET];
    expect(secrets.filter((secret) => JSON.stringify(second.report).includes(secret) || service.output().includes(secret))).toEqual([]);
  });
});

it("finds a damaged database file", { timeout: 60_000 }, async () => {
  const env = serviceEnvironment({ DATA_DIR: temporaryDirectory(), ...SECRETS });
  expect((await runCommand(env, "events", "list")).code).toBe(0);
  const file = join(env["DATA_DIR"] ?? "", "tillwatch.db");
  const raw = new DatabaseSync(file);
  const index = raw.prepare("select rootpage from sqlite_schema where name = 'event_received'").get() as { rootpage: number };
  raw.exec("pragma wal_checkpoint(truncate)");
  raw.close();
  // One page of an index that nothing reads at start: the service would run on and never know.
  const opened = openSync(file, "r+");
  writeSync(opened, Buffer.alloc(64, 0xff), 0, 64, (index.rootpage - 1) * 4096);
  closeSync(opened);
  const { stdout, code } = await runCommand(env, "validate", "--json");
  expect(code).toBe(2);
  expect((JSON.parse(stdout) as Report).checks.find(({ name }) => name === "database")).toMatchObject({ grade: "FAIL", found: expect.stringContaining("damaged") });
});

it.each([
  ["0123456789abcdef01234567", true],
  ["9f2c6b7d1e8a40537c1d2e3f", true],
  ["aaaaaaaaaaaaaaaaaaaaaaaa", false],
  ["abababababababababababab", false],
  ["hunter2hunter2hu", false],
])("weighs %s", (secret, strong) => {
  expect(guessBits(secret) >= 80).toBe(strong);
});
