// Prints the figures.

import { delaysOf, middle, type Score, type ShopFacts, summarise, type Summary } from "./score.ts";

const minutes = (value: number): string => (Number.isNaN(value) ? "-" : value === Infinity ? "never" : value < 600 ? `${Math.round(value)}` : `${(value / 60).toFixed(1)} h`);
const percent = (value: number): string => (Number.isNaN(value) ? "-" : `${(value * 100).toFixed(1)} %`);

function row(name: string, summary: Summary): string[] {
  return [
    name, summary.shopMonths.toFixed(0), summary.falseAlarmsAMonth.toFixed(3), `${summary.incidents}`, percent(summary.found), percent(summary.luck),
    percent(summary.lost), minutes(summary.halved), minutes(summary.sudden),
  ];
}

const HEAD = ["", "shop-months", "false/month", "incidents", "found", "by luck", "lost", "halved, min", "sudden, min"];

export function printTable(rows: readonly (readonly string[])[]): void {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((cells) => (cells[column] ?? "").length)));
  rows.forEach((cells, index) => {
    console.log(`| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(" | ")} |`);
    if (index === 0) console.log(`|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`);
  });
}

export function printScores(scores: readonly (readonly [string, Score])[]): void {
  printTable([HEAD, ...scores.map(([name, score]) => row(name, summarise(score)))]);
}

const part = (score: Score, keep: (shop: ShopFacts) => boolean): Score => {
  const shops = score.shops.filter(keep);
  return {
    judged: score.judged.filter((one) => keep(one.shop)), falseAlarms: score.falseAlarms.filter((one) => keep(one.shop)), shops,
    luckHits: 0, luckTries: 0, shopMonths: (score.shopMonths * shops.length) / score.shops.length,
  };
};

const sizesOf = (score: Score): number[] => [...new Set(score.shops.map(({ size }) => size))].sort((a, b) => a - b);

/** The same columns by size, shape and noise. */
export function printParts(score: Score): void {
  const rows: string[][] = [HEAD];
  const cut = (name: string, keep: (shop: ShopFacts) => boolean): void => {
    rows.push(row(name, { ...summarise(part(score, keep), 0), luck: NaN }));
  };
  for (const size of sizesOf(score)) cut(`${size.toLocaleString("en")} a day`, (shop) => shop.size === size);
  for (const shape of new Set(score.shops.map((shop) => shop.shape))) cut(shape, (shop) => shop.shape === shape);
  for (const noise of new Set(score.shops.map((shop) => shop.noise))) cut(noise, (shop) => shop.noise === noise);
  printTable(rows);
}

/** Median minutes to the alert, and found of all, for each incident and size. */
export function printIncidents(score: Score): void {
  const sizes = sizesOf(score);
  const rows: string[][] = [["", ...sizes.map((size) => `${size.toLocaleString("en")}/day`), "lost"]];
  for (const kind of [...new Set(score.judged.map(({ incident }) => incident.kind))].sort()) {
    const mine = score.judged.filter((one) => one.incident.kind === kind);
    rows.push([
      kind,
      ...sizes.map((size) => {
        const here = mine.filter((one) => one.shop.size === size);
        return here.length === 0 ? "-" : `${minutes(middle(delaysOf(here, () => true, 0)))} (${here.filter((one) => one.found).length}/${here.length})`;
      }),
      percent(mine.reduce((sum, one) => sum + one.lost, 0) / mine.length),
    ]);
  }
  printTable(rows);
}
