import { z } from "zod";
import { isoSeconds } from "../platform/index.ts";
import type { Change, ComparedFigure, Report, ReportSection } from "./build.ts";
import { type Period, periodText } from "./period.ts";
import { plainValue, type Table, type Value, valueText } from "./report.ts";

const UNIT = z.enum(["count", "money", "rate", "ms", "time", "text"]);
const PLAIN = z.union([z.number(), z.string(), z.null()]);

const PERIOD_SHAPE = z.object({
  from: z.string(),
  to: z.string().describe("Exclusive"),
  time_zone: z.string(),
  text: z.string(),
  complete: z.boolean().describe("False: it had not ended, and is told until now"),
});

const FIGURE_SHAPE = z.object({
  id: z.string().describe("With its currency it names the figure within its section"),
  label: z.string(),
  unit: UNIT,
  currency: z.string().nullable(),
  value: PLAIN.describe("Money in minor units, rates from 0 to 1, times as …Z; null: cannot be told"),
  text: z.string(),
  previous: PLAIN,
  previous_text: z.string().nullable(),
  change: z.number().nullable(),
  change_unit: z.enum(["relative", "points"]).nullable().describe("relative: 0.1 is a tenth more; points: of rates"),
  good: z.enum(["up", "down"]).nullable().describe("Which way is better"),
});

const CELL = z.union([z.number(), z.string(), z.null(), z.object({ currency: z.string(), minor: z.number().nullable(), text: z.string() })]);

const TABLE_SHAPE = z.object({
  id: z.string(),
  title: z.string(),
  columns: z.array(z.object({ id: z.string(), label: z.string() })),
  rows: z.array(z.record(z.string(), CELL)),
  left_out: z.string().nullable(),
});

const CHART_SHAPE = z.object({
  id: z.string(),
  title: z.string(),
  kind: z.enum(["bars", "stack", "lines"]),
  unit: z.enum(["count", "money", "rate"]),
  currency: z.string().nullable(),
  bins: z.array(z.string()),
  series: z.array(z.object({ name: z.string(), values: z.array(z.number().nullable()) })),
});

/** The report as the API and `--json` give it. */
export const REPORT_SHAPE = z.object({
  report: z.literal("enterprise"),
  generated_at: z.string(),
  merchant: z.string(),
  mode: z.enum(["live", "test", "sandbox"]),
  public: z.boolean().describe("True: totals only"),
  time_zone: z.string(),
  period: PERIOD_SHAPE,
  previous: PERIOD_SHAPE.nullable(),
  notes: z.array(z.string()),
  sections: z.array(
    z.object({
      id: z.string(),
      title: z.string(),
      question: z.string(),
      state: z.enum(["told", "nothing", "failed"]),
      nothing: z.string().nullable().describe("In words, when there is nothing to tell"),
      figures: z.array(FIGURE_SHAPE),
      charts: z.array(CHART_SHAPE),
      tables: z.array(TABLE_SHAPE),
      method: z.string().describe("Where the figures come from, and by which time they are counted"),
      notes: z.array(z.string()),
    }),
  ),
});
export type ShownReport = z.infer<typeof REPORT_SHAPE>;

function showPeriod(period: Period): z.infer<typeof PERIOD_SHAPE> {
  return { from: isoSeconds(period.fromMs), to: isoSeconds(period.toMs), time_zone: period.timeZone, text: periodText(period), complete: period.complete };
}

function changed(change: Change | null): { change: number | null; change_unit: "relative" | "points" | null } {
  if (change === null || change.unit === "none") return { change: null, change_unit: null };
  return { change: change.value, change_unit: change.unit };
}

function showFigure({ id, label, value, previous, change, good }: ComparedFigure, timeZone: string): z.infer<typeof FIGURE_SHAPE> {
  return {
    id,
    label,
    unit: value.unit,
    currency: value.unit === "money" ? value.currency : null,
    value: plainValue(value),
    text: valueText(value, timeZone),
    previous: previous === null ? null : plainValue(previous),
    previous_text: previous === null ? null : valueText(previous, timeZone),
    ...changed(change),
    good,
  };
}

function showCell(value: Value, timeZone: string): z.infer<typeof CELL> {
  return value.unit === "money" ? { currency: value.currency, minor: value.value, text: valueText(value, timeZone) } : plainValue(value);
}

function showTable({ id, title, columns, rows, left }: Table, timeZone: string): z.infer<typeof TABLE_SHAPE> {
  return {
    id,
    title,
    columns: columns.map((column) => ({ ...column })),
    rows: rows.map((row) => Object.fromEntries(row.map((value, index) => [columns[index]?.id ?? String(index), showCell(value, timeZone)]))),
    left_out: left,
  };
}

function showSection(section: ReportSection, timeZone: string): ShownReport["sections"][number] {
  return {
    id: section.id,
    title: section.title,
    question: section.question,
    state: section.state,
    nothing: section.nothing,
    figures: section.figures.map((figure) => showFigure(figure, timeZone)),
    charts: section.charts.map(({ id, title, kind, unit, currency, bins, series }) => ({ id, title, kind, unit, currency, bins: [...bins], series: series.map(({ name, values }) => ({ name, values: [...values] })) })),
    tables: section.tables.map((table) => showTable(table, timeZone)),
    method: section.method,
    notes: [...section.notes],
  };
}

export function showReport(report: Report): ShownReport {
  const { timeZone } = report.period;
  return {
    report: "enterprise",
    generated_at: isoSeconds(report.generatedAt),
    merchant: report.merchant,
    mode: report.mode,
    public: report.public,
    time_zone: timeZone,
    period: showPeriod(report.period),
    previous: report.previous === null ? null : showPeriod(report.previous),
    notes: [...report.notes],
    sections: report.sections.map((section) => showSection(section, timeZone)),
  };
}
