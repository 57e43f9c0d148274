import { boundaries, type Boundary, type Measures, sumBy } from "../metrics/index.ts";
import { type Bin, binsOf, type Period, type PeriodAsked, resolvePeriod } from "./period.ts";
import { type Chart, type Figure, type Findings, round, type Table, timeText, type Value } from "./report.ts";
import type { Scope, Section, Sources } from "./section.ts";
import { SECTIONS } from "./sections/index.ts";

export interface ReportSources extends Sources {
  readonly merchant: { readonly name: string; readonly timeZone: string };
  readonly mode: "live" | "test" | "sandbox";
  /** Events that came and are not in the figures yet. */
  behind(): Promise<number>;
  /** A part that could not be read: the report says so and goes on. */
  onError(section: string, error: unknown): void;
}

/** How a figure stands against the period before. */
export interface Change {
  /** `relative`: 0.1 is a tenth more. `points`: of rates, 0.1 is ten percentage points more. `none`: cannot be told. */
  readonly unit: "relative" | "points" | "none";
  readonly value: number | null;
}

export interface ComparedFigure extends Figure {
  /** Null when nothing is compared, or the figure was not there. */
  readonly previous: Value | null;
  readonly change: Change | null;
}

export interface DrawnChart extends Chart {
  /** Names of the pieces of the period, one per value. */
  readonly bins: readonly string[];
}

export interface ReportSection {
  readonly id: string;
  readonly title: string;
  readonly question: string;
  /** `failed`: could not be read; nothing is claimed. */
  readonly state: "told" | "nothing" | "failed";
  readonly nothing: string | null;
  readonly figures: readonly ComparedFigure[];
  readonly charts: readonly DrawnChart[];
  readonly tables: readonly Table[];
  readonly method: string;
  readonly notes: readonly string[];
}

export interface Report {
  readonly generatedAt: number;
  readonly merchant: string;
  readonly mode: ReportSources["mode"];
  readonly period: Period;
  readonly previous: Period | null;
  /** True: totals only. */
  readonly public: boolean;
  readonly notes: readonly string[];
  readonly sections: readonly ReportSection[];
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | null = null;
  return () => (made ??= make());
}

function scopeOf(sources: Sources, period: Period, at: Boundary): Scope {
  const edges = binsOf(period);
  // The same edge on both sides of it, so that the pieces always add up to the whole.
  const bins: Bin[] = edges.map(({ fromMs, toMs, label }) => ({ fromMs: at(fromMs), toMs: at(toMs), label }));
  const counted = { fromMs: at(period.fromMs), toMs: at(period.toMs) };
  return {
    sources,
    period,
    counted: { ...counted, exact: counted.fromMs === period.fromMs && counted.toMs === period.toMs },
    bins,
    currencyBins: once(async () => {
      const sums: ReadonlyMap<string, Measures>[] = [];
      for (const { fromMs, toMs } of bins) sums.push(await sumBy(sources.db.read, "currency", { fromMs, toMs, live: sources.live }));
      return sums;
    }),
  };
}

function currencyOf(value: Value): string | null {
  return value.unit === "money" ? value.currency : null;
}

function changeOf(now: Value, before: Value): Change {
  if (now.unit !== before.unit || typeof now.value !== "number" || typeof before.value !== "number" || now.unit === "time") return { unit: "none", value: null };
  if (now.unit === "rate") return { unit: "points", value: round(now.value - before.value) };
  return before.value === 0 ? { unit: "none", value: null } : { unit: "relative", value: round((now.value - before.value) / Math.abs(before.value)) };
}

function compared(figures: readonly Figure[], before: Findings | null): ComparedFigure[] {
  const same = (left: Figure, right: Figure): boolean => left.id === right.id && currencyOf(left.value) === currencyOf(right.value);
  return figures.map((figure) => {
    const previous = before?.figures.find((one) => same(one, figure))?.value ?? null;
    return { ...figure, previous, change: previous === null ? null : changeOf(figure.value, previous) };
  });
}

async function tell(section: Section, scope: Scope, previous: Scope | null, onError: ReportSources["onError"]): Promise<ReportSection> {
  const { id, title, question } = section;
  try {
    const found = await section.read(scope);
    const before = previous === null ? null : await section.read(previous);
    const bins = scope.bins.map(({ label }) => label);
    const gone = before !== null && before.nothing !== null && found.nothing === null ? [`In the period before: ${before.nothing}`] : [];
    return {
      id,
      title,
      question,
      state: found.nothing === null ? "told" : "nothing",
      nothing: found.nothing,
      figures: compared(found.figures, before),
      charts: (await found.charts()).map((chart) => ({ ...chart, bins })),
      tables: await found.tables(),
      method: found.method,
      notes: [...found.notes, ...gone],
    };
  } catch (error) {
    onError(id, error);
    return { id, title, question, state: "failed", nothing: "This part could not be read; the log says why. Nothing is claimed here.", figures: [], charts: [], tables: [], method: "", notes: [] };
  }
}

async function notesOf(sources: ReportSources, scope: Scope, previous: Scope | null): Promise<string[]> {
  const { period, counted } = scope;
  const { timeZone } = period;
  const waiting = await sources.behind();
  const moved = (which: string, { counted: { fromMs, toMs } }: Scope): string =>
    `${which} the figures from buckets are counted from ${timeText(fromMs, timeZone)} until ${timeText(toMs, timeZone)}: of so long ago only whole days of the merchant's time zone are kept.`;
  return [
    ...(sources.mode === "sandbox" ? ["SANDBOX: no Stripe key is set. These payments are made up by the built-in stand-in for Stripe."] : []),
    ...(sources.mode === "test" ? ["TEST mode: no real money."] : []),
    ...(period.complete ? [] : [`The period had not ended; it is told until ${timeText(period.toMs, timeZone)}.${previous === null ? "" : " It is compared with as much of the one before."}`]),
    ...(waiting > 0 ? [`${waiting.toLocaleString("en-US")} events had come in that were not in the figures yet.`] : []),
    ...(counted.exact ? [] : [moved("In this report", scope)]),
    ...(previous === null || previous.counted.exact ? [] : [moved("For the comparison", previous)]),
  ];
}

/**
 * Makes the report: each section reads what it tells through its room's door. Reads only; over a year of ten million
 * events it takes seconds of a thread, so the service makes it in a process of its own.
 *
 * @throws AppError `invalid` for a period that makes no sense.
 */
export async function buildReport(sources: ReportSources, asked: PeriodAsked, nowMs: number, sections: readonly Section[] = SECTIONS): Promise<Report> {
  const { period, previous } = resolvePeriod(asked, sources.merchant.timeZone, nowMs);
  const { at } = await boundaries(sources.db.read);
  const scope = scopeOf(sources, period, at);
  const before = previous === null ? null : scopeOf(sources, previous, at);
  const told: ReportSection[] = [];
  for (const section of sections) told.push(await tell(section, scope, before, sources.onError));
  return { generatedAt: nowMs, merchant: sources.merchant.name, mode: sources.mode, period, previous, public: false, notes: await notesOf(sources, scope, before), sections: told };
}

/** The public version: of each section only what is marked so. A section of which nothing is left goes as a whole. */
export function publicVersion(report: Report): Report {
  const sections = report.sections
    .map((section) => ({
      ...section,
      figures: section.figures.filter((one) => one.public),
      charts: section.charts.filter((one) => one.public),
      tables: section.tables.filter((one) => one.public),
    }))
    .filter(({ state, figures }, index) => (state === "told" ? figures.length > 0 : report.sections[index]?.figures.length === 0));
  return { ...report, public: true, sections };
}
