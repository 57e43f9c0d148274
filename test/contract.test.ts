import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { sign } from "../sandbox/index.ts";
import { migrations } from "../src/app/migrations.ts";
import { onBothDatabases, temporaryDirectory } from "./databases.ts";
import { DASHBOARD_KEY, eventually, runCommand, runInside, sender, serviceEnvironment, startService, WEBHOOK_SECRET } from "./service.ts";

/** A charge as Stripe tells of it, now. */
function charge(number: number, outcome: "succeeded" | "failed", more: { ageS?: number; amount?: number; currency?: string } = {}): string {
  const created = Math.floor(Date.now() / 1000) - (more.ageS ?? 0);
  const failed = outcome === "failed";
  return JSON.stringify({
    id: `evt_contract${number}`,
    object: "event",
    api_version: "2026-10-28.endive",
    created,
    livemode: false,
    type: `charge.${outcome}`,
    data: {
      object: {
        id: `ch_contract${number}`,
        object: "charge",
        amount: more.amount ?? 1000,
        amount_captured: failed ? 0 : (more.amount ?? 1000),
        amount_refunded: 0,
        captured: !failed,
        created,
        currency: more.currency ?? "usd",
        livemode: false,
        paid: !failed,
        payment_intent: `pi_contract${number}`,
        refunded: false,
        status: outcome,
        failure_code: failed ? "card_declined" : null,
        outcome: failed ? { type: "issuer_declined", network_status: "declined_by_network", reason: "generic_decline" } : { type: "authorized", network_status: "approved_by_network" },
        payment_method_details: { type: "card", card: { brand: "visa", country: "US", last4: "4242" } },
      },
    },
  });
}

async function lines(file: string): Promise<Record<string, unknown>[]> {
  try {
    return readFileSync(file, "utf8").trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  } catch {
    return [];
  }
}

onBothDatabases("the contract, from outside", migrations, (database) => {
  it("takes events, lists them, shows the payment, writes the mirrors and the alert record", { timeout: 60_000 }, async () => {
    const env = serviceEnvironment(await database.environment());
    const logs = env["LOG_DIR"] ?? "";
    const service = await startService(env);
    const { send, end } = sender(service.url);
    for (let number = 1; number <= 20; number += 1) expect(await send(charge(number, number <= 8 ? "failed" : "succeeded"))).toMatchObject({ status: 200 });
    expect(await send("{")).toMatchObject({ status: 400 });

    const events = await service.get("/api/payments/events");
    expect(events).toMatchObject({ status: 200, body: { ok: true, count: 10, next_cursor: expect.any(String) } });
    expect((events.body["data"] as object[])[0]).toMatchObject({ ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/), event_type: "charge.succeeded", event_id: "evt_contract20", mode: "test" });
    expect((await service.get("/api/payments/events?type=charge.fail*&limit=100")).body["count"]).toBe(8);

    const payment = await eventually(() => service.get("/api/payments/pi_contract20"), ({ status }) => status === 200);
    expect(payment.body).toMatchObject({ ok: true, data: { id: "pi_contract20", status: "succeeded", captured: 10, left: 10, left_minor: 1000, currency: "usd", events: [{ event_id: "evt_contract20" }] } });
    expect((await service.get("/api/payments/ch_contract3")).body).toMatchObject({ data: { attempts: [{ outcome: "failed", cause: "customer" }] } });
    expect((await service.get("/api/payments/events?payment_id=ch_contract3")).body).toMatchObject({ count: 1 });
    expect((await service.get("/api/payments/pi_nobody")).status).toBe(404);

    const ran = await runCommand(env, "alerts", "run");
    expect(ran.code).toBe(0);
    const record = JSON.parse(ran.stdout) as Record<string, unknown>;
    expect(Object.keys(record).slice(0, 6)).toEqual(["ts", "event", "webhook_failures_5m", "payment_error_rate_1h", "revenue_change_DoD", "severity"]);
    expect(record).toMatchObject({ event: "production_alerts", webhook_failures_5m: 1, payment_error_rate_1h: 0.4, revenue_change_DoD: 0, severity: { webhook: "OK", payments: "CRITICAL", revenue: "OK" } });
    expect((await lines(join(logs, "production_alerts.ndjson"))).at(-1)).toEqual(record);
    expect((await runCommand(env, "alerts", "run", "--exit-code")).code).toBe(2);
    const alerts = await eventually(() => service.get("/api/alerts?rule=payment_errors"), ({ body }) => body["count"] === 1);
    expect(alerts.body).toMatchObject({ ok: true, data: [{ rule: "payment_errors", state: "firing", severity: "CRITICAL" }] });

    const mirror = await eventually(() => lines(join(logs, "stripe_webhooks.ndjson")), (found) => found.length === 21);
    expect(mirror[0]).toMatchObject({ event_type: "charge.failed", event_id: "evt_contract1", mode: "test", ok: true, status: 200 });
    expect(mirror.filter((line) => line["ok"] === false)).toHaveLength(1);

    const scheduler = await eventually(() => lines(join(logs, "scheduler.log")), (found) => found.some((line) => line["event"] === "alerts_run"));
    expect(scheduler[0]).toEqual({ ts: expect.any(String), event: "startup", ok: true, pid: expect.any(Number) });
    expect(scheduler).toContainEqual({ ts: expect.any(String), event: "production_alerts_start" });
    expect(scheduler).toContainEqual(expect.objectContaining({ event: "production_alerts_complete", webhook_failures: 0, payment_error_rate: 0, revenue_change: 0 }));
    end();
  });

  it("says how it is, with a key and without", { timeout: 60_000 }, async () => {
    const env = serviceEnvironment(await database.environment());
    const service = await startService(env);
    expect(await service.get("/healthz", {})).toEqual({ status: 200, body: { ok: true } });
    expect(await service.get("/readyz", {})).toEqual({ status: 200, body: { ok: true } });
    expect((await service.get("/api/system-health", {})).status).toBe(401);
    const health = await service.get("/api/system-health");
    expect(health.body).toMatchObject({ ok: true, mode: "test", sandbox: false, version: expect.any(String), uptime_s: expect.any(Number), ts: expect.any(String), checks: { database: { state: "ok" } } });
    const metrics = async (headers: Record<string, string>) => await (await fetch(`${service.url}/metrics`, { headers })).text();
    expect(await metrics({})).toMatch(/^tillwatch_info\{/m);
    expect(await metrics({})).not.toContain("tillwatch_events_stored");
    expect(await metrics({ "x-dash-key": DASHBOARD_KEY })).toMatch(/^tillwatch_events_stored 0$/m);
    expect((await fetch(`${service.url}/metrics`, { headers: { "x-dash-key": "wrong" } })).status).toBe(401);
    expect(await runCommand(env, "health", "--json")).toMatchObject({ code: 0 });
    expect(await service.kill("SIGTERM")).toBe(0);
    const down = await runCommand(env, "health");
    expect(down.code).toBe(1);
    expect(JSON.parse(down.stdout)).toMatchObject({ ok: false, status: "down", checks: { service: { state: "down" } } });
  });

  it("keeps the records of four failed deliveries, and not those of forged ones, as failures", { timeout: 60_000 }, async () => {
    const env = serviceEnvironment(await database.environment());
    const service = await startService(env);
    const { send, end } = sender(service.url);
    for (let number = 0; number < 6; number += 1) await send(charge(number, "succeeded"), "t=1,v1=00");
    expect(JSON.parse((await runCommand(env, "alerts", "run")).stdout)).toMatchObject({ webhook_failures_5m: 0, webhook_rejected_5m: 6, severity: { webhook: "OK" } });
    for (let number = 0; number < 4; number += 1) await send("not json");
    expect(JSON.parse((await runCommand(env, "alerts", "run")).stdout)).toMatchObject({ webhook_failures_5m: 4, severity: { webhook: "CRITICAL" } });
    end();
  });
});

describe("bad input", () => {
  it("is answered with what was wrong and what would be right, and changes nothing", { timeout: 60_000 }, async () => {
    const env = serviceEnvironment({ DATA_DIR: temporaryDirectory() });
    const service = await startService(env);
    const { send, end } = sender(service.url);
    const body = charge(1, "succeeded");
    const now = Math.floor(Date.now() / 1000);
    const deliveries: [string, string | undefined, number, RegExp][] = [
      ["{", undefined, 400, /not valid JSON/],
      ["[]", undefined, 400, /not a JSON object/],
      ['{"type":"charge.failed"}', undefined, 400, /no `id`/],
      [body, sign(body, "whsec_wrong_0123456789", now), 400, /does not match/],
      [body, sign(body, WEBHOOK_SECRET, now - 301), 400, /s old/],
      [body, sign(body, WEBHOOK_SECRET, now + 400), 400, /in the future/],
      [body, "", 400, /no Stripe-Signature/],
      [body, "nonsense", 400, /no time/],
      ["x".repeat(1024 * 1024 + 1), undefined, 413, /larger than/],
      ["", undefined, 400, /no body/],
    ];
    for (const [sent, header, status, words] of deliveries) {
      expect(await send(sent, header)).toMatchObject({ status, body: expect.stringMatching(words) });
    }
    const asked: [string, number, RegExp][] = [
      ["limit=abc", 400, /limit.*whole number.*abc/],
      ["limit=0", 400, /limit.*whole number/],
      ["limit=-1", 400, /limit.*whole number/],
      ["limit=1.5", 400, /limit.*whole number/],
      ["limit=1e1", 400, /limit.*whole number/],
      ["limit=", 400, /limit.*whole number/],
      ["cursor=zzz", 400, /cursor/],
      ["status=lost", 400, /status.*processed/],
      ["since=yesterday", 400, /since.*time/],
      ["type=charge.%20", 400, /type/],
      ["payment_id=%27;drop", 400, /payment_id/],
      ["limt=5", 400, /limt/],
    ];
    for (const [query, status, words] of asked) {
      const answer = await service.get(`/api/payments/events?${query}`);
      expect([query, answer.status, answer.body]).toEqual([query, status, { ok: false, error: expect.stringMatching(words), code: expect.any(String), request_id: expect.any(String) }]);
    }
    expect(await service.get("/api/payments/events?limit=500")).toMatchObject({ status: 200, body: { ok: true, count: 0, data: [], next_cursor: null } });
    expect(await service.get("/api/payments/events", {})).toMatchObject({ status: 401, body: { ok: false, code: "key_missing" } });
    expect(await service.get("/api/payments/events", { "x-dash-key": "" })).toMatchObject({ status: 401 });
    expect(await service.get("/api/payments/events", { "x-dash-key": "wrong" })).toMatchObject({ status: 401, body: { code: "key_wrong" } });
    expect(await service.get("/api/nowhere")).toMatchObject({ status: 404, body: { ok: false } });
    const all = service.output();
    for (const secret of [DASHBOARD_KEY, WEBHOOK_SECRET, "sk_test_0123456789"]) expect(all).not.toContain(secret);
    end();
  });

  const environment = (more: Record<string, string | undefined>): Record<string, string> => {
    const merged = { ...serviceEnvironment({ DATA_DIR: temporaryDirectory() }), ...more };
    return Object.fromEntries(Object.entries(merged).filter((entry): entry is [string, string] => entry[1] !== undefined));
  };

  it.each<[string, Record<string, string | undefined>, RegExp]>([
    ["an empty key", { DASHBOARD_KEY: "" }, /DASHBOARD_KEY.*empty/],
    ["a short key", { DASHBOARD_KEY: "short" }, /DASHBOARD_KEY.*16/],
    ["a publishable key", { STRIPE_SECRET_KEY: "pk_test_0123456789" }, /STRIPE_SECRET_KEY.*publishable/],
    ["a live key in test mode", { STRIPE_SECRET_KEY: "sk_live_0123456789" }, /STRIPE_SECRET_KEY.*live mode key/],
    ["a key of the other mode only", { STRIPE_MODE: "live" }, /STRIPE_SECRET_LIVE/],
    ["an unknown mode", { STRIPE_MODE: "prod" }, /STRIPE_MODE.*prod/],
    ["a configuration that is not there", { TILLWATCH_CONFIG: "/nowhere/tillwatch.yaml" }, /\/nowhere\/tillwatch\.yaml/],
    ["a database of an unknown kind", { DATABASE_URL: "mysql://localhost/x" }, /DATABASE_URL/],
    ["a PostgreSQL that is not there", { DATABASE_URL: "postgres://nobody:secret-word@127.0.0.1:9/x" }, /PostgreSQL|database/],
    ["a port that is none", { PORT: "70000" }, /PORT|server\.port/],
  ])("refuses to start with %s, in words", async (_name, more, words) => {
    const ran = await runCommand(environment(more), "serve");
    expect(ran.code).toBe(1);
    expect(ran.stderr).toMatch(words);
    expect(ran.stderr).not.toMatch(/secret-word|sk_live_0123456789|pk_test_0123456789|\n\s+at /);
  });

  it("refuses to start on a port in use", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void other.close());
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const ran = await runCommand(environment({ PORT: String(port) }), "serve");
    expect([ran.code, ran.stderr]).toEqual([1, expect.stringMatching(new RegExp(`port ${port}.*in use.*PORT`))]);
  });

  it("refuses to start where it cannot write, or what it cannot read", async () => {
    const directory = temporaryDirectory();
    // A file in the place of a directory stops root as well, whom permissions do not.
    writeFileSync(join(directory, "file"), "");
    const below = join(directory, "file", "below");
    expect(await runCommand(environment({ LOG_DIR: below }), "serve")).toMatchObject({ code: 1, stderr: expect.stringContaining("LOG_DIR") });
    const noData = environment({ LOG_DIR: "off" });
    expect(await runCommand({ ...noData, TILLWATCH_CONFIG: directory }, "serve")).toMatchObject({ code: 1, stderr: expect.stringContaining(directory) });
    const place = environment({ LOG_DIR: "off" });
    expect(await runInside(directory, { ...place, DATA_DIR: below }, "serve")).toMatchObject({ code: 1, stderr: expect.stringContaining("DATA_DIR") });
  });
});
