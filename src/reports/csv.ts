import { stringify } from "csv-stringify/sync";
import { strToU8, zipSync } from "fflate";
import { majorText } from "../money/index.ts";
import type { Report } from "./build.ts";
import { plainValue, type Value } from "./report.ts";

/** Money as an exact decimal in major units, as spreadsheets want it; its currency stands in a column of its own. */
function cell(value: Value): string | number {
  if (value.value === null) return "";
  return value.unit === "money" ? majorText(value.value, value.currency) : (plainValue(value) ?? "");
}

/**
 * What begins a formula in a spreadsheet is text with a quote before it, so that nothing in event data is ever run.
 * Numbers stay numbers: they are ours.
 */
function safe(value: string | number): string | number {
  if (typeof value === "number" || /^-?\d+(\.\d+)?$/.test(value)) return value;
  return /^[\s"']*[=+\-@\t\r\n|%]/.test(value) || /^[＝＋－＠]/.test(value) ? `'${value}` : value;
}

function csv(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  return stringify([head, ...rows].map((row) => row.map(safe)), { record_delimiter: "\r\n" });
}

/** Every figure, one a line. */
function figures(report: Report): string {
  const rows = report.sections.flatMap((section) =>
    section.figures.map(({ id, label, value, previous }) => [section.id, id, label, value.unit, value.unit === "money" ? value.currency : "", cell(value), previous === null ? "" : cell(previous)]),
  );
  return csv(["section", "figure", "label", "unit", "currency", "value", "previous"], rows);
}

/** A table; a column that holds money has one for its currency before it. */
function tableCsv(columns: readonly { readonly id: string }[], rows: readonly (readonly Value[])[]): string {
  const holdsMoney = columns.map((_, index) => rows.some((row) => row[index]?.unit === "money"));
  const spread = <T>(of: (index: number) => readonly T[]): T[] => columns.flatMap((_, index) => of(index));
  const head = spread((index) => (holdsMoney[index] === true ? [`${columns[index]?.id}_currency`, columns[index]?.id ?? ""] : [columns[index]?.id ?? ""]));
  const lines = rows.map((row) =>
    spread((index) => {
      const value = row[index] ?? { unit: "text" as const, value: null };
      return holdsMoney[index] === true ? [value.unit === "money" ? value.currency : "", cell(value)] : [cell(value)];
    }),
  );
  return csv(head, lines);
}

/** The report's tables as CSV files by name: `figures.csv`, one per table, one behind each picture. */
export function csvFiles(report: Report): Record<string, string> {
  const files: Record<string, string> = { "figures.csv": figures(report) };
  for (const section of report.sections) {
    for (const table of section.tables) files[`${section.id}.${table.id}.csv`] = tableCsv(table.columns, table.rows);
    for (const { id, bins, series, unit, currency } of section.charts) {
      const columns = [{ id: "bin" }, ...series.map(({ name }) => ({ id: name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_") }))];
      const value = (of: number | null): Value => (unit === "money" && currency !== null ? { unit, value: of as never, currency } : { unit: unit as "count", value: of });
      files[`${section.id}.chart_${id}.csv`] = tableCsv(columns, bins.map((bin, index) => [{ unit: "text", value: bin }, ...series.map(({ values }) => value(values[index] ?? null))]));
    }
  }
  return files;
}

/** The same in one ZIP archive. */
export function csvZip(report: Report): Uint8Array {
  const mtime = new Date(report.generatedAt);
  return zipSync(Object.fromEntries(Object.entries(csvFiles(report)).map(([name, content]) => [name, [strToU8(`\ufeff${content}`), { mtime }]])));
}
