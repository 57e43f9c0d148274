import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { sql } from "kysely";
import { expect, it, onTestFinished } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { evaluate } from "../alerts/index.ts";
import { createIntake, createQuarantine, forwardStatus } from "../ingest/index.ts";
import { lastDeliveryAt, lastSeq, openAppend } from "../ledger/index.ts";
import { registerChannels } from "../notify/channel-store.ts";
import { deliverNext } from "../notify/deliver.ts";
import { awaitedDrill, beginDrill, type Channel, type Drill, drillTrouble, followDrill, listDrills } from "../notify/index.ts";
import type { Notice } from "../notify/notice.ts";
import { planStep } from "../notify/plan-step.ts";
import { settingsOf } from "../notify/testing/stage.ts";
import { type Database, MINUTE_MS, virtualClock } from "../platform/index.ts";
import { signatureHeader } from "../stripe/index.ts";
import { createScheduler } from "../tasks/index.ts";
import { drillCheck, drillRule, drillTask } from "./alert-drill.ts";
import { ruleOfCheck } from "./check-rules.ts";
import type { Config } from "./config.ts";
import { DERIVE, deriveEvents } from "./derive.ts";
import { drillSender, takingDrills } from "./drill-event.ts";
import { migrations } from "./migrations.ts";
import { beatNode } from "./nodes.ts";

const NOON = Date.UTC(2026, 9, 20, 12);
const SECRET = "whsec_of_the_endpoint_0123456789";

/** Every table's rows, so that whatever a drill touches is seen. */
async function everything(db: Database): Promise<Map<string, string>> {
  const tables = db.kind === "sqlite" ? sql<{ name: string }>`select name from sqlite_master where type = 'table' and name not like 'sqlite_%'` : sql<{ name: string }>`select table_name as name from information_schema.tables where table_schema = current_schema()`;
  const found = new Map<string, string>();
  for (const { name } of (await tables.execute(db.read)).rows) found.set(name, JSON.stringify((await sql`select * from ${sql.table(name)}`.execute(db.read)).rows));
  return found;
}

/** A service in small: its endpoint over real HTTP, its rule, its planning, one channel; its loops turn while a drill waits. */
async function service(db: Database) {
  const clock = virtualClock(NOON);
  const heard: Notice[] = [];
  let takes = true;
  const channel: Channel = { name: "team", kind: "test", merges: "text", gapMs: 0, fingerprint: "same", send: async (notice) => {
      if (!takes) return { kind: "refused", status: 400, reason: "answered 400" };
      heard.push(notice);
      return { kind: "sent", status: 200 };
    } };
  await db.write((tx) => registerChannels(tx, [channel]));
  const intake = createIntake({ append: openAppend(db), secrets: () => [{ endpoint: "main", secret: SECRET }], clock, onTrouble: () => {}, onCommitted: () => {} });
  const quarantine = createQuarantine({ db, clock });
  const accept = takingDrills({ db, clock, accept: quarantine.watch(intake.acceptBatch), onTaken: () => {} });
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const signature = request.headers["stripe-signature"];
      void accept([{ raw: Buffer.concat(chunks), signature: typeof signature === "string" ? signature : undefined }]).then(([answer]) => response.writeHead(answer?.status ?? 500).end());
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const node = { node: "one", pid: 1, version: "1", url, sandbox_url: null, started_at: NOON };
  await beatNode(db, node, NOON);
  const options = { scope: { live: false, timeZone: "UTC", mainCurrency: "usd", consumer: DERIVE }, thresholds: { webhookFailures5m: 3, paymentErrorRate1h: 0.9, revenueChangeDoD: -1, evidence: true }, handed: [drillRule(db), ruleOfCheck(drillCheck({ db, clock }))] };
  const deps = { db, clock, monotonicMs: () => 0, random: () => 0.5, log: { info: () => {}, warn: () => {}, error: () => {} }, channels: [channel], owner: "one" };
  let derives = true;
  const pause = async (): Promise<void> => {
    clock.advance(500);
    await quarantine.flush();
    if (derives) while ((await deriveEvents(db, "UTC", 100, clock.now())) > 0);
    await evaluate(db, options, clock.now());
    while (((await planStep({ db, clock, settings: settingsOf(), finder: async () => () => ({ channels: [], words: "" }) })) ?? 0) > 0);
    while (await deliverNext(deps, channel));
  };
  return {
    clock,
    url,
    heard,
    accept,
    pause,
    beat: () => beatNode(db, node, clock.now()),
    take: (next: boolean) => void (takes = next),
    derive: (next: boolean) => void (derives = next),
    begin: () => beginDrill({ db, clock }, { askedBy: "ann", cause: "manual", severity: "CRITICAL", acknowledge: false }),
    follow: (drill: Drill) => followDrill({ db, clock }, drill, { send: drillSender({ db, clock, publicUrl: null }), withinMs: 30_000, pause }),
    post: async (body: string, secret: string, atMs = clock.now()) => (await fetch(`${url}/webhooks/stripe`, { method: "POST", body, headers: { "stripe-signature": signatureHeader(body, secret, Math.floor(atMs / 1000)) } })).status,
  };
}

const ORDER = { id: "evt_1", object: "event", type: "payment_intent.succeeded", created: NOON / 1000, livemode: false, data: { object: { id: "pi_1", object: "payment_intent", amount: 100, amount_received: 100, currency: "usd", status: "succeeded", created: NOON / 1000 } } };

onBothDatabases("an alert drill", migrations, (database) => {
  it("goes from a signed event at the endpoint to the channel and its end, and leaves no trace in any figure", async () => {
    const db = await database.open();
    const s = await service(db);
    const before = await everything(db);
    const drill = await s.follow(await s.begin());
    expect(drill.hops.map(({ hop, ok }) => [hop, ok])).toEqual([["event", true], ["rule", true], ["route", true], ["channel team", true], ["end", true]]);
    expect(drill).toMatchObject({ outcome: "passed", finishedAt: expect.any(Number) });
    expect(drill.hops[0]?.words).toContain(`${s.url}/webhooks/stripe`);
    expect(drill.hops.slice(0, 4).every(({ latencyMs }) => latencyMs !== null && latencyMs >= 0)).toBe(true);
    expect(s.heard.map(({ status, drill: marked, title }) => [status, marked, title])).toEqual([["firing", true, "Drill: nothing is wrong"], ["resolved", true, "Drill: nothing is wrong"]]);
    const after = await everything(db);
    const changed = [...after].filter(([table, rows]) => before.get(table) !== rows).map(([table]) => table);
    // Alerts and notices, which are marked as a drill's; no event, delivery, bucket, tally, cursor or rejected request.
    expect(changed.sort()).toEqual(["alert", "alert_event", "channel", "notice", "notice_alert", "notice_attempt", "notify_alert", "notify_drill", "notify_news", "notify_plan", "notify_stream", "outbox"]);
    expect([await lastSeq(db.read), await lastDeliveryAt(db.read, "import"), await forwardStatus(db.read, "shop")]).toEqual([0, null, null]);
    // Its secret is gone with it, and stood in nothing that is shown.
    expect(await awaitedDrill(db.read, s.clock.now())).toBeNull();
  });

  it("is begun by nobody from outside: only what the drill's own secret signed, while it waits, is its event", async () => {
    const db = await database.open();
    const s = await service(db);
    const began = await s.begin();
    const awaited = await awaitedDrill(db.read, s.clock.now());
    const secret = awaited?.secret ?? "";
    expect(secret).toMatch(/^[\w-]{43}$/);
    const body = `{"object":"tillwatch.drill","id":"drill_${began.id}"}`;
    const quiet = async (): Promise<void> => expect(await drillTrouble(db.read, s.clock.now())).toBeNull();
    for (const guess of ["", `drill_${began.id}`, "whsec_", SECRET.slice(0, -1), `${secret}x`]) {
      expect(await s.post(body, guess), guess).toBe(400);
      await quiet();
    }
    // Whoever has the endpoint's secret can send events, and no drill: signed, and no event of Stripe's.
    expect(await s.post(body, SECRET)).toBe(400);
    expect(await s.post(JSON.stringify({ ...ORDER, type: "tillwatch.drill", data: { object: { object: "tillwatch.drill", id: `drill_${began.id}`, metadata: { drill: "true" } } } }), SECRET)).toBe(200);
    expect(await lastSeq(db.read)).toBe(1);
    await quiet();
    // Signed rightly and an hour old, or from ahead: somebody kept it.
    for (const atMs of [s.clock.now() - 60 * MINUTE_MS, s.clock.now() + 60 * MINUTE_MS]) expect(await s.post(body, secret, atMs)).toBe(400);
    // Signed rightly, and larger than a drill's event ever is.
    expect(await s.post(`{"object":"tillwatch.drill","pad":"${"x".repeat(2000)}"}`, secret)).toBe(400);
    await quiet();
    expect(await s.post(body, secret)).toBe(200);
    const trouble = await drillTrouble(db.read, s.clock.now());
    expect(trouble).toMatchObject({ id: began.id, eventSeq: 1 });
    // Again, later: taken, and changes nothing.
    s.clock.advance(2000);
    expect(await s.post(body, secret)).toBe(200);
    expect(await drillTrouble(db.read, s.clock.now())).toEqual(trouble);
    // In one batch with real ones each gets its own answer.
    const item = (text: string, by: string) => ({ raw: Buffer.from(text), signature: signatureHeader(text, by, Math.floor(s.clock.now() / 1000)) });
    expect((await s.accept([item(body, "forged"), item(JSON.stringify({ ...ORDER, id: "evt_2" }), SECRET), item(body, secret), item("{", SECRET)])).map(({ outcome }) => outcome)).toEqual(["rejected", "accepted", "accepted", "malformed"]);
    await s.follow(began);
    expect(await s.post(body, secret)).toBe(400);
    await quiet();
  });

  it("fires no sooner than a real event would: when everything before it is derived from", async () => {
    const db = await database.open();
    const s = await service(db);
    expect(await s.post(JSON.stringify(ORDER), SECRET)).toBe(200);
    s.derive(false);
    const stuck = await s.follow(await s.begin());
    expect(stuck.hops.map(({ hop, ok }) => [hop, ok])).toEqual([["event", true], ["rule", false]]);
    expect(stuck.hops[1]?.words).toContain("are events derived from");
    s.derive(true);
    s.clock.advance(1000);
    await s.beat();
    expect((await s.follow(await s.begin())).outcome).toBe("passed");
  });

  it("that fails, is never ended or was due and not held is an alert, until one passes", async () => {
    const db = await database.open();
    const s = await service(db);
    const check = drillCheck({ db, clock: s.clock });
    const state = async () => await check.run(new AbortController().signal);
    expect(await state()).toEqual({ state: "ok", figure: "none was held yet" });
    s.take(false);
    const failed = await s.follow(await s.begin());
    expect(failed.hops.filter(({ ok }) => !ok)).toEqual([{ hop: "channel team", ok: false, latencyMs: 0, words: "dead: answered 400" }]);
    expect(await state()).toMatchObject({ state: "degraded", figure: expect.stringContaining("channel team: dead: answered 400") });
    s.take(true);
    s.heard.length = 0;
    for (let minute = 0; minute < 9; minute += 1) {
      s.clock.advance(MINUTE_MS);
      await s.pause();
    }
    expect(s.heard.filter(({ drill }) => !drill).map(({ severity, title }) => [severity, title])).toEqual([["WARNING", "An alert drill did not come through"]]);
    // No service: said at once, nothing is waited for.
    const alone = await s.follow(await s.begin());
    expect(alone.hops).toEqual([expect.objectContaining({ hop: "event", ok: false, words: expect.stringContaining("no service") }), expect.objectContaining({ hop: "rule", ok: false })]);
    // Nothing listens where the node said that it does.
    await beatNode(db, { node: "one", pid: 1, version: "1", url: "http://127.0.0.1:9", sandbox_url: null, started_at: NOON }, s.clock.now());
    await db.write((tx) => tx.updateTable("node").set({ url: "http://127.0.0.1:9" }).execute());
    expect((await s.follow(await s.begin())).hops[0]).toMatchObject({ ok: false, words: expect.stringContaining("could not be reached") });
    await db.write((tx) => tx.updateTable("node").set({ url: s.url }).execute());
    await s.beat();
    expect((await s.follow(await s.begin())).outcome).toBe("passed");
    expect((await state()).state).toBe("ok");
    s.heard.length = 0;
    for (let minute = 0; minute < 5; minute += 1) {
      s.clock.advance(MINUTE_MS);
      await s.pause();
    }
    expect(s.heard.map(({ status, title }) => [status, title])).toEqual([["resolved", "An alert drill did not come through"]]);
    // The process that followed it died.
    const left = await s.begin();
    s.clock.advance(32 * MINUTE_MS);
    expect(await state()).toMatchObject({ state: "degraded", figure: expect.stringContaining(`drill ${left.id} of`) });
    expect(await s.begin()).toMatchObject({ id: left.id + 1 });
    expect((await listDrills(db.read, 2))[1]).toMatchObject({ id: left.id, outcome: "failed" });
  });

  it("that the schedule missed is one too", async () => {
    const db = await database.open();
    const clock = virtualClock(NOON);
    const config = { merchant: { timeZone: "UTC" }, server: { publicUrl: null } } as unknown as Config;
    const task = { ...drillTask(db, config, clock), enabled: true };
    const scheduler = createScheduler({ db, tasks: [task], clock, monotonicMs: () => 0, journal: { append: () => {} }, node: "one", pid: 1, onError: () => {} });
    await scheduler.start();
    await scheduler.runDue();
    // Tuesdays at ten; the service sleeps over the next one by more than its hour of grace.
    clock.set(Date.UTC(2026, 9, 27, 14));
    await scheduler.runDue();
    await scheduler.stop();
    expect(await drillCheck({ db, clock }).run(new AbortController().signal)).toMatchObject({ state: "degraded", figure: "the drill due at 2026-10-27T10:00:00Z was not held: no service was running" });
  });
});
