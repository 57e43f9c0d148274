import { anyHolds, edges, HOUR_MS, MINUTE_MS } from "../platform/index.ts";
import { composeNotice } from "./compose.ts";
import { type Decision, dedup, type Pace, type Standing, type Told } from "./dedup.ts";
import { nextDigest } from "./digest.ts";
import { type Chain, type Found, openChain, stepChain } from "./escalate.ts";
import { type Labels, labelsOf } from "./matcher.ts";
import type { NewNotice, NoticeReason } from "./notice.ts";
import { groupOf, routesFor } from "./route.ts";
import type { Digest, NotifySettings, Route, Target } from "./settings.ts";
import { type Silence, silenceState } from "./silence.ts";
import type { KnownAlert } from "./store.ts";
import type { Stream } from "./stream.ts";
import { endedSilences, type Suppression, suppressions } from "./suppress.ts";

// Long because one plan weighs routes, streams and escalations against each other; each half is unreadable without the other.

/** Everything that planning goes by, read at one moment. */
export interface PlanInput {
  readonly settings: NotifySettings;
  /** Those that are not closed. */
  readonly alerts: readonly KnownAlert[];
  readonly streams: readonly Stream[];
  /** Those not marked as ended. */
  readonly silences: readonly Silence[];
  readonly chains: readonly Chain[];
  /** Who a target of an escalation is at a time. */
  find(target: Target, nowMs: number): Found;
  readonly nowMs: number;
}

export interface Plan {
  readonly notices: readonly { readonly notice: NewNotice; readonly channels: readonly string[] }[];
  /** As they are to be stored. */
  readonly streams: readonly Stream[];
  /** Nothing is owed any more. */
  readonly goneStreams: readonly Pick<Stream, "key" | "channel">[];
  readonly chains: readonly Chain[];
  /** Nobody is owed a word of them any more. */
  readonly closed: readonly number[];
  readonly suppressed: ReadonlyMap<number, Suppression>;
  readonly endedSilences: readonly number[];
  /** When to plan again although nothing happens, ms UTC; null: not by itself. */
  readonly dueAt: number | null;
}

interface Line {
  readonly key: string;
  readonly channel: string;
  readonly route: string;
  readonly labels: Labels;
  readonly pace: Omit<Pace, "digestAt">;
  readonly digest: Digest | null;
  readonly standings: Map<number, Standing>;
  readonly stream: Stream | null;
  /** Lines of an escalation step that is due. */
  forced: string[] | null;
}

const lineKey = (key: string, channel: string): string => `${key}\n${channel}`;

/** What a person is told by an escalation follows at once, and is not repeated: the chain repeats. */
const ESCALATION_PACE = { waitMs: 0, intervalMs: 0, repeatMs: null };
/** What was told by a route that is no more is ended, and not repeated. */
const ORPHAN_PACE = { waitMs: 0, intervalMs: 5 * MINUTE_MS, repeatMs: null };
export const escalationKey = (alertId: number): string => `escalation/${alertId}`;

const ids = (alerts: readonly KnownAlert[]): number[] => alerts.map(({ id }) => id).sort((one, other) => one - other);

class Planner {
  readonly #input: PlanInput;
  readonly #ids: ReadonlyMap<number, KnownAlert>;
  readonly #suppressed: Map<number, Suppression>;
  readonly #streams: ReadonlyMap<string, Stream>;
  readonly #lines = new Map<string, Line>();
  readonly #chains: Chain[] = [];
  #due: number[] = [];

  constructor(input: PlanInput) {
    this.#input = input;
    this.#ids = new Map(input.alerts.map((alert) => [alert.id, alert]));
    this.#streams = new Map(input.streams.map((stream) => [lineKey(stream.key, stream.channel), stream]));
    this.#suppressed = suppressions(input.settings, input.silences, input.alerts, input.nowMs);
  }

  #standing(alert: KnownAlert, open: boolean): Standing {
    const { settings, nowMs } = this.#input;
    const suppressed = this.#suppressed.get(alert.id);
    const forgottenAt = alert.acknowledgedAt === null ? null : alert.acknowledgedAt + settings.forgottenMs;
    const forgotten = forgottenAt !== null && forgottenAt <= nowMs;
    return {
      id: alert.id,
      severity: alert.news.severity,
      state: alert.state,
      // What came and went while it was muted is in no digest.
      visible: open && suppressed === undefined && (alert.state === "firing" || alert.suppressed === null),
      silenced: suppressed !== undefined && suppressed.kind !== "inhibited",
      knownAt: alert.knownAt,
      acknowledged: forgottenAt !== null && !forgotten,
      forgotten,
      forgottenAt: forgotten ? null : forgottenAt,
    };
  }

  #line(key: string, channel: string, make: () => Omit<Line, "key" | "channel" | "standings" | "stream" | "forced">): Line {
    const id = lineKey(key, channel);
    const known = this.#lines.get(id);
    if (known !== undefined) return known;
    const line: Line = { key, channel, ...make(), standings: new Map(), stream: this.#streams.get(id) ?? null, forced: null };
    this.#lines.set(id, line);
    return line;
  }

  /** Puts each alert into the groups that take it. */
  #route(): void {
    const { settings, alerts, nowMs, chains } = this.#input;
    const open = new Map<Route, boolean>();
    const chained = new Set(chains.map(({ alertId }) => alertId));
    for (const alert of alerts) {
      const labels = labelsOf(alert.news);
      for (const route of routesFor(settings.root, labels)) {
        if (!open.has(route)) open.set(route, !anyHolds(route.muted, nowMs) && (route.active.length === 0 || anyHolds(route.active, nowMs)));
        const standing = this.#standing(alert, open.get(route) ?? true);
        // A digest is for warnings: what is CRITICAL does not wait for the hour.
        const digest = alert.news.severity === "WARNING" && !alert.news.drill ? route.digest : null;
        const group = groupOf(route, labels, alert.news.drill ? "drill" : digest === null ? "single" : "digest");
        for (const channel of route.channels) {
          this.#line(group.key, channel, () => ({ route: route.path, labels: group.labels, pace: route, digest })).standings.set(alert.id, standing);
        }
        if (!chained.has(alert.id) && alert.state === "firing" && standing.visible) this.#openChain(alert, route, chained);
      }
    }
    for (const chain of chains) this.#goOn(chain);
  }

  #openChain(alert: KnownAlert, route: Route, chained: Set<number>): void {
    const policy = this.#input.settings.policies.find(({ name }) => name === route.escalate);
    if (policy === undefined) return;
    chained.add(alert.id);
    this.#goOn(openChain(alert.id, policy, route, this.#input.nowMs));
  }

  #goOn(chain: Chain): void {
    const { nowMs } = this.#input;
    const alert = this.#ids.get(chain.alertId);
    const standing = alert === undefined ? null : this.#standing(alert, true);
    const step = stepChain(chain, { firing: alert?.state === "firing", visible: standing?.visible ?? false, acknowledged: standing?.acknowledged ?? false }, (target) => this.#input.find(target, nowMs), nowMs);
    if (step.chain !== chain || !this.#input.chains.includes(chain)) this.#chains.push(step.chain);
    // While it is silenced its time passes; it goes on as soon as it may.
    if (step.chain.nextAt !== null && step.chain.nextAt > nowMs) this.#due.push(step.chain.nextAt);
    for (const { channels, notes } of step.told) {
      for (const channel of channels) {
        const line = this.#escalationLine(chain.alertId, chain.route, channel);
        line.forced = [...(line.forced ?? []), ...notes];
        if (alert !== undefined && standing !== null) line.standings.set(alert.id, standing);
      }
    }
  }

  #escalationLine(alertId: number, route: string, channel: string): Line {
    return this.#line(escalationKey(alertId), channel, () => ({ route, labels: { alert: String(alertId) }, pace: ESCALATION_PACE, digest: null }));
  }

  /** What a channel was told is followed to its end, whatever became of the route. */
  #follow(): void {
    for (const stream of this.#input.streams) {
      const escalation = stream.key.startsWith("escalation/");
      const line = this.#line(stream.key, stream.channel, () => ({ route: stream.route, labels: stream.labels, pace: escalation ? ESCALATION_PACE : ORPHAN_PACE, digest: null }));
      for (const { id } of stream.told) {
        const alert = this.#ids.get(id);
        if (alert !== undefined && !line.standings.has(id)) line.standings.set(id, this.#standing(alert, escalation));
      }
    }
  }

  #paceOf({ pace, digest, stream, standings }: Line): Pace {
    if (digest === null) return { ...pace, digestAt: null };
    const known = new Map((stream?.told ?? []).map(({ id, state }) => [id, state]));
    const since = [...standings.values()].filter(({ id, state }) => known.get(id) !== state).map(({ id, state, knownAt }) => (state === "firing" ? knownAt : (this.#ids.get(id)?.updatedAt ?? knownAt)));
    return { ...pace, digestAt: since.length === 0 ? this.#input.nowMs + HOUR_MS : nextDigest(digest, Math.max(Math.min(...since), stream?.sentAt ?? 0)) };
  }

  #decide(line: Line): Decision {
    if (line.forced !== null) return { kind: "send", reason: "escalation" };
    return dedup(line.stream?.told ?? [], line.standings, line.stream?.sentAt ?? null, this.#paceOf(line), this.#input.nowMs);
  }

  plan(): Plan {
    const { settings, nowMs } = this.#input;
    this.#route();
    this.#follow();
    const there = new Set(settings.channels);
    const streams: Stream[] = [];
    const goneStreams: Pick<Stream, "key" | "channel">[] = [];
    const notices = new Map<string, { notice: NewNotice; channels: string[] }>();
    const owed = new Set<number>();
    for (const line of this.#lines.values()) {
      if (!there.has(line.channel)) {
        // A channel that is configured no more can be told nothing.
        if (line.stream !== null) goneStreams.push(line.stream);
        continue;
      }
      const decision = this.#decide(line);
      if (decision.kind === "none" && decision.dueAt !== null) this.#due.push(decision.dueAt);
      const after = decision.kind === "send" ? this.#send(line, decision.reason, notices) : this.#keep(line);
      for (const { id, state } of after.told) if (state === "firing") owed.add(id);
      if (line.digest !== null && decision.kind === "none") this.#oweDigest(line, owed);
      this.#store(line, after, streams, goneStreams);
    }
    const ended = endedSilences(this.#input.silences, this.#input.alerts, nowMs);
    return {
      notices: [...notices.values()],
      streams,
      goneStreams,
      chains: this.#chains,
      closed: this.#input.alerts.filter(({ id, state }) => state === "resolved" && !owed.has(id)).map(({ id }) => id),
      suppressed: this.#suppressed,
      endedSilences: ended.map(({ id }) => id),
      dueAt: this.#dueAt(),
    };
  }

  /** What has ended already waits for the digest all the same. */
  #oweDigest({ standings, stream }: Line, owed: Set<number>): void {
    const known = new Set((stream?.told ?? []).map(({ id }) => id));
    for (const { id, state, visible } of standings.values()) if (state === "resolved" && visible && !known.has(id)) owed.add(id);
  }

  /** Members that are told now, and what the channel knows then. */
  #send(line: Line, reason: NoticeReason, notices: Map<string, { notice: NewNotice; channels: string[] }>): { told: Told[]; sentAt: number } {
    const { nowMs } = this.#input;
    const before = new Map((line.stream?.told ?? []).map((one) => [one.id, one]));
    const firing: KnownAlert[] = [];
    const resolved: KnownAlert[] = [];
    const told: Told[] = [];
    for (const [id, standing] of line.standings) {
      const alert = this.#ids.get(id);
      if (alert === undefined) continue;
      const known = before.get(id);
      const { severity, acknowledged, visible, silenced } = standing;
      if (standing.state === "resolved") {
        if (known?.state === "firing" || (reason === "digest" && known === undefined && visible)) resolved.push(alert);
        if (known !== undefined || reason === "digest") told.push({ id, severity, state: "resolved", acknowledged, silenced: false });
      } else if (visible && (known?.state === "firing" || !acknowledged || line.forced !== null)) {
        firing.push(standing.forgotten ? { ...alert, acknowledgedAt: null } : alert);
        told.push({ id, severity, state: "firing", acknowledged, silenced: false });
      } else if (known !== undefined) {
        told.push({ ...known, silenced: known.silenced || silenced });
      }
    }
    const notes = [...(line.forced ?? []), ...(reason === "silence ended" ? ["What silenced it has ended, and it still fires."] : [])];
    const same = JSON.stringify([line.key, reason, notes, ids(firing), ids(resolved)]);
    const found = notices.get(same);
    if (found === undefined) notices.set(same, { notice: composeNotice({ key: line.key, route: line.route, labels: line.labels, firing, resolved, notes }, reason, nowMs), channels: [line.channel] });
    else found.channels.push(line.channel);
    this.#due.push(...this.#afterSend(line, firing, nowMs));
    return { told, sentAt: nowMs };
  }

  #afterSend({ pace, digest }: Line, firing: readonly KnownAlert[], nowMs: number): number[] {
    return firing.length > 0 && digest === null && pace.repeatMs !== null ? [nowMs + pace.repeatMs] : [];
  }

  #keep({ stream, standings }: Line): { told: Told[]; sentAt: number | null } {
    const told = (stream?.told ?? []).flatMap((one): Told[] => {
      const now = standings.get(one.id);
      if (now === undefined) return [];
      return [one.state === "firing" && now.state === "firing" && now.silenced && !one.silenced ? { ...one, silenced: true } : one];
    });
    return { told, sentAt: stream?.sentAt ?? null };
  }

  /** A stream that knows of nothing any more is forgotten once its interval is over. */
  #store(line: Line, after: { told: Told[]; sentAt: number | null }, streams: Stream[], gone: Pick<Stream, "key" | "channel">[]): void {
    if (after.sentAt === null) return;
    const open = new Set(after.told.filter(({ state }) => state === "firing").map(({ id }) => id));
    const quietAt = after.sentAt + Math.max(line.pace.intervalMs, MINUTE_MS);
    if (after.told.length === 0 && quietAt <= this.#input.nowMs) {
      if (line.stream !== null) gone.push(line.stream);
      return;
    }
    if (open.size === 0 && quietAt > this.#input.nowMs) this.#due.push(quietAt);
    const stream: Stream = { key: line.key, channel: line.channel, route: line.route, labels: line.labels, told: after.told, sentAt: after.sentAt };
    const before = line.stream;
    if (before !== null && before.sentAt === stream.sentAt && before.told.length === stream.told.length && before.told.every((one, index) => one === stream.told[index])) return;
    streams.push(stream);
  }

  #dueAt(): number | null {
    const { settings, silences, alerts, nowMs } = this.#input;
    const due = this.#due.filter((at) => at > nowMs);
    for (const silence of silences) if (silenceState(silence, nowMs) !== "ended") due.push(...[silence.startsAt, silence.endsAt ?? 0].filter((at) => at > nowMs));
    for (const { state, acknowledgedAt } of alerts) if (state === "firing" && acknowledgedAt !== null && acknowledgedAt + settings.forgottenMs > nowMs) due.push(acknowledgedAt + settings.forgottenMs);
    if (alerts.length > 0) due.push(...this.#nextEdge());
    return due.length === 0 ? null : Math.min(...due);
  }

  /** While anything is open, the next time at which a mute time or a maintenance window begins or ends. */
  #nextEdge(): number[] {
    const { settings, nowMs } = this.#input;
    const routes = [settings.root];
    for (const route of routes) routes.push(...route.routes);
    const intervals = [...settings.maintenance.flatMap(({ times }) => times), ...routes.flatMap(({ muted, active }) => [...muted, ...active])];
    return intervals.flatMap((interval) => edges(interval, nowMs, nowMs + 25 * HOUR_MS).slice(0, 1));
  }
}

/**
 * Who is to be told what now: a function of what is stored and the time, so that the same plan comes out after a crash.
 * Every alert is routed anew each time; what a channel was told stands in its stream, and what follows is decided from
 * that alone.
 */
export function makePlan(input: PlanInput): Plan {
  return new Planner(input).plan();
}
