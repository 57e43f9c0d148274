import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { migrations } from "../app/migrations.ts";
import { sumBy, sumWindow } from "../metrics/index.ts";
import { DAY_MS } from "../platform/index.ts";
import { buildReport } from "./build.ts";
import { showReport, type ShownReport } from "./present.ts";
import { shopEvents, shopSources, takeIn } from "./testing/shop.ts";

const START = Date.UTC(2026, 1, 20);
const DAYS = 24;
const NOW = START + 60 * DAY_MS;

interface Raw {
  readonly type: string;
  readonly created: number;
  readonly account?: string;
  readonly data: { readonly object: Record<string, unknown> };
}

type Sums = Record<string, number>;

/**
 * The same figures from the raw events alone, by another way: no payments, no buckets, one look at each object's events.
 * Of this shop's traffic: nothing comes late, no connected accounts.
 */
function independent(events: readonly Raw[], fromMs: number, toMs: number): Sums {
  const sums: Sums = {};
  const add = (name: string, value: number): void => {
    if (value !== 0) sums[name] = (sums[name] ?? 0) + value;
  };
  const within = (s: number): boolean => s * 1000 >= fromMs && s * 1000 < toMs;
  const byObject = Map.groupBy(events.filter(({ account }) => account === undefined), ({ data: { object } }) => String(object["id"]));
  for (const of of byObject.values()) {
    const last = of.toSorted((left, right) => left.created - right.created).at(-1);
    const kind = last?.data.object["object"];
    if (last === undefined) continue;
    const object = last.data.object;
    const currency = String(object["currency"]);
    if (kind === "charge") {
      const ended = of.find(({ data: { object: charge } }) => charge["status"] !== "pending");
      if (ended !== undefined && within(ended.created)) {
        add("attempts", 1);
        add(of.some(({ type }) => type === "charge.failed") ? "failed" : "succeeded", 1);
      }
      const captured = of.find(({ data: { object: charge } }) => charge["status"] === "succeeded" && Number(charge["amount_captured"]) > 0);
      if (captured !== undefined && within(captured.created)) {
        add(`gross ${currency}`, Number(object["amount_captured"]));
        add("captures", 1);
      }
    }
    if (kind === "refund" && within(of[0]?.created ?? 0) && object["status"] !== "failed" && object["status"] !== "canceled") {
      add(`refunded ${currency}`, Number(object["amount"]));
      add("refunds", 1);
    }
    if (kind === "dispute") {
      for (const { type, created } of of) {
        if (!within(created)) continue;
        if (type === "charge.dispute.funds_withdrawn") {
          add(`disputed ${currency}`, Number(object["amount"]));
          add("disputes", 1);
        }
        if (type === "charge.dispute.funds_reinstated") add(`disputed ${currency}`, -Number(object["amount"]));
      }
    }
    if (kind === "payment_intent") {
      for (const { type, created, data } of of) {
        const error = data.object["last_payment_error"] as { charge?: unknown } | null | undefined;
        if (type !== "payment_intent.payment_failed" || !within(created) || (error?.charge ?? null) !== null) continue;
        add("attempts", 1);
        add("failed", 1);
      }
    }
  }
  return sums;
}

function sectionOf(report: ShownReport, id: string) {
  return report.sections.find((section) => section.id === id);
}

/** The report's figures under the names of the independent ones. */
function told(report: ShownReport): Sums {
  const sums: Sums = {};
  const names: Record<string, readonly string[]> = { payments: ["attempts", "succeeded", "failed"], refunds: ["refunds", "refunded"], disputes: ["disputes", "disputed"], revenue: ["gross"] };
  for (const [id, wanted] of Object.entries(names)) {
    for (const figure of sectionOf(report, id)?.figures ?? []) {
      if (!wanted.includes(figure.id) || typeof figure.value !== "number" || figure.value === 0) continue;
      sums[figure.currency === null ? figure.id : `${figure.id} ${figure.currency}`] = figure.value;
    }
  }
  for (const { id, value } of sectionOf(report, "revenue")?.figures ?? []) if (id.startsWith("captures_")) sums["captures"] = (sums["captures"] ?? 0) + Number(value);
  return sums;
}

onBothDatabases("the report's figures", migrations, (database) => {
  it("equal an independent sum over the raw events, and what the buckets give, over any period in any zone", { timeout: 120_000 }, async () => {
    const db = await database.open();
    const events = shopEvents(4000, START, DAYS);
    await takeIn(db, events, "Europe/Berlin");
    const raw = events as unknown as readonly Raw[];
    const sources = shopSources(db, { merchant: { name: "Shop", timeZone: "Europe/Berlin" } });
    // Across the change of the clocks in New York (8 March 2026) and Kolkata's half hours.
    const cases = [
      { asked: { from: "2026-02-01", to: "2026-04-10", tz: "UTC" }, from: Date.UTC(2026, 1, 1), to: Date.UTC(2026, 3, 11) },
      { asked: { from: "2026-02-25", to: "2026-03-10" }, from: Date.UTC(2026, 1, 24, 23), to: Date.UTC(2026, 2, 10, 23) },
      { asked: { from: "2026-03-01", to: "2026-03-08", tz: "America/New_York" }, from: Date.UTC(2026, 2, 1, 5), to: Date.UTC(2026, 2, 9, 4) },
      { asked: { from: "2026-03-02", to: "2026-03-03", tz: "Asia/Kolkata" }, from: Date.UTC(2026, 2, 1, 18, 30), to: Date.UTC(2026, 2, 3, 18, 30) },
      { asked: { from: "2026-03-02T10:07:00Z", to: "2026-03-05T11:31:00+01:00" }, from: Date.UTC(2026, 2, 2, 10, 7), to: Date.UTC(2026, 2, 5, 10, 31) },
    ];
    for (const { asked, from, to } of cases) {
      const report = showReport(await buildReport(sources, asked, NOW));
      expect(report.period).toMatchObject({ from: new Date(from).toISOString().replace(".000", ""), to: new Date(to).toISOString().replace(".000", "") });
      expect(report.notes).toEqual(["TEST mode: no real money."]);
      const sums = independent(raw, from, to);
      expect(Object.keys(sums).length).toBeGreaterThan(5);
      expect(told(report)).toEqual(sums);

      const window = { fromMs: from, toMs: to, live: false };
      const all = await sumWindow(db.read, window);
      const figures = new Map(sectionOf(report, "payments")?.figures.map(({ id, value }) => [id, value]));
      expect(Object.fromEntries(["attempts", "payments", "payments_succeeded", "failed_customer", "failed_risk", "failed_technical"].map((id) => [id, figures.get(id)]))).toEqual({
        attempts: all.attempts,
        payments: all.payments,
        payments_succeeded: all.payments_succeeded,
        failed_customer: all.failed_customer,
        failed_risk: all.failed_risk,
        failed_technical: all.failed_technical,
      });
      expect(figures.get("error_rate_raw")).toBe(Math.round((all.failed / all.attempts) * 10_000) / 10_000);
      for (const [code, one] of await sumBy(db.read, "currency", window)) {
        const net = sectionOf(report, "revenue")?.figures.find((figure) => figure.id === "net" && figure.currency === code)?.value ?? 0;
        expect(net).toBe(one.gross - one.refunded - one.disputed);
      }
    }
  });

  it("add up: the pieces of each picture are the whole, and two halves are the one period", { timeout: 120_000 }, async () => {
    const db = await database.open();
    await takeIn(db, shopEvents(1500, START, DAYS, 5), "Australia/Lord_Howe");
    const sources = shopSources(db, { merchant: { name: "Shop", timeZone: "Australia/Lord_Howe" } });
    for (const tz of ["Australia/Lord_Howe", "UTC", "America/St_Johns"]) {
      const whole = showReport(await buildReport(sources, { from: "2026-02-01", to: "2026-04-12", tz }, NOW));
      for (const chart of whole.sections.flatMap(({ charts }) => charts).filter(({ unit }) => unit !== "rate")) {
        for (const { values, name } of chart.series) {
          const sum = values.reduce<number>((before, value) => before + (value ?? 0), 0);
          const [id, section] = chart.id.startsWith("revenue_") ? [name.toLowerCase(), "revenue"] : [null, ""];
          if (id !== null) expect([chart.id, sum]).toEqual([chart.id, sectionOf(whole, section)?.figures.find((figure) => figure.id === id && figure.currency === chart.currency)?.value]);
        }
      }
      const first = told(showReport(await buildReport(sources, { from: "2026-02-01", to: "2026-03-04", tz }, NOW)));
      const second = told(showReport(await buildReport(sources, { from: "2026-03-05", to: "2026-04-12", tz }, NOW)));
      const added: Sums = {};
      for (const [name, value] of [...Object.entries(first), ...Object.entries(second)]) added[name] = (added[name] ?? 0) + value;
      expect(Object.fromEntries(Object.entries(added).filter(([, value]) => value !== 0))).toEqual(told(whole));
    }
  });
});
