import type { Measures } from "../metrics/index.ts";
import type { Currency } from "../money/index.ts";
import type { Database } from "../platform/index.ts";
import type { Slo } from "../slo/index.ts";
import type { Bin, Period } from "./period.ts";
import type { Findings } from "./report.ts";

/** What sections read from. */
export interface Sources {
  readonly db: Database;
  /** False: the test mode's figures. */
  readonly live: boolean;
  /** Shown first where there are several. */
  readonly mainCurrency: Currency;
  /** The objectives that are configured. */
  readonly slos: readonly Slo[];
  /** How long runs of tasks are kept, ms; null for ever. */
  readonly taskRunsKeptMs: number | null;
  /** How long notices are kept, ms; null for ever. */
  readonly noticesKeptMs: number | null;
}

/** A period with what it is counted by: the same, but for edges of which only whole days are left. */
export interface Scope {
  readonly sources: Sources;
  readonly period: Period;
  /** For figures from buckets; `exact` false: moved, as `Report.notes` says. */
  readonly counted: { readonly fromMs: number; readonly toMs: number; readonly exact: boolean };
  /** The pieces of `counted`. */
  readonly bins: readonly Bin[];
  /** Sums per currency of each bin; read once, whoever asks. */
  currencyBins(): Promise<readonly ReadonlyMap<string, Measures>[]>;
}

/** A part of the report. A new one is a file that exports one of these, and its line in the list. */
export interface Section {
  readonly id: string;
  readonly title: string;
  /** What it answers, in one sentence. */
  readonly question: string;
  read(scope: Scope): Promise<Findings>;
}
