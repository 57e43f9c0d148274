import { type Measures, type SliceKind, sumBy, sumWindow } from "../../metrics/index.ts";
import { type Chart, count, type Figure, nothing, rate, round, type Table, text, type Value } from "../report.ts";
import type { Scope, Section } from "../section.ts";
import { windowOf } from "./revenue.ts";

const ROWS = 12;

function figuresOf(all: Measures): Figure[] {
  const figure = (id: string, label: string, value: Value, good: Figure["good"]): Figure => ({ id, label, value, good, public: true });
  return [
    figure("success_rate_final", "Payments that succeeded in the end", rate(all.payments_succeeded, all.payments), "up"),
    figure("success_rate_raw", "Attempts that succeeded", rate(all.succeeded, all.attempts), "up"),
    figure("error_rate_raw", "Attempts that failed", rate(all.failed, all.attempts), "down"),
    figure("error_rate_final", "Payments that failed in the end", rate(all.payments - all.payments_succeeded, all.payments), "down"),
    figure("attempts", "Attempts", count(all.attempts), "up"),
    figure("succeeded", "Attempts succeeded", count(all.succeeded), "up"),
    figure("failed", "Attempts failed", count(all.failed), "down"),
    figure("payments", "Payments with an outcome", count(all.payments), "up"),
    figure("payments_succeeded", "Payments succeeded", count(all.payments_succeeded), "up"),
    figure("failed_customer", "Failed: the customer's bank declined", count(all.failed_customer), "down"),
    figure("failed_risk", "Failed: blocked as a risk", count(all.failed_risk), "down"),
    figure("failed_technical", "Failed: technical", count(all.failed_technical), "down"),
  ];
}

async function charts({ sources, bins }: Scope): Promise<Chart[]> {
  const perBin: Measures[] = [];
  for (const { fromMs, toMs } of bins) perBin.push(await sumWindow(sources.db.read, { fromMs, toMs, live: sources.live }));
  const values = (of: (measures: Measures) => number | null) => perBin.map(of);
  const share = (part: number, whole: number) => (whole === 0 ? null : round(part / whole));
  return [
    {
      id: "success_rates",
      title: "Success rate of attempts and of payments in the end",
      kind: "lines",
      unit: "rate",
      currency: null,
      series: [
        { name: "Payments in the end", values: values((one) => share(one.payments_succeeded, one.payments)) },
        { name: "Attempts", values: values((one) => share(one.succeeded, one.attempts)) },
      ],
      public: true,
    },
    {
      id: "failures_by_cause",
      title: "Failed attempts by cause",
      kind: "stack",
      unit: "count",
      currency: null,
      series: [
        { name: "Customer's bank", values: values((one) => one.failed_customer) },
        { name: "Risk", values: values((one) => one.failed_risk) },
        { name: "Technical", values: values((one) => one.failed_technical) },
      ],
      public: true,
    },
  ];
}

async function codes(scope: Scope, failed: number): Promise<Table> {
  const found = [...(await sumBy(scope.sources.db.read, "cause", windowOf(scope)))].filter(([, { failed: times }]) => times > 0).sort((left, right) => right[1].failed - left[1].failed || (left[0] < right[0] ? -1 : 1));
  const shown = found.slice(0, ROWS);
  const rest = found.slice(ROWS).reduce((sum, [, measures]) => sum + measures.failed, 0);
  return {
    id: "failures_by_code",
    title: "Failed attempts by code",
    columns: [{ id: "code", label: "Code" }, { id: "failed", label: "Failed" }, { id: "share", label: "Of all failed" }],
    rows: shown.map(([code, measures]) => [text(code), count(measures.failed), rate(measures.failed, failed)]),
    left: rest === 0 ? null : `${rest.toLocaleString("en-US")} failed attempts of ${found.length - ROWS} rarer codes`,
    public: false,
  };
}

function causes(all: Measures): Table {
  const row = (label: string, failed: number) => [text(label), count(failed), rate(failed, all.failed), rate(failed, all.attempts)];
  return {
    id: "failures_by_cause",
    title: "Failed attempts by cause",
    columns: [{ id: "cause", label: "Cause" }, { id: "failed", label: "Failed" }, { id: "share", label: "Of all failed" }, { id: "rate", label: "Of all attempts" }],
    rows: [row("Customer: declined by the bank", all.failed_customer), row("Risk: blocked", all.failed_risk), row("Technical", all.failed_technical)],
    left: null,
    public: true,
  };
}

const SLICES = [
  ["method", "By payment method", "Method"],
  ["brand", "By card brand", "Brand"],
  ["country", "By country of the card", "Country"],
] as const satisfies readonly (readonly [SliceKind, string, string])[];

async function slice(scope: Scope, [kind, title, label]: (typeof SLICES)[number]): Promise<Table | null> {
  const found = [...(await sumBy(scope.sources.db.read, kind, windowOf(scope)))].filter(([, { attempts }]) => attempts > 0).sort((left, right) => right[1].attempts - left[1].attempts || (left[0] < right[0] ? -1 : 1));
  if (found.length === 0) return null;
  const rest = found.slice(ROWS).reduce((sum, [, measures]) => sum + measures.attempts, 0);
  return {
    id: `payments_by_${kind}`,
    title,
    columns: [{ id: kind, label }, { id: "attempts", label: "Attempts" }, { id: "succeeded", label: "Succeeded" }, { id: "failed", label: "Failed" }, { id: "error_rate", label: "Failed of attempts" }],
    rows: found.slice(0, ROWS).map(([value, one]) => [text(value), count(one.attempts), count(one.succeeded), count(one.failed), rate(one.failed, one.attempts)]),
    left: rest === 0 ? null : `${rest.toLocaleString("en-US")} attempts of ${found.length - ROWS} others`,
    public: false,
  };
}

export const payments: Section = {
  id: "payments",
  title: "Payments",
  question: "How often do payments succeed, and who is the cause when they fail?",
  read: async (scope) => {
    const method =
      "metrics.sumWindow and sumBy(\"cause\", \"method\", \"brand\", \"country\") over the buckets. One attempt is one charge, or one failed authentication that made none, by its time; raw rates divide by attempts, final ones by payments (retries of one intent taken together, by the time of the first attempt). Pending attempts are in neither. Causes by Stripe's outcome of the charge.";
    const all = await sumWindow(scope.sources.db.read, windowOf(scope));
    if (all.attempts === 0 && all.payments === 0) return nothing("Nobody tried to pay in this period.", method);
    return {
      nothing: null,
      figures: figuresOf(all),
      method,
      notes: [],
      charts: async () => await charts(scope),
      tables: async () => {
        const slices: Table[] = [];
        for (const one of SLICES) {
          const table = await slice(scope, one);
          if (table !== null) slices.push(table);
        }
        return [...(all.failed > 0 ? [causes(all), await codes(scope, all.failed)] : []), ...slices];
      },
    };
  },
};
