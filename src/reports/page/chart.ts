import { BarChart, LineChart } from "echarts/charts";
import { GridComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { SVGRenderer } from "echarts/renderers";
import { exponent } from "../../money/index.ts";
import { Html, html } from "../../platform/index.ts";
import type { DrawnChart } from "../build.ts";
import { percent, type Value, valueText } from "../report.ts";

use([BarChart, LineChart, GridComponent, SVGRenderer]);

/** Colours are names of the page's style, so that one picture fits light, dark and paper. */
const COLOURS = ["var(--series-1)", "var(--series-2)", "var(--series-3)"];

function valueOf({ unit, currency }: DrawnChart, value: number): Value {
  return unit === "money" && currency !== null ? { unit, value: value as never, currency } : { unit: unit as "count", value };
}

/** The value in words, as tables show it. */
export function chartText(chart: DrawnChart, value: number | null): string {
  return value === null ? "–" : valueText(valueOf(chart, value), "UTC");
}

/** Short, for the axis alone: figures are read in the table. */
function axisText({ unit, currency }: DrawnChart): (value: number) => string {
  if (unit === "rate") return (value) => `${Math.round(value * 1000) / 10} %`;
  const compact = { notation: "compact", maximumFractionDigits: 1 } as const;
  if (unit !== "money" || currency === null) return (value) => new Intl.NumberFormat("en-US", compact).format(value);
  const format = new Intl.NumberFormat("en-US", { ...compact, style: "currency", currency });
  const scale = 10 ** exponent(currency);
  return (value) => format.format(value / scale);
}

/** Where the axis of a rate begins: below the lowest, at a whole twentieth. Bars always begin at zero. */
function lowest({ unit, series }: DrawnChart): number {
  if (unit !== "rate") return 0;
  const least = Math.min(...series.flatMap(({ values }) => values).filter((value) => value !== null), 1);
  return Math.max(0, Math.floor((least - 0.01) * 20) / 20);
}

/** What a picture shows, in a sentence: its title where it cannot be seen, its caption where it can. */
export function chartSentence(chart: DrawnChart): string {
  const { series, bins, unit } = chart;
  const first = series[0];
  const told = (first?.values ?? []).map((value, index) => ({ value, bin: bins[index] ?? "" })).filter((one): one is { value: number; bin: string } => one.value !== null);
  if (first === undefined || told.length === 0) return "Nothing to show in this period.";
  const [low, high] = [told.reduce((best, one) => (one.value < best.value ? one : best)), told.reduce((best, one) => (one.value > best.value ? one : best))];
  if (unit === "rate") {
    const start = lowest(chart);
    return `${first.name}: lowest ${percent(low.value)} (${low.bin}), highest ${percent(high.value)} (${high.bin}).${start > 0 ? ` The axis begins at ${Math.round(start * 100)} %.` : ""}`;
  }
  const parts = series.map(({ name, values }) => `${name} ${chartText(chart, values.reduce<number>((sum, value) => sum + (value ?? 0), 0))}`);
  return `In all: ${parts.join(", ")}.${high.value > 0 ? ` Most ${first.name.toLowerCase()}: ${chartText(chart, high.value)} (${high.bin}).` : ""}`;
}

/** Which colour is what. As a list of the page: what measures text for the library knows no font of the reader's. */
export function chartLegend({ series, kind }: DrawnChart): Html {
  if (series.length < 2) return html``;
  return html`<ul class="legend">${series.map(({ name }, index) => html`<li class="${kind} s${String(index + 1)}">${name}</li>`)}</ul>`;
}

/**
 * The library's SVG without what a page with a strict policy cannot have or does not need: styles in attributes and in a
 * sheet of their own, marks for scripts. Texts in it are escaped by the library; a test holds it to that.
 */
function clean(svg: string, id: string): string {
  return svg
    .replace(/<style\s*>[\s\S]*?<\/style>/g, "")
    .replace(/ style="[^"]*"/g, "")
    .replace(/ class="[^"]*"/g, "")
    .replace(/ ecmeta_\w+="[^"]*"/g, "")
    .replace(/ pointer-events="[^"]*"/g, "")
    .replace(/zr\d+-/g, `${id}-`)
    .replace(/<rect width="\d+" height="\d+" x="0" y="0" fill="none"><\/rect>/, "");
}

/** Draws a chart as SVG. @param id unique on the page. @param width in the picture's own units; text is 12 of them high. */
export function drawChart(chart: DrawnChart, id: string, width: number): Html {
  const { series, bins, kind } = chart;
  const height = width > 500 ? 210 : 220;
  const drawing = init(null, null, { renderer: "svg", ssr: true, width, height });
  const label = { color: "var(--muted)", fontSize: 12, hideOverlap: true };
  drawing.setOption({
    animation: false,
    color: COLOURS,
    textStyle: { fontFamily: "inherit" },
    grid: { left: 4, right: 12, top: 14, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    xAxis: { type: "category", data: [...bins], axisLabel: label, axisTick: { show: false }, axisLine: { lineStyle: { color: "var(--rule)" } }, boundaryGap: kind !== "lines" },
    yAxis: {
      type: "value",
      min: lowest(chart),
      ...(chart.unit === "rate" ? { max: 1 } : {}),
      ...(chart.unit === "count" ? { minInterval: 1 } : {}),
      splitNumber: 4,
      axisLabel: { ...label, formatter: axisText(chart) },
      splitLine: { lineStyle: { color: "var(--rule)" } },
    },
    series: series.map(({ name, values }, index) => ({
      name,
      data: values.map((value) => value ?? "-"),
      type: kind === "lines" ? "line" : "bar",
      barMaxWidth: 28,
      barGap: "10%",
      ...(kind === "stack" ? { stack: "all" } : {}),
      ...(kind === "lines" ? { symbol: values.length > 40 ? "none" : "circle", symbolSize: 5, lineStyle: { width: 2, type: index === 0 ? "solid" : "dashed" } } : {}),
    })),
  });
  const svg = drawing.renderToSVGString();
  drawing.dispose();
  return new Html(clean(svg, id).replace("<svg ", `<svg role="img" aria-labelledby="${id}-title" `).replace(/ width="\d+" height="\d+"/, ""));
}
