import { LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent, TooltipComponent } from "echarts/components";
import { type EChartsType, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { useEffect, useRef } from "react";
import type { TimeChartProps } from "./chart.tsx";

use([LineChart, GridComponent, TooltipComponent, MarkLineComponent, CanvasRenderer]);

/** A single value between gaps is no line: it is drawn as a point. */
function withPoints(values: readonly (number | null)[]): (number | null | { value: number; symbol: string; symbolSize: number })[] {
  const known = (index: number): boolean => values[index] !== null && values[index] !== undefined;
  return values.map((value, index) => (value === null || known(index - 1) || known(index + 1) ? value : { value, symbol: "circle", symbolSize: 7 }));
}

/** A token as the canvas understands it: resolved, since a canvas knows no `light-dark()`. */
function colours(element: HTMLElement) {
  const probe = document.createElement("span");
  probe.style.transition = "none";
  element.append(probe);
  const of = (token: string): string => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  const found = { actual: of("series-actual"), past: of("series-past"), band: of("series-band"), line: of("line"), muted: of("muted"), text: of("text"), raised: of("raised"), critical: of("critical"), attention: of("attention") };
  probe.remove();
  return found;
}

function optionsOf({ series, value, axis, time, step }: TimeChartProps, element: HTMLElement) {
  const colour = colours(element);
  const reduced = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const width = series.low?.map((low, index) => (low === null || series.high?.[index] === null || series.high?.[index] === undefined ? null : series.high[index] - low));
  const plain = { type: "line" as const, symbol: "none", silent: true, animation: false };
  const marks = [
    ...(series.marks ?? []).map((mark) => ({ xAxis: series.at.findLastIndex((at) => at <= mark.at), name: mark.label, lineStyle: { color: mark.critical ? colour.critical : colour.attention, type: "dashed" as const }, label: { show: false } })),
    ...(series.line === undefined ? [] : [{ yAxis: series.line.value, name: series.line.label, lineStyle: { color: colour.attention, type: "solid" as const }, label: { show: true, formatter: series.line.label, color: colour.muted, position: "insideEndTop" as const } }]),
  ];
  return {
    animation: !reduced,
    animationDuration: 200,
    grid: { left: 8, right: 12, top: 12, bottom: 4, containLabel: true },
    xAxis: { type: "category" as const, data: [...series.at], boundaryGap: false, axisLine: { lineStyle: { color: colour.line } }, axisTick: { show: false }, axisLabel: { color: colour.muted, formatter: time, hideOverlap: true } },
    // Volumes start at zero; what can be overspent goes below it.
    yAxis: { type: "value" as const, min: ({ min }: { min: number }) => Math.min(0, min), splitNumber: 4, ...(step === undefined ? {} : { minInterval: step }), splitLine: { lineStyle: { color: colour.line } }, axisLabel: { color: colour.muted, formatter: axis } },
    tooltip: {
      trigger: "axis" as const,
      // Drawn on the canvas: as HTML it would carry inline styles, which the page's policy refuses.
      renderMode: "richText" as const,
      backgroundColor: colour.raised,
      borderColor: colour.line,
      textStyle: { color: colour.text, fontSize: 12 },
      formatter: (points: { dataIndex: number }[]) => {
        const index = points[0]?.dataIndex ?? 0;
        const row = (label: string | undefined, number: number | null | undefined): string[] => (label === undefined || number === null || number === undefined ? [] : [`${label}: ${value(number)}`]);
        const [low, high] = [series.low?.[index], series.high?.[index]];
        const band = series.labels.band === undefined || low === null || low === undefined || high === null || high === undefined ? [] : [`${series.labels.band}: ${value(low)} – ${value(high)}`];
        return [time(series.at[index] ?? ""), ...row(series.labels.actual, series.actual[index]), ...band, ...row(series.labels.past, series.past?.[index])].join("\n");
      },
    },
    series: [
      ...(series.low === undefined || width === undefined
        ? []
        : [
            { ...plain, stack: "band", data: [...series.low], lineStyle: { opacity: 0 } },
            { ...plain, stack: "band", data: width, lineStyle: { opacity: 0 }, areaStyle: { color: colour.band, opacity: 1 } },
          ]),
      ...(series.past === undefined ? [] : [{ ...plain, data: [...series.past], lineStyle: { color: colour.past, width: 1.2, type: "dashed" as const } }]),
      { ...plain, data: withPoints(series.actual), lineStyle: { color: colour.actual, width: 2.5 }, itemStyle: { color: colour.actual }, ...(marks.length === 0 ? {} : { markLine: { symbol: "none", silent: true, animation: false, data: marks } }) },
    ],
  };
}

/** Loaded after the page stands: the charting library is as large as all the rest. */
export default function ChartCanvas(props: TimeChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const current = useRef(props);
  current.current = props;
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const made = init(element);
    chart.current = made;
    const draw = (): void => made.setOption(optionsOf(current.current, element), { notMerge: true });
    draw();
    const resized = new ResizeObserver(() => made.resize());
    resized.observe(element);
    // Colours are read once per drawing: a change of theme draws anew.
    const themed = new MutationObserver(draw);
    themed.observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    return () => {
      scheme.removeEventListener("change", draw);
      themed.disconnect();
      resized.disconnect();
      made.dispose();
      chart.current = null;
    };
  }, []);
  useEffect(() => {
    if (place.current !== null) chart.current?.setOption(optionsOf(props, place.current), { notMerge: true });
  }, [props]);
  return <div ref={place} className="size-full" />;
}
