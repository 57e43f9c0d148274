import { lazy, Suspense, useState } from "react";
import { text } from "../text/frame.ts";
import { Button } from "./button.tsx";
import { Skeleton } from "./waiting.tsx";

/** A picture over time. Expected is a grey band, actual one strong line, the past thin; volumes start at zero. */
export interface TimeSeries {
  /** ISO times, evenly spaced. */
  readonly at: readonly string[];
  readonly actual: readonly (number | null)[];
  readonly past?: readonly (number | null)[];
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
  /** A horizontal line, e.g. a threshold. */
  readonly line?: { readonly value: number; readonly label: string };
  readonly marks?: readonly { readonly at: string; readonly label: string; readonly critical: boolean }[];
  readonly labels: { readonly actual: string; readonly past?: string; readonly band?: string };
}

export interface TimeChartProps {
  /** What is seen, in words. */
  readonly title: string;
  readonly series: TimeSeries;
  /** IANA zone of the axis. */
  readonly zone: string;
  readonly value: (value: number) => string;
  readonly axis: (value: number) => string;
  readonly time: (at: string) => string;
  readonly height?: number;
  /** The least step of the axis, in its unit; without one as small as fits. */
  readonly step?: number;
  /** The last values, greyed, while nothing newer comes. */
  readonly stale?: boolean;
}


function Table({ series, value, time }: TimeChartProps) {
  const { labels } = series;
  const cell = (number: number | null | undefined): string => (number === null || number === undefined ? "–" : value(number));
  const rows = series.at.map((at, index) => ({ at, index })).filter(({ index }) => series.actual[index] !== null && series.actual[index] !== undefined);
  return (
    <div tabIndex={0} role="region" aria-label={text.table} className="max-h-72 overflow-auto">
      <table className="tabular w-full text-sm">
        <thead className="sticky top-0 bg-surface text-left">
          <tr>
            <th scope="col">{text.time}</th>
            <th scope="col">{labels.actual}</th>
            {labels.band === undefined ? null : <th scope="col">{labels.band}</th>}
            {labels.past === undefined ? null : <th scope="col">{labels.past}</th>}
          </tr>
        </thead>
        <tbody>
          {rows.toReversed().map(({ at, index }) => (
            <tr key={at} className="border-t border-line">
              <td>{time(at)}</td>
              <td>{cell(series.actual[index])}</td>
              {labels.band === undefined ? null : (
                <td>
                  {cell(series.low?.[index])} – {cell(series.high?.[index])}
                </td>
              )}
              {labels.past === undefined ? null : <td>{cell(series.past?.[index])}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Without the service the picture's code may not come; its table stands in for it, and the page stays. */
const Canvas = lazy(() => import("./chart-canvas.tsx").catch(() => ({ default: Table })));

/** The picture with the table behind it. */
export function TimeChart(props: TimeChartProps) {
  const [table, setTable] = useState(false);
  const height = props.height ?? 220;
  return (
    <figure className={props.stale === true ? "opacity-50 grayscale" : undefined}>
      <figcaption className="mb-1 flex flex-wrap items-center justify-between gap-2">
        <span className="font-medium">{props.title}</span>
        <Button small look="quiet" className="ml-auto" onClick={() => setTable(!table)}>
          {table ? text.picture : text.table}
        </Button>
      </figcaption>
      {table ? (
        <Table {...props} />
      ) : (
        <div role="img" aria-label={props.title} className="overflow-hidden" style={{ height }}>
          <Suspense fallback={<Skeleton className="size-full" />}>
            <Canvas {...props} />
          </Suspense>
        </div>
      )}
    </figure>
  );
}
