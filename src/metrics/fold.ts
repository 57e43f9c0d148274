import { inChunks, type Tx } from "../platform/index.ts";
import type { Payment, PaymentChange } from "../payments/index.ts";
import { contribution, type SliceKind } from "./contribution.ts";
import { localDays } from "./days.ts";
import { MEASURES, type Vector, zeroVector } from "./measures.ts";
import { GRAINS, METRIC_KEY, type MetricRow, readSettings, type Settings, writeSetting } from "./store.ts";

export interface MetricsOptions {
  /** IANA name of the merchant's time zone; days are its days. */
  readonly timeZone: string;
}

/** One bucket row's change. */
interface Delta {
  readonly grain: string;
  readonly live: number;
  readonly account: string;
  readonly kind: SliceKind;
  readonly value: string;
  readonly start: number;
  readonly vector: Vector;
}

/** Which buckets a fold touched, without their values: all slices of a kind at one start. */
export interface TouchedBucket {
  readonly grain: string;
  readonly live: number;
  readonly account: string;
  readonly kind: string;
  readonly start: number;
}

const HOUR_MS = 3_600_000;

/** Rows of one upsert; each has 20 values. */
const ROWS = 64;

class Deltas {
  readonly #byKey = new Map<string, Delta>();
  readonly #dayOf: (ms: number) => { startMs: number };
  readonly #horizon: Settings["horizon"];

  constructor(timeZone: string, horizon: Settings["horizon"]) {
    this.#dayOf = localDays(timeZone);
    this.#horizon = horizon;
  }

  add(payment: Payment, sign: 1 | -1): void {
    const { live, account } = payment;
    for (const { minute, kind, value, vector } of contribution(payment)) {
      const starts = [
        [GRAINS.minute, minute],
        [GRAINS.hour, Math.floor(minute / HOUR_MS) * HOUR_MS],
        [GRAINS.day, this.#dayOf(minute).startMs],
      ] as const;
      for (const [grain, start] of starts) {
        const key = `${grain}${live ? "L" : "T"}${kind} ${start} ${value} ${account ?? ""}`;
        let delta = this.#byKey.get(key);
        if (delta === undefined) {
          delta = { grain, live: live ? 1 : 0, account: account ?? "", kind, value, start, vector: zeroVector() };
          this.#byKey.set(key, delta);
        }
        for (const [place, amount] of vector.entries()) delta.vector[place] = (delta.vector[place] ?? 0) + sign * amount;
      }
    }
  }

  /** Real changes to buckets that are kept: a bucket that was let go must not come back with a part of its sum. */
  all(): Delta[] {
    return [...this.#byKey.values()].filter(({ grain, start, vector }) => start >= (this.#horizon[grain] ?? 0) && vector.some((value) => value !== 0));
  }
}

function toRow({ vector, ...key }: Delta): MetricRow {
  return { ...key, ...Object.fromEntries(MEASURES.map((measure, place) => [measure, vector[place] ?? 0])) } as MetricRow;
}

async function addRows(tx: Tx, deltas: readonly Delta[]): Promise<void> {
  for (const chunk of inChunks(deltas.map(toRow), ROWS)) {
    await tx
      .insertInto("metric")
      .values(chunk)
      .onConflict((conflict) =>
        conflict
          .columns([...METRIC_KEY])
          .doUpdateSet((eb) => Object.fromEntries(MEASURES.map((measure) => [measure, eb(eb.ref(`metric.${measure}`), "+", eb.ref(`excluded.${measure}`))]))),
      )
      .execute();
  }
}

/**
 * Brings what became of payments into the minute, hour and day buckets: what each adds now, less what it added before.
 * Buckets are keyed by the events' own times, so a late event or a change of heart corrects the past.
 *
 * Belongs into the transaction of the payments' fold. Answers which buckets were touched.
 */
export async function foldMetrics(tx: Tx, changes: readonly PaymentChange[], options: MetricsOptions): Promise<readonly TouchedBucket[]> {
  if (changes.length === 0) return [];
  const settings = await readSettings(tx);
  if (settings.timeZone === null) await writeSetting(tx, "time_zone", options.timeZone);
  const deltas = new Deltas(settings.timeZone ?? options.timeZone, settings.horizon);
  for (const { before, after } of changes) {
    if (before !== null) deltas.add(before, -1);
    if (after !== null) deltas.add(after, 1);
  }
  const touched = deltas.all();
  await addRows(tx, touched);
  return touched;
}
