import { appendFileSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { expect, it } from "vitest";
import { someEvents } from "../../../sandbox/index.ts";
import { onBothDatabases, temporaryDirectory } from "../../../test/databases.ts";
import { deriveEvents } from "../../app/derive.ts";
import { migrations } from "../../app/migrations.ts";
import { countFailures, lastDeliveryAt, openAppend, readAfter, readDeliveriesAfter, readHead } from "../../ledger/index.ts";
import { sumBy } from "../../metrics/index.ts";
import { getPayment } from "../../payments/index.ts";
import type { Database } from "../../platform/index.ts";
import { mirrorDeliveries } from "../mirror.ts";
import { importBoundary } from "./boundary.ts";
import { importFiles, type ImportOptions } from "./import.ts";
import { totals } from "./report.ts";

const NOW = Date.UTC(2026, 9, 20, 15);
const DAY = 86_400_000;

function write(folder: string, name: string, lines: readonly unknown[]): string {
  const path = join(folder, name);
  writeFileSync(path, lines.map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`).join(""));
  return path;
}

async function run(db: Database, files: readonly string[], more: Partial<ImportOptions> = {}) {
  const report = await importFiles(db, { files, dryRun: false, nowMs: NOW, timeZone: "America/New_York", live: true, untilMs: null, onProgress: () => {}, ...more });
  return { ...totals(report), report };
}

async function derive(db: Database): Promise<void> {
  while ((await deriveEvents(db, "America/New_York", 500, NOW)) > 0);
}

async function revenue(db: Database, fromMs: number, toMs: number, currency = "usd"): Promise<{ gross: number; refunded: number; captures: number }> {
  await derive(db);
  const sums = (await sumBy(db.read, "currency", { fromMs, toMs, live: true, account: null })).get(currency);
  return { gross: sums?.gross ?? 0, refunded: sums?.refunded ?? 0, captures: sums?.captures ?? 0 };
}

function arrivalOf(event: Record<string, unknown>) {
  const head = readHead(event, NOW);
  if (head.kind === "malformed") throw new Error(head.reason);
  return { kind: "arrival" as const, head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: NOW, source: "webhook" as const, endpoint: "main" };
}

const charge = (over: Record<string, unknown> = {}) => ({ id: "ch_real", object: "charge", amount: 2000, amount_captured: 2000, amount_refunded: 0, captured: true, currency: "usd", status: "succeeded", paid: true, payment_intent: "pi_1", ...over });
const event = (id: string, type: string, object: Record<string, unknown>, atMs = NOW - DAY) => ({ id, object: "event", type, created: Math.floor(atMs / 1000), livemode: true, data: { object } });

onBothDatabases("import", migrations, (database) => {
  it("takes what stands around a line that is nested too deep, in a log and in a document", async () => {
    const db = await database.open();
    const deep = `${"[".repeat(200_000)}${"]".repeat(200_000)}`;
    const hostile = `{"event_type":"a.b","event_id":"evt_1","ts":"2026-01-01T00:00:00Z","x":${deep}}`;
    const well = { event_type: "a.b", event_id: "evt_2", ts: "2026-01-01T00:00:01Z", ok: true };
    const folder = temporaryDirectory();
    const log = write(folder, "stripe_webhooks.ndjson", [hostile, well]);
    const document = write(folder, "list.json", [`[${hostile},${JSON.stringify(event("evt_3", "charge.succeeded", charge()))}]`]);
    const found = await run(db, [log, document]);
    expect(found).toMatchObject({ lines: 4, taken: 2, bad: 2 });
    expect(found.report.badLines.map(({ reason }) => reason)).toEqual(["nested too deep", "nested too deep"]);
  });

  it("takes the older system's files, tells what it took and what not, and changes nothing the second time", async () => {
    const db = await database.open();
    const folder = temporaryDirectory();
    const files = [
      write(folder, "payments_stripe.ndjson", [{ date: "2026-10-18", amount_usd: 10.5 }, { date: "2026-10-18", amount_usd: 10.5 }, { ts: "2026-10-18T20:00:00.123456", amount_usd: "4.25", mode: "live" }, { date: "2026-10-18", amount_usd: 19.990000000000002 }, { date: "2026-10-18" }, { date: "soon", amount_usd: 1 }, { ts: "2026-10-18T20:00:00Z", amount_usd: 1.005 }, { ts: "2026-10-18T21:00:00Z", amount_usd: 3, status: "failed" }, "", "{broken"]),
      write(folder, "stripe_webhooks.ndjson", [
        { ts: "2026-10-20T14:58:00Z", event_type: "charge.failed", event_id: "evt_a", mode: "live", ok: false, status: 500 },
        { ts: "2026-10-20T14:59:00+00:00Z", event_type: "charge.succeeded", event_id: "evt_b", mode: "live", ok: true, status: 200 },
        { ts: "2026-10-20T14:59:10Z", event_type: "charge.succeeded", event_id: "evt_c", mode: "live" },
        { ts: "2026-10-20T14:59:10Z", event_type: "charge.succeeded", event_id: "evt_c", mode: "live", ok: true, status: 200, outcome: "accepted", endpoint: "main", delivery: 7 },
      ]),
      write(folder, "production_alerts.ndjson", [{ ts: "2026-10-20T14:58:00Z", event: "production_alerts", webhook_failures_5m: 0 }]),
    ];
    const first = await run(db, files);
    expect(first).toMatchObject({ lines: 14, taken: 7, alreadyThere: 0, skipped: 3, bad: 4 });
    expect(first.report.badLines).toEqual([
      { file: files[0], line: 5, reason: expect.stringContaining("plain decimal number") },
      { file: files[0], line: 6, reason: expect.stringContaining("`ts` or `date`") },
      { file: files[0], line: 7, reason: expect.stringContaining("3 decimals") },
      { file: files[0], line: 10, reason: "not valid JSON" },
    ]);
    expect([...first.report.reasons.values()]).toEqual([1, 1, 1]);
    const before = [await readAfter(db.read, 0, 100), await readDeliveriesAfter(db.read, 0, 100)];
    expect(await run(db, files)).toMatchObject({ taken: 0, alreadyThere: 7, skipped: 3, bad: 4 });
    expect([await readAfter(db.read, 0, 100), await readDeliveriesAfter(db.read, 0, 100)]).toEqual(before);

    // The merchant's day, from its midnight to the next: 10.50 twice, 4.25, 19.99.
    const day = Date.UTC(2026, 9, 18, 4);
    expect(await revenue(db, day, day + DAY)).toEqual({ gross: 4524, refunded: 0, captures: 4 });
    expect(await db.read.selectFrom("event_failure").selectAll().execute()).toEqual([]);
  });

  it("counts a failed old delivery at its own time, not now, and mirrors none to the log it may have been read from", async () => {
    const db = await database.open();
    await run(db, [write(temporaryDirectory(), "stripe_webhooks.ndjson", [{ ts: "2026-10-19T08:00:30Z", event_type: "charge.failed", event_id: "evt_a", mode: "live", ok: false, status: 500 }, { ts: "2026-10-19T08:00:31Z", event_type: "invoice.paid", event_id: "evt_b", mode: "live", ok: true }])]);
    const then = Date.UTC(2026, 9, 19, 8);
    expect(await countFailures(db.read, then, then + 60_000)).toEqual({ failures: 1, rejected: 0 });
    expect(await countFailures(db.read, NOW - 300_000, NOW + 1)).toEqual({ failures: 0, rejected: 0 });
    expect(await lastDeliveryAt(db.read, "import")).toBeNull();
    expect(await readDeliveriesAfter(db.read, 0, 9)).toMatchObject([{ outcome: "failed", status: 500, eventId: expect.stringMatching(/^imp_wh_/) }, { outcome: "accepted", status: 200 }]);
    const lines: unknown[] = [];
    expect(await mirrorDeliveries(db, { mode: "live", append: (some) => lines.push(...some), nowMs: NOW })).toBe(true);
    expect(lines).toEqual([]);
  });

  it("counts a payment and its refund once, whether Stripe's events or the old files come first", async () => {
    const folder = temporaryDirectory();
    const files = [
      write(folder, "payments_stripe.ndjson", [{ ts: "2026-10-19T15:00:02Z", amount_usd: 20, payment_id: "pi_1" }, { ts: "2026-10-19T15:00:02Z", amount_usd: 7, charge: "ch_old" }]),
      write(folder, "refunds.ndjson", [{ ts: "2026-10-19T16:00:01Z", payment_id: "pi_1", amount: 5, id: "re_1", status: "succeeded", mode: "live" }, { ts: "2026-10-19T16:00:01Z", payment_id: "ch_old", amount: "2.00" }, { ts: "2026-10-19T16:00:01Z", ok: false, payment_id: "pi_1", amount: 9 }]),
    ];
    const told = [
      event("evt_1", "charge.succeeded", charge()),
      event("evt_2", "charge.succeeded", charge({ id: "ch_old", payment_intent: null, amount: 700, amount_captured: 700 })),
      event("evt_3", "refund.created", { id: "re_1", object: "refund", amount: 500, currency: "usd", status: "succeeded", charge: "ch_real", payment_intent: "pi_1", balance_transaction: "txn_1" }),
      event("evt_4", "charge.refunded", charge({ id: "ch_old", payment_intent: null, amount: 700, amount_captured: 700, amount_refunded: 200 })),
    ];
    const expected = { gross: 2700, refunded: 700, captures: 2 };
    const range = [NOW - 3 * DAY, NOW] as const;

    const filesOnly = await database.open();
    expect(await run(filesOnly, files)).toMatchObject({ taken: 4, skipped: 1, bad: 0 });
    expect(await revenue(filesOnly, ...range)).toEqual(expected);
    await openAppend(filesOnly)(told.map(arrivalOf));
    expect(await revenue(filesOnly, ...range)).toEqual(expected);
    expect(await getPayment(filesOnly.read, "pi_1")).toMatchObject({ captured: 2000, refunded: 500, attempts: [{ id: "ch_real" }], refunds: [{ id: "re_1" }] });
    expect(await getPayment(filesOnly.read, "ch_old")).toMatchObject({ captured: 700, refunded: 200 });

    const eventsFirst = await database.open();
    await openAppend(eventsFirst)(told.map(arrivalOf));
    expect(await revenue(eventsFirst, ...range)).toEqual(expected);
    await run(eventsFirst, files);
    expect(await revenue(eventsFirst, ...range)).toEqual(expected);
  });

  it("leaves money without an id out from where Stripe's own events begin, and never moves that line again", async () => {
    const db = await database.open();
    const file = write(temporaryDirectory(), "payments_x.ndjson", [{ date: "2026-09-01", amount_usd: 1 }, { date: "2026-10-01", amount_usd: 2 }, { ts: "2026-10-01T10:00:00Z", amount_usd: 4, payment_id: "pi_9" }]);
    const untilMs = await importBoundary(db, NOW, true);
    expect(untilMs).toBe(NOW - 30 * DAY);
    expect(await run(db, [file], { untilMs })).toMatchObject({ taken: 2, skipped: 1 });
    expect(await importBoundary(db, NOW + 20 * DAY, true)).toBe(untilMs);
    expect(await revenue(db, NOW - 60 * DAY, NOW)).toMatchObject({ gross: 500 });
  });

  it("takes whole events of Stripe's byte for byte: NDJSON, a list, gzip; a flood of them in any cut", async () => {
    const db = await database.open();
    const folder = temporaryDirectory();
    const events = someEvents(300);
    const lines = events.map((one) => JSON.stringify(one));
    const plain = write(folder, "events.ndjson", lines);
    const list = join(folder, "list.json");
    writeFileSync(list, JSON.stringify({ object: "list", data: events.slice(0, 50) }, null, 2));
    const zipped = join(folder, "events.ndjson.1.gz");
    writeFileSync(zipped, gzipSync(lines.slice(0, 100).join("\n")));
    expect(await run(db, [zipped], { dryRun: true })).toMatchObject({ taken: 100 });
    expect(await run(db, [zipped])).toMatchObject({ lines: 100, taken: 100 });
    expect(await run(db, [plain, list])).toMatchObject({ lines: 350, taken: 200, alreadyThere: 150, bad: 0 });
    const stored = await readAfter(db.read, 0, 1000);
    expect(stored.map(({ eventId }) => eventId)).toEqual(events.map(({ id }) => id));
    expect(stored.map(({ body }) => body)).toEqual(events);
    expect(new Set(stored.map(({ source }) => source))).toEqual(new Set(["import"]));
  });

  it("takes the dashboard's exports of payments and refunds, quoted newlines and all", async () => {
    const db = await database.open();
    const folder = temporaryDirectory();
    const payments = write(folder, "unified_payments.csv", [
      "\uFEFFid,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Description,Mode,PaymentIntent ID,Status,Customer Email,Card Brand,Card Last4,Decline Reason,Refunded date (UTC)",
      'ch_1,2026-10-18 12:00,"1,020.00",20.00,usd,true,"two\nlines, ""quoted""",Live,pi_c1,Partially Refunded,a@example.com,Visa,4242,,2026-10-19 12:00',
      "ch_2,2026-10-18 12:01,500,0,jpy,true,,Live,pi_c2,Paid,,,,,",
      "ch_3,2026-10-18 12:02,10.00,0.00,usd,false,,Live,pi_c3,Failed,,Visa,0002,insufficient_funds,",
      "ch_4,2026-10-18 12:03,10.001,0.00,usd,true,,Live,pi_c4,Paid,,,,,",
      "ch_5,2026-10-18 12:03,10.00,0.00,usd,true,,Test,pi_c5,Paid,,,,,",
      "ch_6,2026-10-18 12:03,10.00,0.00,usd,true,,Live,pi_c6,requires_action,,,,,",
    ]);
    const refunds = write(folder, "refunds.csv", ["id,Amount,Created date (UTC),Currency,Status,Charge ID,PaymentIntent ID,Reason", "re_c1,20.00,2026-10-19 12:00,usd,succeeded,ch_1,pi_c1,requested_by_customer", "nonsense,20.00,2026-10-19 12:00,usd,succeeded,ch_1,pi_c1,"]);
    const first = await run(db, [payments, refunds]);
    expect(first).toMatchObject({ lines: 8, taken: 6, skipped: 1, bad: 2 });
    expect(first.report.badLines).toEqual([{ file: refunds, line: 3, reason: expect.stringContaining("re_…") }, { file: payments, line: 6, reason: expect.stringContaining("decimals") }]);
    expect(await run(db, [refunds, payments])).toMatchObject({ taken: 0, alreadyThere: 6 });
    expect(await revenue(db, NOW - 3 * DAY, NOW)).toEqual({ gross: 102_000, refunded: 2000, captures: 1 });
    expect(await revenue(db, NOW - 3 * DAY, NOW, "jpy")).toMatchObject({ gross: 500 });
    expect(await getPayment(db.read, "pi_c3")).toMatchObject({ status: "failed", last4: "0002", brand: "visa" });
    expect(await getPayment(db.read, "pi_c5")).toMatchObject({ live: false });
  });

  it("knows lines again after rotation, growth and a cut-short run", async () => {
    const db = await database.open();
    const folder = temporaryDirectory();
    const same = { date: "2026-10-18", amount_usd: 5 };
    const path = write(folder, "payments_live.ndjson", [same, same]);
    expect(await run(db, [path])).toMatchObject({ taken: 2 });
    appendFileSync(path, `${JSON.stringify(same)}\n`);
    expect(await run(db, [path])).toMatchObject({ taken: 1, alreadyThere: 2 });
    copyFileSync(path, `${path}.1`);
    writeFileSync(path, `${JSON.stringify(same)}\n`);
    expect(await run(db, [path, `${path}.1`])).toMatchObject({ taken: 1, alreadyThere: 3 });
    expect(await revenue(db, NOW - 3 * DAY, NOW)).toMatchObject({ gross: 2000, captures: 4 });
  });

  it("never throws and accounts for every line, whatever stands in a file", async () => {
    const db = await database.open();
    const folder = temporaryDirectory();
    const line = fc.oneof(fc.json(), fc.string().map((text) => text.replaceAll(/[\n\r]/g, " ")), fc.record({ amount_usd: fc.anything(), ts: fc.anything(), date: fc.anything(), id: fc.anything() }, { requiredKeys: ["amount_usd"] }).map((one) => JSON.stringify(one) ?? "x"), fc.record({ event_type: fc.string(), ts: fc.oneof(fc.string(), fc.integer()), ok: fc.boolean(), status: fc.anything() }).map((one) => JSON.stringify(one) ?? "x"));
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 30 }), async (lines) => {
        const path = write(folder, "payments_any.ndjson", lines);
        const { lines: count, taken, alreadyThere, skipped, bad } = await run(db, [path]);
        expect(count).toBe(lines.filter((text) => text.trim() !== "").length);
        expect(taken + alreadyThere + skipped + bad).toBe(count);
      }),
      { numRuns: 40 },
    );
    await derive(db);
    expect(await db.read.selectFrom("event_failure").selectAll().execute()).toEqual([]);
  });
});
