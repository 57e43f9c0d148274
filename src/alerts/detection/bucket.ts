/** One closed UTC minute [ts, ts + 60) of one account and currency. Counts are whole numbers, revenue is in minor units. */
export interface MinuteBucket {
  /** Epoch seconds, a multiple of 60. */
  readonly ts: number;
  readonly attempts: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly revenue_minor: number;
  readonly webhook_ok: number;
  readonly webhook_failed: number;
  /** Left out where they are not counted. */
  readonly refunds?: number;
  readonly disputes?: number;
}

/** Attempts and failures of the same minute by dimension and value, e.g. `card_brand.visa = [12, 1]`. Values without attempts are left out. */
export interface MinuteSlices {
  readonly ts: number;
  readonly [dimension: string]: number | Readonly<Record<string, readonly [attempts: number, failed: number]>>;
}

const COUNTS = ["attempts", "succeeded", "failed", "revenue_minor", "webhook_ok", "webhook_failed"] as const;
const OPTIONAL_COUNTS = ["refunds", "disputes"] as const;

/** What is wrong with a value read as a minute bucket, or undefined. `previousTs` checks that no minute is missing. */
export function bucketFault(value: unknown, previousTs: number | undefined): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "expected a JSON object";
  const bucket = value as Record<string, unknown>;
  const ts = bucket["ts"];
  if (typeof ts !== "number" || !Number.isSafeInteger(ts) || ts % 60 !== 0) {
    return `"ts" must be epoch seconds at a full minute, got ${JSON.stringify(ts)}`;
  }
  if (previousTs !== undefined && ts !== previousTs + 60) {
    return ts > previousTs
      ? `${(ts - previousTs) / 60 - 1} minute(s) missing before ts ${ts}; minutes without payments need a line of zeros`
      : `ts ${ts} is not after ts ${previousTs} of the line before`;
  }
  for (const name of COUNTS) {
    const count = bucket[name];
    if (name === "revenue_minor" ? !isAmount(count) : !isCount(count)) return countFault(name, count);
  }
  for (const name of OPTIONAL_COUNTS) {
    if (bucket[name] !== undefined && !isCount(bucket[name])) return countFault(name, bucket[name]);
  }
  const { attempts, succeeded, failed } = bucket as unknown as MinuteBucket;
  if (failed > attempts || succeeded > attempts) return `${succeeded} succeeded and ${failed} failed of ${attempts} attempts`;
  return undefined;
}

/** What is wrong with a value read as the slices of a minute, or undefined. */
export function slicesFault(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "expected a JSON object";
  const { ts, ...dimensions } = value as Record<string, unknown>;
  if (typeof ts !== "number" || !Number.isSafeInteger(ts) || ts % 60 !== 0) return `"ts" must be epoch seconds at a full minute, got ${JSON.stringify(ts)}`;
  for (const [dimension, values] of Object.entries(dimensions)) {
    if (typeof values !== "object" || values === null) return `"${dimension}" must be an object of [attempts, failed]`;
    for (const [name, pair] of Object.entries(values)) {
      if (!Array.isArray(pair) || pair.length !== 2 || !pair.every(isCount) || Number(pair[1]) > Number(pair[0])) {
        return `"${dimension}.${name}" must be [attempts, failed] with failed <= attempts, got ${JSON.stringify(pair)}`;
      }
    }
  }
  return undefined;
}

const isCount = (value: unknown): boolean => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isAmount = (value: unknown): boolean => typeof value === "number" && Number.isFinite(value) && value >= 0;
const countFault = (name: string, value: unknown): string =>
  value === undefined ? `"${name}" is missing` : `"${name}" must be a whole number of at least 0, got ${JSON.stringify(value)}`;
