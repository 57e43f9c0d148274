import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { alertLine, backtest, type BacktestInput } from "./backtest.ts";
import type { MinuteBucket } from "./bucket.ts";
import { lineBatches } from "./lines.ts";
import { madeUpMinutes, MONDAY } from "./made-up-traffic.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tillwatch-backtest-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

const META = { store_id: "s1", timezone: "Europe/Berlin", currency: "eur", start: MONDAY, minutes: 1, eval_from: MONDAY + 14 * 86_400, calendar: [{ date: "2025-10-03", name: "Unity" }] };
const lines = (values: readonly unknown[]): string => values.map((value) => JSON.stringify(value)).join("\n");

async function files(buckets: string, meta: unknown = META, slices?: string): Promise<BacktestInput> {
  const paths = { bucketsFile: join(folder, "minutes.jsonl"), metaFile: join(folder, "store.json"), ...(slices === undefined ? {} : { slicesFile: join(folder, "slices.jsonl") }) };
  await writeFile(paths.bucketsFile, buckets);
  await writeFile(paths.metaFile, typeof meta === "string" ? meta : JSON.stringify(meta));
  if (paths.slicesFile !== undefined) await writeFile(paths.slicesFile, slices ?? "");
  return paths;
}

/** Two incidents: a failing brand on day 19 and a dead checkout on day 21. */
const minutes = madeUpMinutes({ attemptsADay: 3000, days: 22 }, (moment, minute) => {
  if (minute >= 21.5 * 1440 && minute < 21.6 * 1440) moment.rate = 0;
});
const slicesOf = ({ ts, attempts, failed }: MinuteBucket) => {
  const amex = Math.floor(attempts / 3);
  const broken = ts >= MONDAY + 19.5 * 86_400 && ts < MONDAY + 19.6 * 86_400;
  return { ts, card_brand: { amex: [amex, broken ? amex : Math.min(amex, Math.floor(failed / 3))], visa: [attempts - amex, 0] } };
};
const slices = minutes.filter((bucket) => bucket.attempts > 0).map(slicesOf);

describe("a backtest over files", () => {
  it("finds what happened, in the format, and only then", async () => {
    const result = await backtest(await files(lines(minutes), META, `${lines(slices)}\n`));
    expect(result).toMatchObject({ storeId: "s1", currency: "EUR", timeZone: "Europe/Berlin", minutes: 22 * 1440, evalFrom: MONDAY + 14 * 86_400 });
    expect(result.alerts.map((alert) => [alert.metric, alert.kind])).toEqual([["payment_error", "slice_failing"], ["revenue_dip", "silent_checkout"]]);
    const [first] = result.alerts;
    const written = JSON.parse(alertLine(first as never)) as Record<string, unknown>;
    expect(Object.keys(written).slice(0, 4)).toEqual(["metric", "fired_at", "resolved_at", "why"]);
    expect(written["fired_at"]).toBeGreaterThan(MONDAY + 19.5 * 86_400);
    expect(written["resolved_at"]).toBeLessThan(MONDAY + 19.8 * 86_400);
  });

  it("never looks ahead: lines after T do not change the alerts before T", async () => {
    const whole = await backtest(await files(lines(minutes), META, lines(slices)));
    for (const { fired_at: firedAt } of whole.alerts) {
      const cut = await backtest(await files(lines(minutes.filter((bucket) => bucket.ts < firedAt)), META, lines(slices.filter((slice) => slice.ts < firedAt))));
      const before = whole.alerts.filter((alert) => alert.fired_at <= firedAt).map((alert) => (alert.resolved_at !== null && alert.resolved_at > firedAt ? { ...alert, resolved_at: null, resolution: null } : alert));
      expect(cut.alerts).toEqual(before);
    }
  });

  it("tells how far it is", async () => {
    const shares: number[] = [];
    await backtest({ ...(await files(lines(minutes.slice(0, 5000)))), onProgress: (share) => shares.push(share) });
    expect(shares.length).toBeGreaterThan(1);
    expect(shares.at(-1)).toBe(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
  });
});

describe("bad input is refused with its place", () => {
  const [a, b, c] = minutes as [MinuteBucket, MinuteBucket, MinuteBucket];
  it.each([
    ["a gap", [a, c], /minutes\.jsonl:2: 1 minute\(s\) missing before ts \d+; minutes without payments need a line of zeros$/],
    ["a minute twice", [a, b, b], /minutes\.jsonl:3: ts \d+ is not after/],
    ["a negative count", [a, { ...b, failed: -1 }], /minutes\.jsonl:2: "failed" must be a whole number of at least 0, got -1$/],
    ["a missing count", [{ ts: a.ts, attempts: 1 }], /minutes\.jsonl:1: "succeeded" is missing$/],
    ["more failures than attempts", [{ ...a, attempts: 1, failed: 2 }], /minutes\.jsonl:1: \d+ succeeded and 2 failed of 1 attempts$/],
    ["a time off the minute", [{ ...a, ts: a.ts + 1 }], /minutes\.jsonl:1: "ts" must be epoch seconds at a full minute/],
    ["a list", [[a]], /minutes\.jsonl:1: expected a JSON object$/],
  ])("%s", async (_, values, message) => {
    await expect(backtest(await files(lines(values)))).rejects.toThrow(message);
  });
  it("not JSON, an empty file, no file", async () => {
    await expect(backtest(await files(`${JSON.stringify(a)}\n{"ts":`))).rejects.toThrow(/minutes\.jsonl:2: not JSON: \{"ts":$/);
    await expect(backtest(await files("\n\n"))).rejects.toThrow(/minutes\.jsonl: holds no minute/);
    await expect(backtest({ ...(await files("")), bucketsFile: join(folder, "none.jsonl") })).rejects.toThrow(/none\.jsonl: cannot be read/);
  });
  it.each([
    ["an unknown time zone", { ...META, timezone: "Mars/Olympus" }, /store\.json:1: unknown time zone "Mars\/Olympus"/],
    ["no time zone", {}, /store\.json:1: "timezone" is missing/],
    ["a calendar that is none", { ...META, calendar: [{ day: 1 }] }, /store\.json:1: "calendar\[0\]\.date" must be/],
    ["text", "{", /store\.json:1: not JSON/],
  ])("meta with %s", async (_, meta, message) => {
    await expect(backtest(await files(lines([a]), meta))).rejects.toThrow(message);
  });
  it.each([
    ["out of order", [{ ts: b.ts }, { ts: a.ts }], /slices\.jsonl:2: ts \d+ is not after/],
    ["more failed than tried", [{ ts: a.ts, card_brand: { visa: [1, 2] } }], /slices\.jsonl:1: "card_brand\.visa" must be \[attempts, failed\]/],
  ])("slices %s", async (_, values, message) => {
    await expect(backtest(await files(lines([a, b]), META, lines(values)))).rejects.toThrow(message);
  });
});

it("lines are numbered across chunks and empty lines", async () => {
  const file = join(folder, "long.jsonl");
  const text = Array.from({ length: 30_000 }, (_, line) => (line % 3 === 0 ? "" : `{"line":${line + 1},"fill":"${"x".repeat(line % 50)}"}`)).join("\r\n");
  await writeFile(file, text);
  let count = 0;
  for await (const batch of lineBatches(file)) {
    for (const line of batch) {
      count++;
      expect((JSON.parse(line.text) as { line: number }).line).toBe(line.number);
    }
  }
  expect(count).toBe(20_000);
});
