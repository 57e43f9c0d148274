import * as fc from "fast-check";
import { describe as suite, expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import type { LedgerEntry } from "../ledger/index.ts";
import { foldPayments, getPayment, type Payment, paymentsMigrations } from "../payments/index.ts";
import { anyHistory, chargeObject, entry, NEW, story } from "../payments/testing/stories.ts";
import type { Database } from "../platform/index.ts";
import { accountsOf, foldMetrics, localDays, type Measures, metricsMigrations, retainMetrics, series, sumBy, sumWindow } from "./index.ts";
import { cut } from "./cut.ts";

const TABLES = ["payment", "payment_alias", "payment_event", "attempt", "refund", "metric", "metric_setting"] as const;
const ZONE = "America/St_Johns";
const START = 1_760_000_000_000;

async function fold(db: Database, entries: readonly LedgerEntry[], timeZone = ZONE): Promise<void> {
  await db.write(async (tx) => {
    const { changes } = await foldPayments(tx, entries);
    await foldMetrics(tx, changes, { timeZone });
  });
}

async function clear(db: Database): Promise<void> {
  await db.write(async (tx) => {
    for (const table of TABLES) await tx.deleteFrom(table).execute();
  });
}

async function allPayments(db: Database): Promise<Payment[]> {
  const ids = await db.read.selectFrom("payment").select("id").execute();
  const payments = await Promise.all(ids.map(({ id }) => getPayment(db.read, id)));
  return payments.filter((payment) => payment !== null);
}

interface Fact {
  at: number;
  slices: string[];
  measures: Partial<Record<keyof Measures, number>>;
}

/** What happened, said once more and otherwise: one fact per thing, each in its slices. */
function factsOf(payment: Payment): Fact[] {
  const counted = payment.attempts.filter((attempt) => attempt.outcome !== "pending" && attempt.at !== null);
  const facts: Fact[] = counted.map(({ at, outcome, failure, currency, brand, country, method }) => ({
    at: at ?? 0,
    slices: ["all ", `currency ${currency}`, ...(brand === null ? [] : [`brand ${brand}`]), ...(country === null ? [] : [`country ${country}`]), ...(method === null ? [] : [`method ${method}`]), ...(failure === null ? [] : [`cause ${failure.code ?? "unknown"}`])],
    measures: { attempts: 1, [outcome]: 1, ...(failure === null ? {} : { [`failed_${failure.cause}`]: 1 }) },
  }));
  const first = counted[0];
  if (first !== undefined && payment.finalOutcome !== "pending") {
    facts.push({ at: first.at ?? 0, slices: ["all ", `currency ${first.currency}`], measures: { payments: 1, payments_succeeded: counted.some((attempt) => attempt.outcome === "succeeded") ? 1 : 0 } });
  }
  const money = (at: number, currency: string, amount: Fact["measures"], count: Fact["measures"]): void => {
    facts.push({ at, slices: [`currency ${currency}`], measures: { ...amount, ...count } }, { at, slices: ["all "], measures: count });
  };
  for (const attempt of counted) if (attempt.captured > 0) money(attempt.capturedAt ?? 0, attempt.currency, { gross: attempt.captured }, { captures: 1 });
  for (const refund of payment.refunds) if (refund.counts) money(refund.toldAt, refund.currency, { refunded: refund.amount }, { refunds: 1 });
  if (payment.unseenRefund !== null) money(payment.unseenRefund.at, payment.currency ?? "", { refunded: payment.unseenRefund.amount }, { refunds: 1 });
  for (const dispute of payment.disputes) {
    if (dispute.withdrawn === null) continue;
    money(dispute.withdrawnAt ?? 0, dispute.currency ?? "", { disputed: dispute.withdrawn }, { disputes: 1 });
    if (dispute.withheld === 0) money(dispute.reinstatedAt ?? 0, dispute.currency ?? "", { disputed: 0 - dispute.withdrawn }, {});
  }
  return facts;
}

function localDayStart(ms: number): number {
  return Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(ZONE).startOfDay().epochMilliseconds;
}

function recount(payments: readonly Payment[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const payment of payments) for (const { at, slices, measures } of factsOf(payment)) for (const slice of slices) for (const [measure, amount] of Object.entries(measures)) {
    for (const [grain, start] of [["m", at - (at % 60_000)], ["h", at - (at % 3_600_000)], ["d", localDayStart(at)]] as const) {
      const key = `${grain} ${payment.live ? 1 : 0} ${payment.account ?? ""} ${slice} ${start} ${measure}`;
      sums[key] = (sums[key] ?? 0) + amount;
    }
  }
  return Object.fromEntries(Object.entries(sums).filter(([, amount]) => amount !== 0));
}

async function stored(db: Database): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { grain, live, account, kind, value, start, ...measures } of await db.read.selectFrom("metric").selectAll().execute()) {
    for (const [measure, amount] of Object.entries(measures)) if (amount !== 0) sums[`${grain} ${live} ${account} ${kind} ${value} ${start} ${measure}`] = amount;
  }
  return sums;
}

onBothDatabases("metrics", [...paymentsMigrations, ...metricsMigrations], (database) => {
  it("are what all payments amount to, whatever order and batches they came in", async () => {
    const db = await database.open();
    await fc.assert(
      fc.asyncProperty(anyHistory, fc.constantFrom(null, "acct_1"), async ({ batches }, account) => {
        await clear(db);
        for (const batch of batches) await fold(db, batch.map((one) => ({ ...one, account, live: account === null })));
        expect(await stored(db)).toEqual(recount(await allPayments(db)));
      }),
      { numRuns: database.kind === "sqlite" ? 60 : 25 },
    );
  });

  it("answer any window as if every fact were counted", async () => {
    const db = await database.open();
    const stories = Array.from({ length: 40 }, (_, index) => ({ at: index * 7919, ...story(index % 3 === 0 ? "declinedThenPaid" : index % 3 === 1 ? "refundedInParts" : "blocked", { key: `w${index}`, currency: index % 2 === 0 ? "usd" : "eur", pace: 17 }) }));
    await fold(db, stories.flatMap(({ events, at }) => events.map((sketch) => ({ ...sketch, second: sketch.second + at }))).map((sketch, index) => entry(sketch, index + 1)));
    const facts = (await allPayments(db)).flatMap(factsOf);
    const span = 40 * 7919 * 1000;
    const attempts = ["attempts", "succeeded", "failed", "failed_customer", "failed_risk"] as const;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: -5_000_000, max: span }), fc.oneof(fc.integer({ min: 0, max: 200_000 }), fc.integer({ min: 0, max: span })), async (offset, length) => {
        const window = { fromMs: START + offset, toMs: START + offset + length };
        const total = await sumWindow(db.read, window);
        const byCurrency = await sumBy(db.read, "currency", window);
        const count = (slice: string, measure: keyof Measures, inside: (at: number) => boolean) =>
          facts.filter(({ at, slices }) => inside(at) && slices.includes(slice)).reduce((sum, { measures }) => sum + (measures[measure] ?? 0), 0);
        const exact = (at: number) => at >= window.fromMs && at < window.toMs;
        const begins = (at: number) => exact(at - (at % 60_000));
        for (const measure of attempts) {
          expect(total[measure]).toBe(count("all ", measure, exact));
          expect(byCurrency.get("eur")?.[measure] ?? 0).toBe(count("currency eur", measure, exact));
        }
        for (const measure of ["gross", "captures", "refunded", "refunds", "payments"] as const) {
          expect(byCurrency.get("usd")?.[measure] ?? 0).toBe(count("currency usd", measure, begins));
        }
        const brands = await sumBy(db.read, "brand", window);
        expect(brands.get("visa")?.attempts ?? 0).toBe(count("brand visa", "attempts", begins));
      }),
      { numRuns: database.kind === "sqlite" ? 150 : 40 },
    );
  });

  it("keep accounts and modes apart, and money out of the sum of all", async () => {
    const db = await database.open();
    const charge = (seq: number, currency: string, options: Partial<LedgerEntry>) => entry({ type: "charge.succeeded", second: 0, object: chargeObject({ key: `k${seq}`, version: NEW, currency, amount: 700, pace: 1, withIntent: false }) }, seq, options);
    await fold(db, [charge(1, "usd", {}), charge(2, "eur", {}), charge(3, "usd", { live: false }), charge(4, "usd", { account: "acct_1" })]);
    const window = { fromMs: START - (START % 60_000), toMs: START + 3_600_000 };
    expect(await sumWindow(db.read, window)).toMatchObject({ attempts: 2, captures: 2, gross: 0 });
    expect([...(await sumBy(db.read, "currency", window))].map(([value, { gross }]) => `${value} ${gross}`).sort()).toEqual(["eur 700", "usd 700"]);
    expect(await sumWindow(db.read, { ...window, live: false })).toMatchObject({ attempts: 1 });
    expect(await sumWindow(db.read, { ...window, account: "acct_1" })).toMatchObject({ attempts: 1 });
    expect(await accountsOf(db.read, true)).toEqual([null, "acct_1"]);
    const buckets = await series(db.read, "minute", "currency", { fromMs: START - 60_000, toMs: START + 60_000 }, "eur");
    expect(buckets).toEqual([{ startMs: START - (START % 60_000), value: "eur", measures: expect.objectContaining({ attempts: 1, gross: 700 }) }]);
  });

  it("correct the past when an attempt fails after all", async () => {
    const db = await database.open();
    const [pending, succeeded, failed] = story("lateFailure", { pace: 3600 }).events.map((sketch, index) => entry(sketch, index + 1));
    if (pending === undefined || succeeded === undefined || failed === undefined) throw new Error("no events");
    await fold(db, [pending, succeeded]);
    const hour = { fromMs: succeeded.createdAt - 60_000, toMs: succeeded.createdAt + 60_000 };
    expect(await sumWindow(db.read, hour)).toMatchObject({ succeeded: 1, failed: 0, payments_succeeded: 1 });
    expect((await sumBy(db.read, "currency", hour)).get("usd")).toMatchObject({ gross: 2000 });
    await fold(db, [failed]);
    expect(await sumWindow(db.read, hour)).toMatchObject({ attempts: 1, succeeded: 0, failed: 1, failed_customer: 1, payments_succeeded: 0 });
    expect((await sumBy(db.read, "currency", hour)).get("usd")).toMatchObject({ gross: 0 });
  });

  it("let old minutes go in steps, and never bring back a part of one", async () => {
    const db = await database.open();
    const events = story("lateFailure", { pace: 600 }).events.map((sketch, index) => entry(sketch, index + 1));
    await fold(db, events.slice(0, 2));
    const other = entry({ type: "charge.succeeded", second: 7200, object: chargeObject({ key: "z", version: NEW, currency: "usd", amount: 5, pace: 1, withIntent: false }) }, 9);
    await fold(db, [other]);
    const before = START + 3_600_000;
    let steps = 0;
    while ((await retainMetrics(db, "minute", before, 2, "derive")) > 0) steps += 1;
    expect(steps).toBeGreaterThan(2);
    await fold(db, events.slice(2));
    expect(await series(db.read, "minute", "all", { fromMs: 0, toMs: before })).toEqual([]);
    expect((await series(db.read, "hour", "all", { fromMs: 0, toMs: before }))[0]?.measures).toMatchObject({ attempts: 1, failed: 1 });
    expect((await series(db.read, "minute", "all", { fromMs: before, toMs: before * 2 })).length).toBe(1);
  });
});

suite("local days", () => {
  it.each([
    ["Europe/Berlin", "2025-03-30T12:00:00Z", 23],
    ["Europe/Berlin", "2025-10-26T12:00:00Z", 25],
    ["Asia/Kolkata", "2025-10-26T12:00:00Z", 24],
    ["Africa/Cairo", "2025-04-25T12:00:00Z", 23],
  ])("in %s around %s have %i hours", (zone, at, hours) => {
    const day = localDays(zone)(Date.parse(at));
    expect((day.endMs - day.startMs) / 3_600_000).toBe(hours);
  });

  it("follow one another without a gap, and a window is cut into buckets that are whole", () => {
    fc.assert(
      fc.property(fc.constantFrom("Europe/Berlin", "America/St_Johns", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"), fc.integer({ min: 0, max: 500_000 }), fc.integer({ min: 1, max: 600_000 }), (zone, from, length) => {
        const [fromMs, toMs] = [START + from * 60_000, START + (from + length) * 60_000];
        const spans = cut(fromMs, toMs, zone);
        expect(spans[0]?.fromMs).toBe(fromMs);
        expect(spans.at(-1)?.toMs).toBe(toMs);
        const dayOf = localDays(zone);
        for (const [index, span] of spans.entries()) {
          expect(span.fromMs).toBe(spans[index - 1]?.toMs ?? fromMs);
          if (span.grain === "hour") expect([span.fromMs % 3_600_000, span.toMs % 3_600_000]).toEqual([0, 0]);
          if (span.grain === "day") expect([dayOf(span.fromMs).startMs, dayOf(span.toMs).startMs]).toEqual([span.fromMs, span.toMs]);
          if (span.grain === "minute") expect(span.toMs - span.fromMs).toBeLessThanOrEqual(25 * 3_600_000);
        }
      }),
    );
  });
});
