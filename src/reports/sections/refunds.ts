import { type Measure, type Measures, sumBy, sumWindow } from "../../metrics/index.ts";
import { currency, minor } from "../../money/index.ts";
import { type Chart, count, type Figure, type Findings, money, nothing, rate } from "../report.ts";
import type { Scope, Section } from "../section.ts";
import { CURRENCIES_DRAWN, windowOf } from "./revenue.ts";

/** What is given back: refunds and disputes are told alike. */
export interface GivenBack {
  readonly sum: Extract<Measure, "refunded" | "disputed">;
  readonly times: Extract<Measure, "refunds" | "disputes">;
  readonly label: string;
  readonly sumLabel: string;
  readonly method: string;
  readonly none: string;
}

export async function readGivenBack(scope: Scope, { sum, times, label, sumLabel, method, none }: GivenBack): Promise<Findings> {
  const { sources } = scope;
  const all = await sumWindow(sources.db.read, windowOf(scope));
  const sums = [...(await sumBy(sources.db.read, "currency", windowOf(scope)))]
    .filter(([, measures]) => measures[sum] !== 0 || measures[times] !== 0)
    .sort(([left, first], [right, second]) => Number(right === sources.mainCurrency) - Number(left === sources.mainCurrency) || second[times] - first[times] || (left < right ? -1 : 1));
  if (sums.length === 0) return nothing(none, method);
  const perCurrency = ([code, measures]: [string, Measures], place: number): Figure[] => [
    { id: sum, label: `${sumLabel} (${code.toUpperCase()})`, value: money(minor(measures[sum]), code), good: "down", public: true, detail: place > 0 },
    { id: `share_${code}`, label: `${sumLabel}, of gross (${code.toUpperCase()})`, value: rate(measures[sum], measures.gross), good: "down", public: true, detail: place > 0 },
  ];
  return {
    nothing: null,
    figures: [
      { id: times, label, value: count(all[times]), good: "down", public: true },
      { id: "rate", label: `${label}, of captures`, value: rate(all[times], all.captures), good: "down", public: true },
      ...sums.flatMap(perCurrency),
    ],
    method,
    notes: [],
    charts: async () => {
      const perBin = await scope.currencyBins();
      return sums.slice(0, CURRENCIES_DRAWN).map(
        ([code]): Chart => ({
          id: `${sum}_${code}`,
          title: `${sumLabel} in ${code.toUpperCase()}`,
          kind: "bars",
          unit: "money",
          currency: currency(code),
          series: [{ name: sumLabel, values: perBin.map((found) => found.get(code)?.[sum] ?? 0) }],
          public: true,
        }),
      );
    },
    tables: async () => [
      {
        id: `${times}_by_currency`,
        title: "By currency",
        columns: [{ id: "currency", label: "Currency" }, { id: times, label }, { id: sum, label: sumLabel }, { id: "gross", label: "Gross" }, { id: "share", label: "Of gross" }],
        rows: sums.map(([code, measures]) => [{ unit: "text", value: code.toUpperCase() }, count(measures[times]), money(minor(measures[sum]), code), money(minor(measures.gross), code), rate(measures[sum], measures.gross)]),
        left: null,
        public: true,
      },
    ],
  };
}

export const refunds: Section = {
  id: "refunds",
  title: "Refunds",
  question: "How much was given back?",
  read: async (scope) =>
    await readGivenBack(scope, {
      sum: "refunded",
      times: "refunds",
      label: "Refunds",
      sumLabel: "Refunded",
      method: "metrics.sumWindow and sumBy(\"currency\"): refunds made here or elsewhere that did not fail and were not canceled, by the time we were told. They may be of payments made before the period, so that the share of gross can pass 100 %.",
      none: "Nothing was refunded in this period.",
    }),
};
