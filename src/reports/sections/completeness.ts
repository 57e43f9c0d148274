import { completeness as compare, readGaps } from "../../ingest/index.ts";
import { timeText } from "../report.ts";
import { count, type Figure, nothing, rate, text, time, type Value } from "../report.ts";
import type { Section } from "../section.ts";

const GAPS_SHOWN = 50;

export const completeness: Section = {
  id: "completeness",
  title: "Completeness",
  question: "Is everything here that Stripe has?",
  read: async ({ sources, period }) => {
    const method =
      "ingest.completeness: Stripe's own list of events as the witness, counted in five minutes of Stripe's time, for as long as it was compared (Stripe keeps 30 days). Recovered: did not come by itself and was fetched. The account itself; connected accounts are compared apart.";
    const found = await compare(sources.db.read, null, period.fromMs, period.toMs);
    const { fromMs, untilMs } = found;
    if (fromMs === null || untilMs === null) return nothing("Events of this period were not compared with Stripe's own list: the sweep is off, has not run yet, or the period is longer ago than Stripe remembers.", method);
    const figure = (id: string, label: string, value: Value, good: Figure["good"]): Figure => ({ id, label, value, good, public: true });
    const part = fromMs > period.fromMs || untilMs < period.toMs ? [`Compared from ${timeText(fromMs, period.timeZone)} until ${timeText(untilMs, period.timeZone)}; of the rest of the period nothing is claimed.`] : [];
    return {
      nothing: null,
      figures: [
        figure("present_rate", "Events here, of those at Stripe", rate(found.present, found.events), "up"),
        figure("arrived_rate", "Came by themselves", rate(found.arrived, found.events), "up"),
        figure("events", "Events at Stripe", count(found.events), null),
        figure("present", "Here", count(found.present), "up"),
        figure("recovered", "Recovered", count(found.recovered), "down"),
      ],
      method,
      notes: part,
      charts: async () => [],
      tables: async () => {
        const gaps = await readGaps(sources.db.read, period.fromMs, period.toMs, GAPS_SHOWN + 1);
        if (gaps.length === 0) return [];
        return [
          {
            id: "gaps",
            title: "Gaps that were found and filled",
            columns: [{ id: "from", label: "From" }, { id: "until", label: "Until" }, { id: "events", label: "Events recovered" }, { id: "found", label: "Found" }, { id: "closed", label: "Closed" }, { id: "cause", label: "Probable cause" }],
            rows: gaps.slice(0, GAPS_SHOWN).map((gap) => [time(gap.fromMs), time(gap.toMs), count(gap.events), time(gap.foundAt), time(gap.closedAt), text(gap.cause)]),
            left: gaps.length > GAPS_SHOWN ? "older gaps are not shown; see GET /api/completeness" : null,
            public: false,
          },
        ];
      },
    };
  },
};
