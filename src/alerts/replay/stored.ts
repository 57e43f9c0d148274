import { firstMinute, localDays, series } from "../../metrics/index.ts";
import { DAY_MS, MINUTE_MS, type Tx } from "../../platform/index.ts";
import type { Transition } from "../detection/index.ts";
import type { Scope } from "../inputs.ts";
import type { ProductionThresholds } from "../production.ts";
import type { AlertSettings } from "../settings.ts";
import type { FeedScope } from "../watch/feed.ts";
import { createModel } from "../watch/model.ts";
import type { Stream } from "../watch/stream.ts";
import { titleOf } from "../watch/words.ts";
import { type Firing, literalReplay } from "./literal.ts";

/** A rule set tried on the stored history. */
export interface Trial {
  readonly settings: AlertSettings;
  readonly thresholds: ProductionThresholds;
}

export interface StoredBacktest {
  /** What was judged: from, until (ms UTC). Later than asked for where minutes are not kept so long. */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly minutes: number;
  /** Days of history before `fromMs` that were learnt from; under 14 the first days are judged as a new shop's. */
  readonly learntDays: number;
  /** Of the adaptive rules and of the plain thresholds by themselves, in order of time. */
  readonly firings: readonly (Firing & { readonly part: "adaptive" | "threshold" })[];
}

const LEARN_MS = 35 * DAY_MS;
const BITE_MS = 360 * MINUTE_MS;

function adaptiveFirings(settings: AlertSettings) {
  const byId = new Map<string, Firing>();
  return {
    hear: (stream: Stream, { kind, alert }: Transition): void => {
      const id = `${stream.name} ${alert.id}`;
      if (settings.off.has(alert.kind)) return;
      const stake = stream.currency === null || alert.lossMinor === null || alert.lossMinor < 1 ? null : { currency: stream.currency, minor: Math.round(alert.lossMinor) };
      const severity = byId.get(id)?.severity === "CRITICAL" ? "CRITICAL" : alert.severity;
      const why = kind === "opened" ? `${titleOf(alert, stream.name === "all" ? null : stream.name)}: ${alert.why}` : (byId.get(id)?.why ?? alert.why);
      byId.set(id, { rule: alert.kind, severity, firedAt: alert.firedAt, resolvedAt: alert.resolvedAt, why, stake: stake ?? byId.get(id)?.stake ?? null });
    },
    all: (): Firing[] => [...byId.values()],
  };
}

/**
 * Walks the stored minutes through the detectors and the literal rules of a rule set, as the service would have judged
 * them, without looking ahead. Minutes are read as they are now: what came late is in them.
 *
 * @param days back from `nowMs`.
 */
export async function backtestStored(tx: Tx, scope: Scope, feed: FeedScope, trial: Trial, days: number, nowMs: number, onProgress: (share: number) => void = () => {}): Promise<StoredBacktest> {
  const untilMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
  const first = (await firstMinute(tx, scope.live)) ?? untilMs;
  const fromMs = Math.min(untilMs, Math.max(first, Math.floor((untilMs - days * DAY_MS) / MINUTE_MS) * MINUTE_MS));
  const beginMs = Math.max(first, fromMs - LEARN_MS);
  const adaptive = adaptiveFirings(trial.settings);
  const model = await createModel(tx, scope, feed, trial.settings, Math.min(beginMs, untilMs), nowMs, adaptive.hear);
  const literal = literalReplay(trial.thresholds, (ms) => dayOf(ms).startMs);
  const dayOf = localDays(scope.timeZone);
  for (let at = model.nextMs(); at < untilMs; at = model.nextMs()) {
    const until = Math.min(untilMs, at + BITE_MS);
    const minutes = await model.read(tx, at, until);
    const byCurrency = new Map<number, Map<string, { amount: number; sales: number }>>();
    for (const { startMs, value, measures } of await series(tx, "minute", "currency", { fromMs: at, toMs: until, live: scope.live })) {
      const minute = byCurrency.get(startMs) ?? new Map<string, { amount: number; sales: number }>();
      minute.set(value, { amount: measures.gross, sales: measures.captures });
      byCurrency.set(startMs, minute);
    }
    for (const minute of minutes) {
      const startMs = minute.slices.ts * 1000;
      const [all] = minute.buckets;
      literal.push({ at: startMs, attempts: all?.attempts ?? 0, failed: all?.failed ?? 0, webhooksFailed: all?.webhook_failed ?? 0, revenue: byCurrency.get(startMs) ?? new Map() });
    }
    model.push(minutes);
    onProgress((until - beginMs) / Math.max(1, untilMs - beginMs));
  }
  const firings = [...adaptive.all().map((one) => ({ ...one, part: "adaptive" as const })), ...literal.firings().map((one) => ({ ...one, part: "threshold" as const }))]
    .filter(({ firedAt, rule }) => firedAt >= fromMs && !trial.settings.off.has(rule))
    .sort((a, b) => a.firedAt - b.firedAt);
  return { fromMs, untilMs, minutes: (untilMs - fromMs) / MINUTE_MS, learntDays: Math.floor((fromMs - beginMs) / DAY_MS), firings };
}
