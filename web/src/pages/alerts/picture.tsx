import { text } from "../../text/alerts.ts";
import { Card } from "../../ui/card.tsx";
import { TimeChart } from "../../ui/chart.tsx";
import { moneyRound, moneyWords } from "../../ui/money.tsx";
import { clockWords, useZone, zoneWords } from "../../ui/time.tsx";
import { useOverview } from "../overview/read.ts";
import type { Alert } from "./read.ts";

const MONEY_MEASURES: readonly string[] = ["revenue", "mean_sale"];

/** Numbers as the measure is counted: money in major units where the exponent of its currency is known. */
function useUnit({ evidence, labels }: Alert) {
  const overview = useOverview().data;
  const currency = labels["currency"];
  const measure = evidence?.measure ?? "";
  const plain = (value: number): string => value.toLocaleString(undefined, { maximumFractionDigits: 1 });
  const name = text.measure[measure] ?? measure;
  if (currency === undefined || !MONEY_MEASURES.includes(measure)) return { name, value: plain, axis: plain };
  if (overview?.currency !== currency) return { name: `${name}, ${text.minorUnits(currency.toUpperCase())}`, value: plain, axis: plain };
  const per = overview.minor_per_major;
  return { name: `${name}, ${currency.toUpperCase()}`, value: (value: number) => moneyWords(value / per, currency), axis: (value: number) => moneyRound(value / per, currency) };
}

/** What was seen around the moment it fired, over the band of what was expected. */
export function AlertPicture({ alert }: { alert: Alert }) {
  const zone = useZone();
  const unit = useUnit(alert);
  const points = alert.series?.points ?? [];
  if (alert.series === null || points.length === 0) return <Card><p className="text-muted">{text.noPicture}</p></Card>;
  const of = (name: "seen" | "low" | "high") => points.map((point) => point[name]);
  const judgedByBand = points.some(({ high }) => high !== null);
  return (
    <Card>
      <TimeChart
        title={`${text.picture.title(alert.title)} (${text.picture.minutes(alert.series.step_s / 60, unit.name)}, ${zoneWords(zone, alert.opened_at)})`}
        zone={zone}
        series={{
          at: points.map(({ at }) => at),
          actual: of("seen"),
          ...(judgedByBand ? { low: of("low"), high: of("high") } : {}),
          marks: alert.fired_at === null ? [] : [{ at: alert.fired_at, label: text.picture.fired, critical: alert.severity === "CRITICAL" }],
          labels: { actual: text.picture.actual, ...(judgedByBand ? { band: text.picture.band } : {}) },
        }}
        value={unit.value}
        axis={unit.axis}
        time={(at) => (at === "" ? "" : clockWords(at, zone))}
      />
    </Card>
  );
}
