// Replays files of minute buckets through the detector that runs in production (DETECTION §8).

import { readFile, stat } from "node:fs/promises";
import type { Alert, Metric, Resolution, Severity } from "./alert.ts";
import { bucketFault, type MinuteBucket, type MinuteSlices, slicesFault } from "./bucket.ts";
import type { DayKind, SpecialDay } from "./calendar.ts";
import { createDetector, type Detector } from "./detector.ts";
import { InputFileError, lineBatches, parseBatch } from "./lines.ts";
import type { Sensitivity } from "./sensitivity.ts";
import { assertTimeZone } from "./zone.ts";

export interface BacktestInput {
  readonly bucketsFile: string;
  readonly metaFile: string;
  readonly slicesFile?: string;
  readonly sensitivity?: Sensitivity;
  readonly drop?: number;
  /** Share of the buckets file read, 0 to 1. */
  readonly onProgress?: (share: number, minutes: number) => void;
}

/** One line of the output. The first four are the format; they say what was known when the alert opened, `resolved_at` excepted. */
export interface BacktestAlert {
  readonly metric: Metric;
  /** Epoch seconds. */
  readonly fired_at: number;
  readonly resolved_at: number | null;
  readonly why: string;
  readonly kind: Alert["kind"];
  readonly severity: Severity;
  readonly scope: Alert["scope"];
  readonly started_at: number;
  readonly resolution: Resolution | null;
  readonly evidence: Alert["evidence"];
  readonly loss_minor: number | null;
  readonly advice: string;
}

export interface BacktestResult {
  readonly storeId: string | null;
  readonly currency: string;
  readonly timeZone: string;
  readonly minutes: number;
  /** Epoch seconds; alerts before it do not matter. Null: all matter. */
  readonly evalFrom: number | null;
  readonly alerts: readonly BacktestAlert[];
}

export interface BacktestMeta {
  readonly storeId: string | null;
  readonly timeZone: string;
  readonly currency: string;
  readonly evalFrom: number | null;
  readonly days: readonly SpecialDay[];
}

const DAY_KINDS: ReadonlySet<string> = new Set<DayKind>(["holiday", "closed", "promotion", "maintenance"]);

/** @throws InputFileError for anything wrong in a file, naming the file and the line. */
export async function backtest(input: BacktestInput): Promise<BacktestResult> {
  const meta = await readMeta(input.metaFile);
  const detector = createDetector({
    timeZone: meta.timeZone, currency: meta.currency, days: meta.days,
    ...(input.sensitivity === undefined ? {} : { sensitivity: input.sensitivity }), ...(input.drop === undefined ? {} : { drop: input.drop }),
  });
  const log = createLog();
  const slices = input.slicesFile === undefined ? undefined : createSliceReader(input.slicesFile);
  const size = input.onProgress === undefined ? 1 : await sizeOf(input.bucketsFile);
  let minutes = 0;
  let previous: number | undefined;
  for await (const batch of lineBatches(input.bucketsFile)) {
    const values = parseBatch(input.bucketsFile, batch);
    for (let at = 0; at < batch.length; at++) {
      const value = values[at];
      const fault = bucketFault(value, previous);
      if (fault !== undefined) throw new InputFileError(input.bucketsFile, batch[at]?.number ?? 0, fault);
      const bucket = value as MinuteBucket;
      previous = bucket.ts;
      const mine = slices === undefined ? undefined : slices.has(bucket.ts) ? slices.take() : await slices.next(bucket.ts);
      log.record(detector, bucket, mine);
      minutes++;
    }
    const last = batch[batch.length - 1];
    if (last !== undefined) input.onProgress?.(Math.min(1, last.bytes / size), minutes);
  }
  // The rest of the slices is read for its faults.
  await slices?.next(Infinity);
  if (minutes === 0) throw new InputFileError(input.bucketsFile, 0, "holds no minute; expected one JSON object a line");
  return { storeId: meta.storeId, currency: meta.currency, timeZone: meta.timeZone, minutes, evalFrom: meta.evalFrom, alerts: log.alerts() };
}

/** One line of the output file. */
export const alertLine = (alert: BacktestAlert): string => `${JSON.stringify(alert)}\n`;

interface AlertLog {
  record(detector: Detector, bucket: MinuteBucket, slices: MinuteSlices | undefined): void;
  alerts(): BacktestAlert[];
}

function createLog(): AlertLog {
  const alerts = new Map<string, BacktestAlert>();
  return {
    record(detector, bucket, slices) {
      for (const { kind, alert } of detector.push(bucket, slices)) {
        const known = alerts.get(alert.id);
        if (kind === "opened") alerts.set(alert.id, asOpened(alert));
        else if (kind === "resolved" && known !== undefined) {
          alerts.set(alert.id, { ...known, resolved_at: alert.resolvedAt === null ? null : alert.resolvedAt / 1000, resolution: alert.resolution });
        }
      }
    },
    alerts: () => [...alerts.values()],
  };
}

function asOpened(alert: Alert): BacktestAlert {
  const { metric, firedAt, why, kind, severity, scope, startedAt, evidence, lossMinor, advice } = alert;
  return {
    metric, fired_at: firedAt / 1000, resolved_at: null, why, kind, severity, scope, started_at: startedAt / 1000,
    resolution: null, evidence, loss_minor: lossMinor, advice,
  };
}

async function sizeOf(file: string): Promise<number> {
  try {
    return Math.max(1, (await stat(file)).size);
  } catch (error) {
    throw new InputFileError(file, 0, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** @throws InputFileError */
export async function readMeta(file: string): Promise<BacktestMeta> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw new InputFileError(file, 0, `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  const wrong = (problem: string): InputFileError => new InputFileError(file, 1, problem);
  let meta: Record<string, unknown>;
  try {
    meta = JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw wrong(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof meta !== "object" || meta === null || Array.isArray(meta)) throw wrong("expected a JSON object");
  const { timezone, currency, store_id: storeId, eval_from: evalFrom, calendar } = meta;
  if (typeof timezone !== "string") throw wrong('"timezone" is missing; expected an IANA name such as "Europe/Berlin"');
  try {
    assertTimeZone(timezone);
  } catch (error) {
    throw wrong(error instanceof Error ? error.message : String(error));
  }
  return {
    storeId: typeof storeId === "string" ? storeId : null, timeZone: timezone, currency: typeof currency === "string" ? currency.toUpperCase() : "EUR",
    evalFrom: readTime(evalFrom, wrong), days: readCalendar(calendar, wrong),
  };
}

function readTime(value: unknown, wrong: (problem: string) => InputFileError): number | null {
  if (value === undefined || value === null) return null;
  const seconds = typeof value === "number" ? value : typeof value === "string" ? Date.parse(value) / 1000 : NaN;
  if (!Number.isFinite(seconds)) throw wrong(`"eval_from" must be epoch seconds or an ISO time, got ${JSON.stringify(value)}`);
  return seconds;
}

function readCalendar(calendar: unknown, wrong: (problem: string) => InputFileError): SpecialDay[] {
  if (calendar === undefined || calendar === null) return [];
  if (!Array.isArray(calendar)) throw wrong('"calendar" must be a list of {"date":"YYYY-MM-DD"}');
  return calendar.map((entry: unknown, index) => {
    const day = (typeof entry === "string" ? { date: entry } : entry) as { date?: unknown; kind?: unknown; name?: unknown } | null;
    const date = day?.date;
    if (typeof date !== "string" || !/^\d{4}-\d{2}-\d{2}/.test(date)) throw wrong(`"calendar[${index}].date" must be "YYYY-MM-DD", got ${JSON.stringify(date)}`);
    const kind = typeof day?.kind === "string" && DAY_KINDS.has(day.kind) ? (day.kind as DayKind) : "holiday";
    return { date: date.slice(0, 10), kind, ...(typeof day?.name === "string" ? { name: day.name } : {}) };
  });
}

interface SliceReader {
  /** The slices read ahead are of that minute. */
  has(ts: number): boolean;
  take(): MinuteSlices | undefined;
  /** Reads on; the slices of the minute, or undefined when it has none. */
  next(ts: number): Promise<MinuteSlices | undefined>;
}

/** Slices come in the order of the minutes, with minutes left out. */
function createSliceReader(file: string): SliceReader {
  const batches = lineBatches(file);
  let ahead: MinuteSlices[] = [];
  let at = 0;
  let ended = false;
  let last = -Infinity;
  const fill = async (): Promise<void> => {
    const { value, done } = await batches.next();
    at = 0;
    ahead = [];
    if (done === true) {
      ended = true;
      return;
    }
    const values = parseBatch(file, value);
    for (let index = 0; index < values.length; index++) {
      const parsed = values[index];
      const line = value[index]?.number ?? 0;
      const fault = slicesFault(parsed);
      if (fault !== undefined) throw new InputFileError(file, line, fault);
      const slices = parsed as MinuteSlices;
      if (slices.ts <= last) throw new InputFileError(file, line, `ts ${slices.ts} is not after ts ${last} of the line before`);
      last = slices.ts;
      ahead.push(slices);
    }
  };
  return {
    has: (ts) => ahead[at]?.ts === ts,
    take: () => ahead[at++],
    async next(ts) {
      for (;;) {
        while (at < ahead.length && (ahead[at]?.ts ?? 0) < ts) at++;
        if (at < ahead.length || ended) break;
        await fill();
      }
      return ahead[at]?.ts === ts ? ahead[at++] : undefined;
    },
  };
}
