import { type DeliveryCounts, sumDeliveriesIn } from "../../metrics/index.ts";
import { count, type Figure, nothing, rate, text, type Value } from "../report.ts";
import type { Section } from "../section.ts";

interface Told {
  readonly received: number;
  readonly processed: number;
  readonly failed: number;
  readonly rejected: number;
}

/** Authentic ones were processed or failed; a forgery is neither. */
function told({ accepted, duplicate, variant, malformed, failed, rejected }: DeliveryCounts): Told {
  const processed = accepted + duplicate + variant;
  return { received: processed + malformed + failed + rejected, processed, failed: failed + malformed, rejected };
}

function total(sums: ReadonlyMap<string, DeliveryCounts>): Told {
  const all = [...sums.values()].map(told);
  const sum = (of: (one: Told) => number) => all.reduce((before, one) => before + of(one), 0);
  return { received: sum((one) => one.received), processed: sum((one) => one.processed), failed: sum((one) => one.failed), rejected: sum((one) => one.rejected) };
}

export const deliveries: Section = {
  id: "deliveries",
  title: "Webhook delivery",
  question: "Was every delivery that Stripe made taken and processed?",
  read: async (scope) => {
    const { sources, counted, bins } = scope;
    const method =
      "metrics.sumDeliveriesIn over the delivery buckets, by the time a delivery came in; test and live mode together, since a refused delivery has no mode. Processed: stored, or known already. Failed: authentic, and not stored or no event. Rejected: no valid signature, so it counts in no rate. Imported files count as deliveries of the endpoint they were imported under.";
    const sums = await sumDeliveriesIn(sources.db.read, counted.fromMs, counted.toMs);
    const all = total(sums);
    if (all.received === 0) return nothing("No webhook delivery came in during this period.", method);
    const figure = (id: string, label: string, value: Value, good: Figure["good"]): Figure => ({ id, label, value, good, public: true });
    return {
      nothing: null,
      figures: [
        figure("processed_rate", "Processed, of authentic deliveries", rate(all.processed, all.processed + all.failed), "up"),
        figure("received", "Deliveries received", count(all.received), null),
        figure("processed", "Processed", count(all.processed), "up"),
        figure("failed", "Failed", count(all.failed), "down"),
        figure("rejected", "Rejected, not authentic", count(all.rejected), "down"),
      ],
      method,
      notes: [],
      charts: async () => {
        const perBin: Told[] = [];
        for (const bin of bins) perBin.push(total(await sumDeliveriesIn(sources.db.read, bin.fromMs, bin.toMs)));
        const series = (name: string, of: (one: Told) => number) => ({ name, values: perBin.map(of) });
        return [{ id: "deliveries", title: "Webhook deliveries", kind: "stack", unit: "count", currency: null, series: [series("Processed", (one) => one.processed), series("Failed", (one) => one.failed), series("Rejected", (one) => one.rejected)], public: true }];
      },
      tables: async () => [
        {
          id: "deliveries_by_endpoint",
          title: "By endpoint",
          columns: [
            { id: "endpoint", label: "Endpoint" },
            { id: "accepted", label: "New" },
            { id: "duplicate", label: "Known already" },
            { id: "variant", label: "Known, other content" },
            { id: "malformed", label: "No event" },
            { id: "failed", label: "Not stored" },
            { id: "rejected", label: "Rejected" },
          ],
          rows: [...sums].map(([endpoint, one]) => [text(endpoint), count(one.accepted), count(one.duplicate), count(one.variant), count(one.malformed), count(one.failed), count(one.rejected)]),
          left: null,
          public: false,
        },
      ],
    };
  },
};
