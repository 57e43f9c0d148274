import { sumBy } from "../metrics/index.ts";
import { asCurrency, minor, moneyText } from "../money/index.ts";
import type { Tx } from "../platform/index.ts";
import { dayParts } from "./day.ts";
import { expectation, type Position } from "./expectation.ts";
import type { Scope } from "./inputs.ts";
import { openAlerts } from "./store.ts";

/** The state of things in one line, made of what the rules and the expectation say. */
export interface Sentence {
  readonly text: string;
  /** `ok`: nothing open; else the worst that is. */
  readonly state: "ok" | "WARNING" | "CRITICAL";
  readonly openAlerts: number;
  readonly position: Position;
}

export interface SentenceScope extends Scope {
  /** How complete the events are, in words, e.g. `312 of 312 events until 14:04 UTC`; null: not known. */
  completeness(nowMs: number): Promise<string | null>;
}

function money(amount: number, currency: string): string {
  const code = asCurrency(currency);
  return code === null ? `${amount} ${currency}` : moneyText(minor(Math.round(amount)), code);
}

const ABOUT: Readonly<Record<Position, (range: string) => string>> = {
  usual: (range) => `usual ${range}`,
  below: (range) => `less than the usual ${range}`,
  above: (range) => `more than the usual ${range}`,
  learning: () => "",
  unfollowed: () => "",
};

/** The main currency, or the one with the most revenue today when that one has none. */
async function currencyOf(tx: Tx, scope: Scope, nowMs: number): Promise<string> {
  const sums = await sumBy(tx, "currency", { fromMs: dayParts(nowMs, scope.timeZone).todayFrom, toMs: nowMs, live: scope.live });
  if ((sums.get(scope.mainCurrency)?.attempts ?? 0) > 0) return scope.mainCurrency;
  return [...sums].sort(([, a], [, b]) => b.attempts - a.attempts)[0]?.[0] ?? scope.mainCurrency;
}

/** E.g. "All well. $4,210.00 so far today, usual for a Sunday at 14:05 is $3,700.00–$4,900.00. 312 of 312 events until 14:04 UTC." */
export async function overviewSentence(tx: Tx, scope: SentenceScope, nowMs: number): Promise<Sentence> {
  const open = (await openAlerts(tx)).filter(({ state, drill }) => state !== "pending" && !drill);
  const worst = open.some(({ severity }) => severity === "CRITICAL") ? "CRITICAL" : open.length > 0 ? "WARNING" : "ok";
  const lead = open.find(({ severity }) => severity === worst) ?? open[0];
  const more = open.length > 1 ? ` (and ${open.length - 1} more)` : "";
  const head = lead === undefined ? "All well." : `${lead.title}${more}: ${lead.summary}${/[.!?]$/.test(lead.summary) ? "" : "."}`;
  const currency = await currencyOf(tx, scope, nowMs);
  const { now, learningDaysLeft } = await expectation(tx, scope, "revenue", currency, nowMs);
  const when = new Intl.DateTimeFormat("en-GB", { timeZone: scope.timeZone, weekday: "long" }).format(nowMs);
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: scope.timeZone, hour: "2-digit", minute: "2-digit" }).format(nowMs);
  const range = now.low === null || now.high === null ? "" : `for a ${when} at ${clock}: ${money(now.low, currency)}–${money(now.high, currency)}`;
  const about = range === "" ? "" : ABOUT[now.position](range);
  const learning = now.position === "learning" ? ` What is usual is still being learnt${learningDaysLeft === null || learningDaysLeft === 0 ? "" : `: ${learningDaysLeft} day${learningDaysLeft === 1 ? "" : "s"} left`}.` : "";
  const revenue = `${money(now.seen ?? 0, currency)} so far today${about === "" ? "" : `, ${about}`}.`;
  const complete = await scope.completeness(nowMs);
  return { text: `${head} ${revenue}${learning}${complete === null ? "" : ` ${complete}.`}`, state: worst, openAlerts: open.length, position: now.position };
}
