import { MINUTE_MS } from "../../platform/index.ts";
import type { Case } from "../case.ts";
import type { Alert as Detected, Kind, Metric, Resolution } from "../detection/index.ts";
import { heedQuietHours, heedSettings } from "../policy.ts";
import { ADAPTIVE, INGEST_RULE } from "../settings.ts";
import { openAlerts } from "../store.ts";
import { caseOfDetected, keyOf, wellCase } from "./cases.ts";
import { type Gate, gateOf } from "./gate.ts";
import type { Model } from "./model.ts";
import type { WatchOptions } from "./watch.ts";

export interface Findings {
  readonly cases: readonly Case[];
  /** Everything that the detectors hold open, told or not. */
  readonly open: readonly Kind[];
  readonly gate: Gate;
  /** A dip waits until Stripe was asked. */
  readonly held: boolean;
}

/** Dips that missing events would look like. Smaller sales at the usual count are none. */
const MAY_BE_OURS: ReadonlySet<Kind> = new Set(["silent_checkout", "fewer_attempts"]);
/** With the sweep on it is asked within five minutes; until then nothing is said. */
const ASKED_WITHIN_MS = 10 * MINUTE_MS;

function ingestCase(gate: Gate, dip: Detected | undefined, asked: boolean): Case {
  const breach = gate.kind === "closed" && dip !== undefined;
  return {
    key: INGEST_RULE,
    rule: INGEST_RULE,
    life: { pendingMs: asked ? ASKED_WITHIN_MS : 0, recoveryMs: 0 },
    finding: breach ? "breach" : "well",
    health: "ok",
    words: {
      subject: "ingest",
      title: "We are not receiving data",
      todo: ["See at Stripe whether the webhook endpoint is enabled, and at /api/system-health what the sweep says.", "`tillwatch verify` compares the events here with Stripe's own list.", "Should Stripe have no events either, it is the checkout: pay once yourself."],
      labels: { kind: "ingest" },
    },
    judged: breach
      ? { value: 1, summary: `Payments seem to be missing, and so do events: ${gate.reason}. Whether the shop sells less cannot be told. ${dip.why}`, verdict: { kind: "breach", severity: "CRITICAL" }, startedAt: Math.min(gate.sinceMs, dip.startedAt), details: [`The dip that would be told: ${dip.why}`] }
      : { value: 0, summary: "events arrive, or Stripe was asked for all that is missing", verdict: { kind: "ok" } },
  };
}

/** What every alert of the detectors says now: open ones, those that ended, and those that are judged no more. */
export async function findingsOf(options: WatchOptions, model: Model, ended: ReadonlyMap<string, Resolution>, nowMs: number): Promise<Findings> {
  const { db, scope, settings } = options;
  const drawn = { tx: db.read, live: scope.live, timeZone: scope.timeZone };
  const stored = new Set((await openAlerts(db.read)).map(({ key }) => key));
  const facts = await options.facts(nowMs);
  const gate = gateOf(facts, model.nextMs(), nowMs);
  const cases: Case[] = [];
  const known = new Set<string>();
  const open: Kind[] = [];
  let held: Detected | undefined;
  const dipOfAll = model.followed[0]?.detector.open().some(({ metric }) => metric === "revenue_dip") ?? false;
  for (const { stream, detector } of model.followed) {
    const now = new Map<Metric, Detected>(detector.open().map((alert) => [alert.metric, alert]));
    for (const metric of stream.metrics) {
      const key = keyOf(stream, metric);
      known.add(key);
      const alert = now.get(metric);
      if (alert === undefined) {
        cases.push(wellCase(key, ended.get(key)));
        continue;
      }
      open.push(alert.kind);
      const one = await caseOfDetected(drawn, alert, stream, detector, model.nextMs());
      if (gate.kind === "closed" && MAY_BE_OURS.has(alert.kind)) {
        held ??= alert;
        cases.push({ ...one, finding: "unknown" });
        // One incident, one alert: what all payments together show needs no second word for each currency.
      } else if (dipOfAll && stream.name !== "all" && MAY_BE_OURS.has(alert.kind) && !stored.has(key)) continue;
      else cases.push(heedQuietHours(heedSettings(one, alert.kind, settings), settings, scope.timeZone, nowMs, stored.has(key)));
    }
  }
  // A stream that is followed no more, or a metric: what it said is taken back.
  for (const key of stored) if (key.startsWith(ADAPTIVE) && !known.has(key)) cases.push(wellCase(key, "withdrawn"));
  cases.push(settings.off.has(INGEST_RULE) ? { ...ingestCase({ kind: "open" }, undefined, true), resolution: "withdrawn" } : ingestCase(gate, held, facts.comparedUntil !== null));
  return { cases, open, gate, held: held !== undefined };
}
