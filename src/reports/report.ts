import { type Currency, currency, type Minor, moneyText } from "../money/index.ts";
import { isoSeconds } from "../platform/index.ts";

/** What a figure or a cell of a table is. Null is "cannot be told", which is never the same as zero. */
export type Value =
  | { readonly unit: "count"; readonly value: number | null }
  /** Minor units of the currency. */
  | { readonly unit: "money"; readonly value: Minor | null; readonly currency: Currency }
  /** 0 to 1, rounded to 4 decimals. */
  | { readonly unit: "rate"; readonly value: number | null }
  | { readonly unit: "ms"; readonly value: number | null }
  /** ms UTC. */
  | { readonly unit: "time"; readonly value: number | null }
  | { readonly unit: "text"; readonly value: string | null };

export function count(value: number | null): Value {
  return { unit: "count", value };
}

export function money(value: Minor | null, of: string): Value {
  return { unit: "money", value, currency: currency(of) };
}

/** The share `part / whole`; null where there is no whole: nothing out of nothing is neither 0 nor 1. */
export function rate(part: number, whole: number): Value {
  return { unit: "rate", value: whole === 0 ? null : round(part / whole) };
}

export function duration(ms: number | null): Value {
  return { unit: "ms", value: ms };
}

export function time(ms: number | null): Value {
  return { unit: "time", value: ms };
}

export function text(value: string | null): Value {
  return { unit: "text", value };
}

/** To 4 decimals, as every rate of the API. */
export function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

/** One number of a section. */
export interface Figure {
  /** Stable within its section; with its currency it names the figure. */
  readonly id: string;
  readonly label: string;
  readonly value: Value;
  /** Which way is better, for the colour of a change; null: neither. */
  readonly good: "up" | "down" | null;
  /** True: stands in a table too, so that a page need not put it among its large figures. */
  readonly detail?: boolean;
  /** May stand in the public version: a total that names nobody. */
  readonly public: boolean;
}

export interface Column {
  readonly id: string;
  readonly label: string;
}

export interface Table {
  readonly id: string;
  readonly title: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Value[])[];
  /** What was left out, in words; null when nothing was. */
  readonly left: string | null;
  readonly public: boolean;
}

export interface ChartSeries {
  readonly name: string;
  /** One per bin; null leaves a gap. Money in minor units. */
  readonly values: readonly (number | null)[];
}

/** A picture over the bins of the period, and the table behind it. */
export interface Chart {
  readonly id: string;
  readonly title: string;
  readonly kind: "bars" | "stack" | "lines";
  readonly unit: "count" | "money" | "rate";
  /** Null unless `money`. */
  readonly currency: Currency | null;
  readonly series: readonly ChartSeries[];
  readonly public: boolean;
}

/** What a room says of a period. Pictures and tables are made only when they are wanted: a comparison wants figures. */
export interface Findings {
  /** In words, when there is nothing to say: then there are no figures either, for none of them is zero. */
  readonly nothing: string | null;
  readonly figures: readonly Figure[];
  /** Where the figures come from: which function over which tables, what was counted by which time. */
  readonly method: string;
  /** What a reader must know beside the figures. */
  readonly notes: readonly string[];
  charts(): Promise<readonly Chart[]>;
  tables(): Promise<readonly Table[]>;
}

/** For a section that has nothing to say of the period. */
export function nothing(words: string, method: string): Findings {
  return { nothing: words, figures: [], method, notes: [], charts: async () => [], tables: async () => [] };
}

function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const s = Math.round(ms / 1000);
  if (s < 120) return `${s} s`;
  const [days, hours, minutes] = [Math.floor(s / 86_400), Math.floor((s % 86_400) / 3600), Math.floor((s % 3600) / 60)];
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${s % 60} s`;
}

export function percent(value: number): string {
  // Never 100 % for what is not all of it.
  const digits = value > 0.9999 && value < 1 ? 4 : 2;
  return `${(value * 100).toFixed(digits)} %`;
}

/** For people, in English; "–" where nothing can be told. Times in the zone of the report. */
export function valueText(value: Value, timeZone: string): string {
  if (value.value === null) return "–";
  switch (value.unit) {
    case "count":
      return value.value.toLocaleString("en-US");
    case "money":
      return moneyText(value.value, value.currency);
    case "rate":
      return percent(value.value);
    case "ms":
      return durationText(value.value);
    case "time":
      return timeText(value.value, timeZone);
    case "text":
      return value.value;
  }
}

/** `2026-03-01 14:05`, in the zone. */
export function timeText(ms: number, timeZone: string): string {
  const at = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  return `${at.toPlainDate().toString()} ${at.toPlainTime().toString({ smallestUnit: "minute" })}`;
}

/** For machines: times as `…Z`, everything else as it is. */
export function plainValue(value: Value): string | number | null {
  return value.unit === "time" && value.value !== null ? isoSeconds(value.value) : value.value;
}
