import { useLive } from "../../frame/live.tsx";
import { text } from "../../text/overview.ts";
import { Card } from "../../ui/card.tsx";
import { TimeChart } from "../../ui/chart.tsx";
import { moneyRound, moneyWords } from "../../ui/money.tsx";
import { clockWords, useZone, zoneWords } from "../../ui/time.tsx";
import { Skeleton } from "../../ui/waiting.tsx";
import { type Expectation, type Overview, useExpectation } from "./read.ts";
import { runningTotal } from "./running-total.ts";

function titleOf({ now, basis }: Expectation, per: number, currency: string): string {
  if (basis === "guess" && now.low !== null && now.high !== null) return text.picture.guess(moneyRound(now.low / per, currency), moneyRound(now.high / per, currency));
  if (now.position === "below") return text.picture.below;
  if (now.position === "above") return text.picture.above;
  if (now.position !== "usual" || now.low === null || now.high === null) return text.picture.plain;
  return text.picture.usual(moneyRound(now.low / per, currency), moneyRound(now.high / per, currency));
}

/** Today's revenue as a running total over what is usual, yesterday thin behind, alerts as marks. */
export function Picture({ overview }: { overview: Overview }) {
  const { data } = useExpectation("revenue");
  const zone = useZone();
  const { state } = useLive();
  const { currency, minor_per_major: per } = overview;
  return (
    <Card>
      {data === undefined ? (
        <Skeleton className="h-64 w-full" />
      ) : (
        <TimeChart
          title={`${titleOf(data, per, currency)} (${currency.toUpperCase()}, ${zoneWords(zone)})`}
          zone={zone}
          stale={state === "stale"}
          series={{
            ...runningTotal(data, per),
            marks: overview.marks.map(({ at, title, severity }) => ({ at, label: title, critical: severity === "CRITICAL" })),
            labels: { actual: text.picture.actual, past: text.picture.past, band: data.basis === "guess" ? text.picture.bandGuess : text.picture.band },
          }}
          value={(value) => moneyWords(value, currency)}
          axis={(value) => moneyRound(value, currency)}
          step={1}
          time={(at) => (at === "" ? "" : clockWords(at, zone))}
        />
      )}
    </Card>
  );
}
