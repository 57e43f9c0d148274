import { asCurrency, minor, moneyText } from "../../money/index.ts";
import { readDays, readStandings, showSlo, type ShownSlo, type Slo } from "../../slo/index.ts";
import { count, type Figure, nothing, rate, round, type Table, text, type Value } from "../report.ts";
import type { Scope, Section } from "../section.ts";

const MILLION = 1_000_000;

/** How an objective did over the days of the period. */
interface Attained {
  readonly slo: Slo;
  readonly now: ShownSlo;
  readonly days: number;
  readonly good: number;
  readonly bad: number;
  /** Bad events that the objective allowed, by what it was on each day. */
  readonly allowed: number;
}

function amountText(code: string, amount: number): string {
  const known = asCurrency(code);
  return known === null ? `${amount} ${code.toUpperCase()} (minor units)` : moneyText(minor(amount), known);
}

async function attained({ sources, period }: Scope): Promise<Attained[]> {
  const standings = await readStandings(sources.db.read);
  const found: Attained[] = [];
  for (const slo of sources.slos) {
    const days = await readDays(sources.db.read, slo.name, period.fromMs, period.toMs);
    const total = days.reduce((sum, { day }) => sum + day.total, 0);
    const good = days.reduce((sum, { day }) => sum + day.good, 0);
    // Whole parts per million times whole events: exact until the one division.
    const allowed = days.reduce((sum, { day, objectivePpm }) => sum + day.total * (MILLION - objectivePpm), 0) / MILLION;
    found.push({ slo, now: showSlo(slo, standings.get(slo.name), amountText), days: days.length, good, bad: total - good, allowed });
  }
  return found;
}

function left({ bad, allowed }: Attained): Value {
  return { unit: "rate", value: allowed === 0 ? null : round((allowed - bad) / allowed) };
}

function figuresOf(one: Attained): Figure[] {
  const { slo, now, good, bad } = one;
  return [
    { id: `attainment_${slo.name}`, label: `${now.title} (objective ${now.objective_text})`, value: rate(good, good + bad), good: "up", public: true },
    { id: `budget_left_${slo.name}`, label: `${now.title}: budget left of the period`, value: left(one), good: "up", public: true },
  ];
}

function periodTable(all: readonly Attained[]): Table {
  return {
    id: "objectives",
    title: "Over the period",
    columns: [{ id: "objective", label: "Objective" }, { id: "target", label: "Target" }, { id: "good", label: "Good" }, { id: "bad", label: "Bad" }, { id: "allowed", label: "Bad allowed" }, { id: "attainment", label: "Attained" }, { id: "days", label: "Days measured" }],
    rows: all.map(({ slo, now, good, bad, allowed, days }) => [text(`${now.title} (${slo.name})`), text(now.objective_text), count(good), count(bad), count(Math.floor(allowed)), rate(good, good + bad), count(days)]),
    left: null,
    public: true,
  };
}

/** Where it stands now, as `GET /api/slos` has it. */
function nowTable(all: readonly Attained[]): Table {
  return {
    id: "budget_now",
    title: "Error budget now, of the rolling window",
    columns: [{ id: "objective", label: "Objective" }, { id: "window", label: "Window" }, { id: "status", label: "Status" }, { id: "attainment", label: "Attained" }, { id: "left", label: "Budget left" }, { id: "events", label: "Bad events left" }, { id: "money", label: "In money, estimated" }],
    rows: all.map(({ slo, now }) => [
      text(slo.name),
      text(`${now.window_days} days`),
      text(now.status.replace("_", " ")),
      { unit: "rate", value: now.attainment === null ? null : round(now.attainment) },
      { unit: "rate", value: now.budget.left === null ? null : round(now.budget.left) },
      count(now.status === "no_data" ? null : Math.floor(now.budget.left_events)),
      text(now.budget.money.map((one) => one.left.text).join(", ") || null),
    ]),
    left: null,
    public: false,
  };
}

export const slos: Section = {
  id: "slo",
  title: "Service level objectives",
  question: "Was it as good as was promised, and how much may still go wrong?",
  read: async (scope) => {
    const method =
      "slo.readDays: good and bad events of each of the merchant's days that begins in the period, against the objective of that day; the budget is what the objective allows to go bad. Now: slo.readStandings, as GET /api/slos. Money is an estimate per currency and never added.";
    const all = await attained(scope);
    if (all.length === 0) return nothing("No service level objective is configured.", method);
    const told = all.filter(({ good, bad }) => good + bad > 0);
    if (told.length === 0) return { ...nothing("No objective was measured on a day of this period.", method), tables: async () => [nowTable(all)] };
    return { nothing: null, figures: told.flatMap(figuresOf), method, notes: [], charts: async () => [], tables: async () => [periodTable(told), nowTable(all)] };
  },
};
