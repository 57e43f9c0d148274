import { type Access, principalOf, recordAudit, requireRole } from "../access/index.ts";
import { acknowledgeAlert } from "../alerts/index.ts";
import type { HealthCheck } from "../health/index.ts";
import { ACK_PATH, ackRoutes, ackToken, backlog, type Channel, channelStates, configuredRoutes, type Finder, linkKey, notifyRoutes, type NotifyRoutes, retainNotices, startNotify, type Wording } from "../notify/index.ts";
import { duties, onCallRoutes, personOf, type Roster, whoIsOn } from "../oncall/index.ts";
import { type Clock, type Database, type Http, type HttpRequest, isoSeconds, type Logger, type Loop, type Tx } from "../platform/index.ts";
import { drillCheck, drillRoutes } from "./alert-drill.ts";
import type { Config } from "./config.ts";
import { channelsOf } from "./notify-channels.ts";
import { notifySettings, personalChannels, rotationsOf } from "./notify-settings.ts";

export function rosterOf(config: Pick<Config, "oncall" | "merchant">): Roster {
  return { people: Object.entries(config.oncall.people).map(([id, { name, channels }]) => ({ id, name, channels })), rotations: rotationsOf(config) };
}

/** Whose a channel is, in words. */
export function personNames(config: Config): (channel: string) => string | null {
  const personal = personalChannels(config);
  return (channel) => personal.get(channel) ?? null;
}

/** How one channel's notices name things, and where they lead. */
function wordingOf(config: Config, key: string, channel: string): Wording {
  const { merchant, server, notify, sandbox } = config;
  const base = server.publicUrl?.replace(/\/+$/, "") ?? null;
  return {
    source: sandbox ? `${merchant.name} (sandbox)` : merchant.name,
    timeZone: merchant.timeZone,
    alertLink: (alertId) => (base === null ? null : `${base}/alerts/${alertId}`),
    ackLink: (alertId, { createdAt }) => (base === null ? null : `${base}${ACK_PATH}/${ackToken(key, { alertId, channel, expiresAt: createdAt + notify.linksLastMs })}`),
  };
}

/** The channels as configured, with the key that signs their links. */
export async function notifyChannels(config: Config, db: Database): Promise<{ channels: Channel[]; key: string }> {
  const key = await db.write((tx) => linkKey(tx));
  return { channels: channelsOf(config, (channel) => wordingOf(config, key, channel)), key };
}

/** Who a step of an escalation turns to, as the rotations stand at that time. */
function finderOf(config: Config): Finder {
  const roster = rosterOf(config);
  return async (tx, nowMs) => {
    const on = await whoIsOn(tx, roster, nowMs);
    return ({ kind, name }) => {
      switch (kind) {
        case "channel":
          return { channels: [name], words: `Told to ${name}.` };
        case "person": {
          const person = personOf(roster, name);
          return person === null ? { channels: [], words: `There is no person ${name} any more.` } : { channels: person.channels, words: `Told to ${person.name}.` };
        }
        case "rotation": {
          const person = on(name);
          return person === null ? { channels: [], words: `Nobody is on call in ${name}.` } : { channels: person.channels, words: `Told to ${person.name}, on call (${name}).` };
        }
      }
    };
  };
}

/** Plans and delivers notices; one per node. */
export async function startNotices(parts: { readonly db: Database; readonly config: Config; readonly clock: Clock; readonly log: Logger; readonly node: string }): Promise<Loop> {
  const { channels } = await notifyChannels(parts.config, parts.db);
  return await startNotify({ ...parts, settings: notifySettings(parts.config), channels, finder: finderOf(parts.config) });
}

interface RouteParts {
  readonly log: Logger;
  readonly db: Database;
  readonly config: Config;
  readonly clock: Clock;
  readonly access: Access;
}

/** What routes ask of who asks. */
export type AskerParts = Pick<NotifyRoutes, "viewer" | "operator" | "who" | "record">;

/** Who asks, and the trail of what they did. */
function asker({ access, clock }: RouteParts): AskerParts {
  return {
    viewer: requireRole(access, "viewer"),
    operator: requireRole(access, "operator"),
    who: (request) => principalOf(request).name,
    record: async (tx: Tx, request: HttpRequest, action: string, subject: string, detail: Readonly<Record<string, unknown>>) => {
      const { keyId, name } = principalOf(request);
      await recordAudit(tx, { at: clock.now(), actor: { keyId, name }, action, subject, detail, requestId: request.id, outcome: "ok" });
    },
  };
}

/** Notices, channels, silences, on-call, and the page behind the link in a notice. Asks the database for nothing yet. */
export function notifyHttp(http: Http, parts: RouteParts): void {
  const { db, config, clock } = parts;
  // What is sent from here are tests, which link to no alert.
  const channels = channelsOf(config, (channel) => ({ ...wordingOf(config, "", channel), ackLink: () => null }));
  const personal = personalChannels(config);
  const common = { db, clock, ...asker(parts) };
  notifyRoutes(http, { ...common, channels, personOf: (channel) => personal.get(channel) ?? null });
  configuredRoutes(http, { ...common, settings: notifySettings(config) });
  onCallRoutes(http, { ...common, roster: rosterOf(config), publicUrl: config.server.publicUrl });
  drillRoutes(http, { ...common, log: parts.log, publicUrl: config.server.publicUrl });
  ackRoutes(http, {
    db,
    clock,
    key: () => db.write((tx) => linkKey(tx)),
    nameOf: (channel) => personal.get(channel) ?? channel,
    acknowledge: async (alertId, by, requestId) => {
      const doer = { id: "link", name: by };
      const nowMs = clock.now();
      const trail = async (tx: Tx, action: string, alert: { readonly id: number; readonly rule: string }, detail: Readonly<Record<string, unknown>>): Promise<void> => {
        await recordAudit(tx, { at: nowMs, actor: { keyId: doer.id, name: doer.name }, action, subject: String(alert.id), detail: { rule: alert.rule, ...detail }, requestId, outcome: "ok" });
      };
      await acknowledgeAlert({ db, alertId, doer, trail, nowMs }, null);
    },
  });
}

function isDisabled(state: { readonly disabledAt: number | null } | undefined): boolean {
  return state !== undefined && state.disabledAt !== null;
}

const LATE_MS = 2 * 60_000;
const VERY_LATE_MS = 15 * 60_000;

function channelsCheck({ db, config }: CheckParts): HealthCheck {
  return {
    name: "notify_channels",
    timeoutMs: 3000,
    run: async () => {
      const names = Object.keys(config.notify.channels);
      if (names.length === 0) return { state: "degraded", figure: "no channel", todo: "alerts are told to nobody: name a channel in notify.channels, see docs/notices.md; until then GET /api/alerts and /api/notices show them" };
      const states = await channelStates(db.read);
      const bad = names.filter((name) => isDisabled(states.get(name)));
      const failing = names.filter((name) => !bad.includes(name) && (states.get(name)?.failures ?? 0) >= 3);
      const figure = `${names.length} channels, ${bad.length} disabled, ${failing.length} failing`;
      const [first] = bad;
      if (first !== undefined) return { state: bad.length === names.length ? "down" : "degraded", figure, todo: `${bad.join(", ")}: ${states.get(first)?.disabledWhy ?? "refused everything"}; mend it, then tillwatch notify test ${first}` };
      const [shaky] = failing;
      if (shaky !== undefined) return { state: "degraded", figure, todo: `${failing.join(", ")}: ${states.get(shaky)?.error ?? "does not answer"}; tried again by itself` };
      return { state: "ok", figure };
    },
  };
}

function outboxCheck({ db, clock, config }: CheckParts): HealthCheck {
  return {
    name: "notify_outbox",
    timeoutMs: 3000,
    run: async () => {
      const states = await channelStates(db.read);
      // What a disabled channel holds back is told by the check of the channels.
      const waiting = [...(await backlog(db.read))].filter(([name]) => name in config.notify.channels && !isDisabled(states.get(name)));
      const count = waiting.reduce((sum, [, one]) => sum + one.waiting, 0);
      const lagMs = waiting.length === 0 ? 0 : clock.now() - Math.min(...waiting.map(([, { oldestAt }]) => oldestAt));
      const figure = `${count} notices waiting, the oldest for ${Math.round(lagMs / 1000)} s`;
      if (lagMs > VERY_LATE_MS) return { state: "down", figure, todo: "notices do not leave; GET /api/channels says which channel fails and why" };
      if (lagMs > LATE_MS) return { state: "degraded", figure, todo: "notices leave late; GET /api/channels says which channel fails and why" };
      return { state: "ok", figure };
    },
  };
}

function onCallCheck({ db, clock, config }: CheckParts): HealthCheck[] {
  const roster = rosterOf(config);
  if (roster.rotations.length === 0) return [];
  return [
    {
      name: "oncall",
      timeoutMs: 3000,
      run: async () => {
        const all = await duties(db.read, roster, clock.now());
        const empty = all.filter(({ now }) => now === null);
        const gaps = all.flatMap(({ rotation, gap }) => (gap === null ? [] : [`${rotation} from ${isoSeconds(gap.startsAt)} to ${isoSeconds(gap.endsAt)}`]));
        const figure = all.map(({ rotation, now }) => `${rotation}: ${now?.name ?? "nobody"}`).join(", ");
        if (empty.length > 0) return { state: "degraded", figure, todo: `nobody is on call in ${empty.map(({ rotation }) => rotation).join(", ")}; let somebody stand in: POST /api/oncall/overrides` };
        if (gaps.length > 0) return { state: "degraded", figure, todo: `within 14 days nobody is on call in ${gaps.join("; ")}` };
        return { state: "ok", figure };
      },
    },
  ];
}

interface CheckParts {
  readonly db: Database;
  readonly config: Config;
  readonly clock: Clock;
}

/** Of which a person is told by an alert too. That nothing is configured is said on the page alone: there is nobody to tell. */
export function notifyAlertingChecks(parts: CheckParts): HealthCheck[] {
  return [...(Object.keys(parts.config.notify.channels).length === 0 ? [] : [channelsCheck(parts), outboxCheck(parts), drillCheck(parts)]), ...onCallCheck(parts)];
}

export function notifyChecks(parts: CheckParts): HealthCheck[] {
  return [channelsCheck(parts), outboxCheck(parts), drillCheck(parts), ...onCallCheck(parts)];
}

/** Forgets old notices, a little at a time. */
export async function forgetNotices(db: Database, beforeMs: number): Promise<number> {
  return await db.write((tx) => retainNotices(tx, beforeMs, 500));
}
