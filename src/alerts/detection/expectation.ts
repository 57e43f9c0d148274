// What is usual, told outside: the band that a page draws, and the range against which a literal threshold is read.

import { failureQuantile } from "./beta-binomial.ts";
import { phiOf } from "./dispersion.ts";
import { firstGuess, GUESS_PHI, hourOf, isGuess, meanSaleSoFar } from "./first-guess.ts";
import { enterMinute, type Forecast, forecastMinute } from "./forecast.ts";
import { LEARNING_DAYS } from "./judge.ts";
import { countQuantile } from "./negative-binomial.ts";
import type { Observer } from "./observe.ts";
import { WINDOWS } from "./sensitivity.ts";
import { between, endOf, oldest } from "./series.ts";
import { type DetectorState, daysSeen } from "./state.ts";

/** What is expected of a stretch of time, with its 5 % and 95 % points. Takings in minor units. */
export interface ExpectedStep {
  /** Epoch milliseconds at which it begins. */
  readonly fromMs: number;
  readonly attempts: number;
  readonly low: number;
  readonly high: number;
  readonly failed: number;
  readonly takings: number;
  readonly takingsLow: number;
  readonly takingsHigh: number;
}

/** Usual failures among what was tried in a stretch of time. */
export interface UsualFailures {
  readonly tries: number;
  readonly failed: number;
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

const WIDE_PHI = 0.1;
/** Quantile of the normal distribution at 5 % and 95 %. */
const Z95 = 1.645;

/**
 * Steps in order, past or future; one band each: those of steps cannot be added. Before a whole day has been seen it is a
 * guess from what came so far, with nothing expected of the time before that. Null while nothing was tried at all.
 */
export function expectedSteps(state: DetectorState, observer: Observer, fromMs: number, stepMinutes: number, steps: number): ExpectedStep[] | null {
  const guessing = isGuess(state);
  const guess = guessing ? firstGuess(state) : null;
  if (guessing && guess === null) return null;
  const meanSoFar = meanSaleSoFar(state);
  const forecast = (ts: number): Forecast => {
    forecastMinute(state, ts, observer.forecast);
    const into = observer.forecast;
    if (guess !== null) {
      into.expected = into.dip = ts < state.series.firstTs ? 0 : (guess.perMinute[hourOf(ts + (state.span?.offset ?? 0))] ?? 0);
      into.failureRate = guess.failureRate;
    }
    if (into.meanSale === 0) into.meanSale = meanSoFar;
    return into;
  };
  const out: ExpectedStep[] = [];
  const kept = { day: state.day, dayKind: state.dayKind, span: state.span };
  for (let step = 0; step < steps; step++) {
    const begin = fromMs / 1000 + step * stepMinutes * 60;
    const sum = { attempts: 0, dip: 0, failed: 0, takings: 0, sales: 0 };
    for (let minute = 0; minute < stepMinutes; minute++) {
      const ts = begin + minute * 60;
      enterMinute(state, observer.calendar, observer.timeZone, ts);
      const { expected, dip, failureRate, meanSale } = forecast(ts);
      sum.attempts += expected;
      sum.dip += Math.min(dip, expected);
      sum.failed += expected * failureRate;
      sum.sales += expected * (1 - failureRate);
      sum.takings += expected * (1 - failureRate) * meanSale;
    }
    out.push(withBand(state, begin * 1000, stepMinutes, sum, guess === null ? 0 : GUESS_PHI + 1 / guess.attempts));
  }
  Object.assign(state, kept);
  return out;
}

interface Sums {
  readonly attempts: number;
  readonly dip: number;
  readonly failed: number;
  readonly takings: number;
  readonly sales: number;
}

/** `least` over-dispersion, for a guess. */
function withBand(state: DetectorState, fromMs: number, minutes: number, { attempts, dip, failed, takings, sales }: Sums, least: number): ExpectedStep {
  const found = WINDOWS.findIndex((window) => window >= minutes);
  const learnt = phiOf(state.usual, found < 0 ? WINDOWS.length - 1 : found, Math.max(1, attempts));
  const vague = (state.usual.clump - 1 + state.vague) / Math.max(1, attempts);
  const phi = Math.max(least, daysSeen(state) < LEARNING_DAYS ? Math.max(learnt, WIDE_PHI) : learnt) + vague;
  // The sum of sales varies with their number and with their sizes; about log-normally.
  const spread = Math.sqrt(Math.log1p(1 / Math.max(0.5, sales) + phi + saleVariance(state, sales)));
  const at = (z: number): number => Math.round(takings * Math.exp(z * spread - (spread * spread) / 2));
  const low = takings * (attempts > 0 ? dip / attempts : 1);
  return {
    fromMs,
    attempts,
    low: countQuantile(0.05, dip, phi),
    high: countQuantile(0.95, attempts, phi),
    failed,
    takings: Math.round(takings),
    takingsLow: takings === 0 ? 0 : Math.round((low / takings) * at(-Z95)),
    takingsHigh: at(Z95),
  };
}

/** Relative variance of the mean of so many sales: learnt from blocks of 24 and more, one whole mean for a single sale before that. */
function saleVariance({ sales: model }: DetectorState, sales: number): number {
  const spread = model.spread[1] ?? Infinity;
  const ofOne = Number.isFinite(spread) ? 24 * spread * spread : 1;
  return ofOne / Math.max(1, sales);
}

/** Of the minutes in `[fromMs, untilMs)` that are held; null while nothing is learnt or nothing was tried. */
export function usualFailures(state: DetectorState, what: "payments" | "webhooks", fromMs: number, untilMs: number): UsualFailures | null {
  const { series } = state;
  const rates = what === "payments" ? state.rates : state.webhookRates;
  if (rates === null || daysSeen(state) < LEARNING_DAYS) return null;
  const place = (ms: number): number => Math.max(oldest(series), Math.min(series.count, Math.ceil((ms / 1000 - series.firstTs) / 60)));
  const from = place(fromMs);
  const until = place(untilMs);
  if (until <= from || endOf(series, until) * 1000 < fromMs) return null;
  const { attempts, failed, expectedFailed, webhooks, webhooksFailed, expectedWebhooksFailed } = series.sums;
  const [tried, lost, usual] = what === "payments" ? [attempts, failed, expectedFailed] : [webhooks, webhooksFailed, expectedWebhooksFailed];
  const tries = between(tried, from, until);
  if (tries <= 0) return null;
  const expected = between(usual, from, until);
  const rate = Math.max(1e-5, Math.min(0.99, expected / tries));
  const weight = 1 / (rates.rho + 1 / rates.evidence);
  return { tries, failed: between(lost, from, until), expected, low: failureQuantile(0.05, tries, rate, weight), high: failureQuantile(0.95, tries, rate, weight) };
}
