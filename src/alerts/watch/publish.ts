import { localDays } from "../../metrics/index.ts";
import { MINUTE_MS } from "../../platform/index.ts";
import type { ExpectedStep } from "../detection/index.ts";
import { writeUsualDays, writeUsualNow } from "../usual.ts";
import type { Findings } from "./findings.ts";
import type { Model } from "./model.ts";
import type { WatchOptions } from "./watch.ts";

const HOUR_MS = 60 * MINUTE_MS;
export const STEP_MS = 10 * MINUTE_MS;

/** Says what is usual now, for the pages, the literal rules and the commands. */
export async function publishNow({ db, scope }: WatchOptions, model: Model, { open, gate }: Findings, nowMs: number): Promise<void> {
  const until = model.nextMs();
  const { startMs } = localDays(scope.timeZone)(until - 1);
  const today: Record<string, ExpectedStep> = {};
  for (const { stream, detector } of model.followed) {
    const [step] = detector.expected(startMs, Math.max(1, (until - startMs) / MINUTE_MS), 1) ?? [];
    if (step !== undefined) today[stream.name] = step;
  }
  const all = model.followed[0]?.detector;
  const outlook = Object.fromEntries(model.followed.map(({ stream, detector }) => [stream.name, detector.outlook()]));
  await db.write((tx) =>
    writeUsualNow(
      tx,
      {
        judgedUntil: until,
        learningDaysLeft: outlook["all"]?.learningDaysLeft ?? 0,
        payments: all?.usualFailures("payments", until - HOUR_MS, until) ?? null,
        webhooks: all?.usualFailures("webhooks", until - 5 * MINUTE_MS, until) ?? null,
        today,
        currencies: Object.fromEntries(model.followed.map(({ stream }) => [stream.name, stream.currency])),
        outlook,
        open,
        gate: gate.kind === "closed" ? gate.reason : null,
      },
      nowMs,
    ),
  );
}

/** Yesterday and today in steps of ten minutes, those to come included. */
export async function publishDays({ db, scope }: WatchOptions, model: Model, nowMs: number): Promise<void> {
  const dayOf = localDays(scope.timeZone);
  const today = dayOf(model.nextMs());
  const yesterday = dayOf(today.startMs - 1);
  const days = model.followed.flatMap(({ stream, detector }) => {
    const steps = detector.expected(yesterday.startMs, STEP_MS / MINUTE_MS, Math.ceil((today.endMs - yesterday.startMs) / STEP_MS));
    return steps === null ? [] : [{ name: stream.name, body: { fromMs: yesterday.startMs, stepMs: STEP_MS, steps } }];
  });
  if (days.length === 0) return;
  await db.write(async (tx) => {
    for (const { name, body } of days) await writeUsualDays(tx, name, body, nowMs);
  });
}
