import { anyHolds } from "../platform/index.ts";
import { inhibitions } from "./inhibit.ts";
import { labelsOf, matches } from "./matcher.ts";
import type { NotifySettings } from "./settings.ts";
import { type Silence, silencedBy } from "./silence.ts";
import type { KnownAlert } from "./store.ts";

/** Why an alert that fires is not told of. */
export interface Suppression {
  readonly kind: "silenced" | "maintenance" | "inhibited";
  readonly words: string;
}

/** Why each firing alert that is not told of is not. */
export function suppressions(settings: Pick<NotifySettings, "inhibit" | "maintenance">, silences: readonly Silence[], alerts: readonly KnownAlert[], nowMs: number): Map<number, Suppression> {
  const inhibited = inhibitions(settings.inhibit, alerts);
  const windows = settings.maintenance.filter(({ times }) => anyHolds(times, nowMs));
  const found = new Map<number, Suppression>();
  for (const alert of alerts) {
    if (alert.state !== "firing") continue;
    const labels = labelsOf(alert.news);
    const silence = silencedBy(silences, labels, nowMs);
    if (silence !== null) {
      found.set(alert.id, { kind: silence.kind === "maintenance" ? "maintenance" : "silenced", words: `${silence.kind} ${silence.id} by ${silence.author}: ${silence.reason}` });
      continue;
    }
    const window = windows.find(({ matchers }) => matches(matchers, labels));
    if (window !== undefined) {
      found.set(alert.id, { kind: "maintenance", words: `maintenance ${window.name}` });
      continue;
    }
    const inhibition = inhibited.get(alert.id);
    if (inhibition !== undefined) found.set(alert.id, { kind: "inhibited", words: `inhibited by alert ${inhibition.by}: ${inhibition.rule}` });
  }
  return found;
}

/** Silences that are over now: past their end, or "until resolved" with nothing left that they mute. */
export function endedSilences(silences: readonly Silence[], alerts: readonly KnownAlert[], nowMs: number): Silence[] {
  return silences.filter(({ endsAt, matchers }) => (endsAt === null ? !alerts.some(({ state, news }) => state === "firing" && matches(matchers, labelsOf(news))) : endsAt <= nowMs));
}
