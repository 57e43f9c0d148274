import { accountsOf, type Measures, sumBy, type Window } from "../../metrics/index.ts";
import { type Currency, currency, type Minor, minor } from "../../money/index.ts";
import { type Chart, count, type Figure, money, nothing, type Table } from "../report.ts";
import type { Scope, Section } from "../section.ts";

/** Minor units of one currency. */
export interface Takings {
  readonly currency: Currency;
  readonly captures: number;
  readonly gross: Minor;
  readonly refunded: Minor;
  readonly disputed: Minor;
  /** gross − refunded − disputed; Stripe's fees are not in it. */
  readonly net: Minor;
}

function takingsOf(code: string, { captures, gross, refunded, disputed }: Measures): Takings {
  return { currency: currency(code), captures, gross: minor(gross), refunded: minor(refunded), disputed: minor(disputed), net: minor(gross - refunded - disputed) };
}

function moved({ gross, refunded, disputed, captures, refunds, disputes }: Measures): boolean {
  return [gross, refunded, disputed, captures, refunds, disputes].some((value) => value !== 0);
}

/** Currencies in which money moved: the merchant's first, then by how often. Never added to each other. */
export function takings(sums: ReadonlyMap<string, Measures>, first: Currency): Takings[] {
  return [...sums]
    .filter(([, measures]) => moved(measures))
    .map(([code, measures]) => takingsOf(code, measures))
    .sort((left, right) => Number(right.currency === first) - Number(left.currency === first) || right.captures - left.captures || (left.currency < right.currency ? -1 : 1));
}

/** More pictures than this, and nobody looks at any. */
export const CURRENCIES_DRAWN = 3;
const ACCOUNTS_SHOWN = 50;

export function windowOf({ sources, counted }: Scope): Window {
  return { fromMs: counted.fromMs, toMs: counted.toMs, live: sources.live };
}

function figuresOf({ currency, gross, refunded, disputed, net, captures }: Takings, place: number): Figure[] {
  const code = currency.toUpperCase();
  const detail = place > 0;
  const figure = (id: string, label: string, value: Minor, good: Figure["good"]): Figure => ({ id, label: `${label} (${code})`, value: money(value, currency), good, public: true, detail });
  return [
    figure("net", "Net revenue", net, "up"),
    figure("gross", "Gross, captured", gross, "up"),
    figure("refunded", "Refunded", refunded, "down"),
    figure("disputed", "Withdrawn by disputes", disputed, "down"),
    { id: `captures_${currency}`, label: `Captures (${code})`, value: count(captures), good: "up", public: true, detail },
  ];
}

async function charts(scope: Scope, all: readonly Takings[]): Promise<Chart[]> {
  const perBin = await scope.currencyBins();
  return all.slice(0, CURRENCIES_DRAWN).map(({ currency }) => {
    const of = perBin.map((sums) => sums.get(currency)).map((measures) => (measures === undefined ? null : takingsOf(currency, measures)));
    return {
      id: `revenue_${currency}`,
      title: `Gross and net in ${currency.toUpperCase()}`,
      kind: "bars",
      unit: "money",
      currency,
      series: [
        { name: "Gross", values: of.map((one) => one?.gross ?? 0) },
        { name: "Net", values: of.map((one) => one?.net ?? 0) },
      ],
      public: true,
    };
  });
}

const COLUMNS = [
  { id: "captures", label: "Captures" },
  { id: "gross", label: "Gross" },
  { id: "refunded", label: "Refunded" },
  { id: "disputed", label: "Disputed" },
  { id: "net", label: "Net" },
] as const;

function cells({ currency, captures, gross, refunded, disputed, net }: Takings) {
  return [count(captures), money(gross, currency), money(refunded, currency), money(disputed, currency), money(net, currency)];
}

async function accountsTable(scope: Scope): Promise<Table | null> {
  const { sources } = scope;
  const accounts = (await accountsOf(sources.db.read, sources.live)).filter((account) => account !== null);
  if (accounts.length === 0) return null;
  const rows = [];
  for (const account of accounts.slice(0, ACCOUNTS_SHOWN)) {
    for (const one of takings(await sumBy(sources.db.read, "currency", { ...windowOf(scope), account }), sources.mainCurrency)) {
      rows.push([{ unit: "text" as const, value: account }, { unit: "text" as const, value: one.currency.toUpperCase() }, ...cells(one)]);
    }
  }
  const left = accounts.length > ACCOUNTS_SHOWN ? `${accounts.length - ACCOUNTS_SHOWN} further accounts are not shown` : null;
  return { id: "connected_accounts", title: "Connected accounts, not part of the figures above", columns: [{ id: "account", label: "Account" }, { id: "currency", label: "Currency" }, ...COLUMNS], rows, left, public: false };
}

export const revenue: Section = {
  id: "revenue",
  title: "Revenue",
  question: "How much was taken, given back and left, in each currency?",
  read: async (scope) => {
    const { sources } = scope;
    const method =
      "metrics.sumBy(\"currency\") over the minute, hour and day buckets: money captured, by the time of the capture; refunds by the time we were told; disputes by the time funds were withdrawn, less what was reinstated. Net = gross − refunded − disputed, before Stripe's fees. Payouts, transfers and invoices paid elsewhere are not revenue.";
    const all = takings(await sumBy(sources.db.read, "currency", windowOf(scope)), sources.mainCurrency);
    if (all.length === 0) {
      const accounts = await accountsTable(scope);
      if (accounts === null || accounts.rows.length === 0) return nothing("No money was captured, refunded or disputed in this period.", method);
      return { ...nothing("No money was captured, refunded or disputed on the account itself in this period.", method), tables: async () => [accounts] };
    }
    return {
      nothing: null,
      figures: all.flatMap(figuresOf),
      method,
      notes: [...(all.length > 1 ? ["Amounts of different currencies are never added."] : []), ...(all.length > CURRENCIES_DRAWN ? [`The ${CURRENCIES_DRAWN} currencies used most are drawn; the table has all.`] : [])],
      charts: async () => await charts(scope, all),
      tables: async () => {
        const accounts = await accountsTable(scope);
        const byCurrency: Table = {
          id: "revenue_by_currency",
          title: "By currency",
          columns: [{ id: "currency", label: "Currency" }, ...COLUMNS],
          rows: all.map((one) => [{ unit: "text", value: one.currency.toUpperCase() }, ...cells(one)]),
          left: null,
          public: true,
        };
        return accounts === null ? [byCurrency] : [byCurrency, accounts];
      },
    };
  },
};
