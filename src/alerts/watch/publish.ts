import { localDays } from "../../metrics/index.ts";
import { DAY_MS, MINUTE_MS } from "../../platform/index.ts";
import type { ExpectedStep } from "../detection/index.ts";
import { type UsualDays, type UsualNow, writeUsualDays, writeUsualNow } from "../usual.ts";
import type { Findings } from "./findings.ts";
import { renewLease } from "./lease.ts";
import type { Followed, Model } from "./model.ts";
import type { WatchOptions } from "./watch.ts";

const HOUR_MS = 60 * MINUTE_MS;
/** What is usual of a day changes with the daily fit, hardly with the minutes; a guess does with what comes in. */
const DAYS_EVERY_MS = HOUR_MS;
const GUESS_EVERY_MS = 5 * MINUTE_MS;
const STEP_MS = 10 * MINUTE_MS;

function usualNow({ scope }: WatchOptions, model: Model, { open, gate }: Findings): UsualNow {
  const until = model.nextMs();
  const { startMs } = localDays(scope.timeZone)(until - 1);
  const today: Record<string, ExpectedStep> = {};
  for (const { stream, detector } of model.followed) {
    const [step] = detector.expected(startMs, Math.max(1, (until - startMs) / MINUTE_MS), 1) ?? [];
    if (step !== undefined) today[stream.name] = step;
  }
  const all = model.followed[0]?.detector;
  const outlook = Object.fromEntries(model.followed.map(({ stream, detector }) => [stream.name, detector.outlook()]));
  return {
    judgedUntil: until,
    learningDaysLeft: outlook["all"]?.learningDaysLeft ?? 0,
    payments: all?.usualFailures("payments", until - HOUR_MS, until) ?? null,
    webhooks: all?.usualFailures("webhooks", until - 5 * MINUTE_MS, until) ?? null,
    today,
    currencies: Object.fromEntries(model.followed.map(({ stream }) => [stream.name, stream.currency])),
    outlook,
    open,
    gate: gate.kind === "closed" ? gate.reason : null,
  };
}

/** Yesterday and today in steps of ten minutes, those to come included; null before anything was tried. */
function usualDays({ scope }: WatchOptions, model: Model, { detector }: Followed): UsualDays | null {
  const dayOf = localDays(scope.timeZone);
  const today = dayOf(model.nextMs());
  const yesterday = dayOf(today.startMs - 1);
  const steps = detector.expected(yesterday.startMs, STEP_MS / MINUTE_MS, Math.ceil((today.endMs - yesterday.startMs) / STEP_MS));
  return steps === null ? null : { fromMs: yesterday.startMs, stepMs: STEP_MS, steps };
}

/** When the days of a stream were last said: at what time, of which day, and when they are due again. */
export type DaysTold = Map<string, { readonly dayMs: number; readonly againAt: number }>;

/** A day is not over of which anything could be learnt: what is told is a guess, or nothing. */
const young = (model: Model): boolean => model.nextMs() - model.firstMs < 2 * DAY_MS;

/**
 * Says what is usual now, for the pages, the literal rules and the commands; and of the days of one stream, those that are
 * due taking turns, so that no minute has much to do. At first of all.
 */
export async function publish(options: WatchOptions, model: Model, findings: Findings, told: DaysTold, nowMs: number): Promise<void> {
  const dayMs = localDays(options.scope.timeZone)(model.nextMs()).startMs;
  const due = model.followed.filter(({ stream }) => {
    const last = told.get(stream.name);
    return last === undefined || last.dayMs !== dayMs || nowMs >= last.againAt;
  });
  const turns = told.size === 0 ? due : due.slice(0, 1);
  const days = turns.map((one) => ({ name: one.stream.name, body: usualDays(options, model, one) }));
  const now = usualNow(options, model, findings);
  await options.db.write(async (tx) => {
    await renewLease(tx, options.node, nowMs);
    await writeUsualNow(tx, now, nowMs);
    for (const { name, body } of days) if (body !== null) await writeUsualDays(tx, name, body, nowMs);
  });
  for (const { name, body } of days) told.set(name, { dayMs, againAt: nowMs + (body === null ? MINUTE_MS : young(model) ? GUESS_EVERY_MS : DAYS_EVERY_MS) });
}
