import { expect } from "vitest";
import { type Database, virtualClock } from "../../platform/index.ts";
import { announce } from "../announce.ts";
import type { Channel, SendOutcome } from "../channel.ts";
import { enableChannel, registerChannels } from "../channel-store.ts";
import { deliverNext } from "../deliver.ts";
import type { Found } from "../escalate.ts";
import { DEFAULT_INHIBIT } from "../inhibit.ts";
import { parseMatcher } from "../matcher.ts";
import type { AlertChange, AlertNews } from "../news.ts";
import type { Notice, NoticeReason } from "../notice.ts";
import { dropForeign } from "../outbox.ts";
import { planStep } from "../plan-step.ts";
import type { NotifySettings, Route, Target } from "../settings.ts";
import { createSilence, expireSilence } from "../silences.ts";
import { newsOf } from "./news.ts";

/** Monday 2025-10-20, 12:00 UTC. */
export const START = Date.UTC(2025, 9, 20, 12);
const UNIT: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `1h30m` as milliseconds. */
export function ms(text: string): number {
  return [...text.matchAll(/(\d+)([smhd])/g)].reduce((sum, [, count, unit]) => sum + Number(count) * (UNIT[unit ?? ""] ?? Number.NaN), 0);
}

export function routeOf(over: Partial<Route> = {}): Route {
  return { path: "default", matchers: [], goesOn: false, channels: ["team"], groupBy: ["subject"], waitMs: ms("30s"), intervalMs: ms("5m"), repeatMs: ms("4h"), muted: [], active: [], digest: null, escalate: null, routes: [], ...over };
}

export function settingsOf(over: Partial<NotifySettings> = {}): NotifySettings {
  return { root: routeOf(), inhibit: DEFAULT_INHIBIT, maintenance: [], policies: [], forgottenMs: ms("4h"), channels: ["team"], ...over };
}

/** What one channel got, when (ms since the start). */
export interface Got {
  readonly at: number;
  readonly channel: string;
  readonly reason: NoticeReason;
  readonly firing: readonly number[];
  readonly resolved: readonly number[];
  readonly notice: Notice;
}

export interface Expected {
  readonly channel?: string;
  readonly reason: NoticeReason;
  readonly firing?: readonly number[];
  readonly resolved?: readonly number[];
  /** A part of one of the further lines. */
  readonly note?: string;
}

/** Thrown where the process "dies". */
export class Crash extends Error {}

export interface Stage {
  at(time: string): At;
  /** Lets the time pass up to then, doing everything that falls due. */
  run(until: string): Promise<void>;
  /** One notice of this kind came between these times; it is ticked off. */
  expect(within: readonly [number, number], notice: Expected): void;
  /** Nothing came that was not expected. */
  nothingElse(): void;
  readonly got: readonly Got[];
  /** The process dies before (or right after) its nth write from now. */
  dieAt(write: number, after: boolean): void;
  readonly writes: () => number;
  /** A channel's answer to one sending, by time. */
  answer(channel: string, how: (at: number, notice: Notice) => SendOutcome): void;
  onCall(find: (target: Target, at: number) => Found): void;
}

interface At {
  push(news: Partial<AlertNews> & { readonly alertId: number }): void;
  /** Many in one transaction. */
  pushAll(news: readonly (Partial<AlertNews> & { readonly alertId: number })[]): void;
  change(alertId: number, change: AlertChange, over?: Partial<AlertNews>): void;
  resolve(...alertIds: number[]): void;
  silence(matchers: string, until: string): void;
  expire(id: number): void;
  configure(settings: NotifySettings): void;
  enable(channel: string): void;
  clock(jump: string, back?: boolean): void;
}

export const between = (from: string, to: string): readonly [number, number] => [ms(from), ms(to)];

/** A play in virtual time: alerts come and go, and what each channel gets is written down. */
export async function stage(db: Database, first: NotifySettings = settingsOf(), rates: { merges?: "text" | "group"; gapMs?: number } = {}): Promise<Stage> {
  const clock = virtualClock(START);
  let settings = first;
  let elapsed = 0;
  const actions: { at: number; run: () => Promise<void> }[] = [];
  const got: Got[] = [];
  let open: Got[] = [];
  const answers = new Map<string, (at: number, notice: Notice) => SendOutcome>();
  let find: (target: Target, at: number) => Found = ({ kind, name }) => ({ channels: [name], words: `${kind} ${name}` });
  const alerts = new Map<number, AlertNews>();
  let writes = 0;
  let dies: { write: number; after: boolean } | null = null;
  let owner = 0;

  const mortal: Database = Object.create(db, {
    write: {
      value: async (step: Parameters<Database["write"]>[0]) => {
        writes += 1;
        const now = dies !== null && writes === dies.write ? dies : null;
        if (now !== null) dies = null;
        if (now?.after === false) throw new Crash("before a write");
        const result = await db.write(step);
        if (now !== null) throw new Crash("after a write");
        return result;
      },
    },
  }) as Database;

  const shown = (notice: Notice, state: "firing" | "resolved"): number[] => notice.alerts.filter((alert) => (alert.state === "resolved") === (state === "resolved")).map(({ news }) => news.alertId).sort((one, other) => one - other);
  const channelOf = (name: string): Channel => ({
    name,
    kind: "test",
    merges: rates.merges ?? "text",
    gapMs: rates.gapMs ?? 0,
    fingerprint: "same",
    send: async (notice) => {
      const outcome = answers.get(name)?.(elapsed, notice) ?? { kind: "sent" as const, status: 200 };
      if (outcome.kind === "sent") {
        const one = { at: elapsed, channel: name, reason: notice.reason, firing: shown(notice, "firing"), resolved: shown(notice, "resolved"), notice };
        got.push(one);
        open.push(one);
      }
      return outcome;
    },
  });
  const register = async (): Promise<void> => {
    await db.write(async (tx) => {
      await registerChannels(tx, settings.channels.map(channelOf));
      await dropForeign(tx, settings.channels, clock.now());
    });
  };
  await register();

  const finder = async () => (target: Target) => find(target, elapsed);
  const doAll = async (): Promise<void> => {
    for (;;) {
      try {
        const deps = { db: mortal, clock, monotonicMs: () => 0, random: () => 0.5, log: { info: () => {}, warn: () => {}, error: () => {} }, channels: settings.channels.map(channelOf), owner: `process ${owner}` };
        let worked = (await planStep({ db: mortal, clock, settings, finder })) !== null;
        for (const channel of deps.channels) worked = (await deliverNext(deps, channel)) || worked;
        if (!worked) return;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
        // Another process comes after the lease of the dead one.
        owner += 1;
        await db.write((tx) => tx.updateTable("channel").set({ lease_until: 0 }).execute());
      }
    }
  };
  const nextDue = async (): Promise<number> => {
    const plan = await db.read.selectFrom("notify_plan").select("due_at").executeTakeFirstOrThrow();
    const waiting = await db.read.selectFrom("channel").select("wait_until").where("disabled_at", "is", null).where("name", "in", db.read.selectFrom("outbox").select("channel").where("state", "=", "queued")).execute();
    return Math.min(plan.due_at, ...waiting.map(({ wait_until }) => wait_until)) - START;
  };
  const say = (news: AlertNews): Promise<void> => {
    alerts.set(news.alertId, news);
    return db.write((tx) => announce(tx, news, clock.now()));
  };
  const latest = (alertId: number): AlertNews => {
    const known = alerts.get(alertId);
    if (known === undefined) throw new Error(`alert ${alertId} was not pushed`);
    return known;
  };

  return {
    got,
    writes: () => writes,
    dieAt: (write, after) => {
      dies = { write: writes + write, after };
    },
    answer: (channel, how) => void answers.set(channel, how),
    onCall: (how) => {
      find = how;
    },
    at: (time) => {
      const when = (run: () => Promise<unknown>): void => {
        actions.push({ at: ms(time), run: async () => void (await run()) });
        actions.sort((one, other) => one.at - other.at);
      };
      return {
        push: (news) => when(() => say(newsOf({ startedAt: clock.now(), firedAt: clock.now(), ...news }))),
        pushAll: (all) =>
          when(() =>
            db.write(async (tx) => {
              for (const one of all) {
                const news = newsOf({ startedAt: clock.now(), firedAt: clock.now(), ...one });
                alerts.set(news.alertId, news);
                await announce(tx, news, clock.now());
              }
            }),
          ),
        change: (alertId, change, over = {}) => when(() => say({ ...latest(alertId), ...over, change })),
        resolve: (...ids) => when(async () => {
          for (const id of ids) await say({ ...latest(id), change: "resolved", resolvedAt: clock.now() });
        }),
        silence: (matchers, until) =>
          when(() => db.write((tx) => createSilence(tx, { matchers: matchers.split(",").map(parseMatcher), author: "Ann", reason: "known and being mended", endsAt: until === "when_resolved" ? until : START + ms(until) }, clock.now()))),
        expire: (id) => when(() => db.write((tx) => expireSilence(tx, id, "Bob", clock.now()))),
        configure: (next) => when(async () => {
          settings = next;
          await register();
        }),
        enable: (channel) => when(() => db.write((tx) => enableChannel(tx, channel))),
        clock: (jump, back = false) => when(async () => clock.set(clock.now() + (back ? -1 : 1) * ms(jump))),
      };
    },
    run: async (until) => {
      const end = ms(until);
      for (;;) {
        while (actions[0] !== undefined && actions[0].at <= elapsed) await actions.shift()?.run();
        await doAll();
        const skew = clock.now() - START - elapsed;
        const next = Math.min(actions[0]?.at ?? Number.POSITIVE_INFINITY, Math.max(elapsed + 1, (await nextDue()) - skew));
        if (next > end) {
          clock.set(clock.now() + end - elapsed);
          elapsed = end;
          return;
        }
        clock.set(clock.now() + next - elapsed);
        elapsed = next;
      }
    },
    expect: ([from, to], { channel = "team", reason, firing = [], resolved = [], note }) => {
      const found = open.find((one) => one.at >= from && one.at <= to && one.channel === channel && one.reason === reason && String(one.firing) === String(firing) && String(one.resolved) === String(resolved) && (note === undefined || one.notice.notes.some((line) => line.includes(note))));
      const came = open.map((one) => `${one.at / 1000}s ${one.channel}: ${one.reason}, firing ${one.firing.join(",") || "none"}, resolved ${one.resolved.join(",") || "none"} ${JSON.stringify(one.notice.notes)}`);
      expect(found, `no "${reason}" on ${channel} between ${from / 1000}s and ${to / 1000}s, firing ${firing.join(",") || "none"}, resolved ${resolved.join(",") || "none"}; what came:\n${came.join("\n")}`).toBeDefined();
      open = open.filter((one) => one !== found);
    },
    nothingElse: () => {
      expect(open.map(({ at, channel, reason, firing, resolved }) => ({ seconds: at / 1000, channel, reason, firing, resolved }))).toEqual([]);
    },
  };
}
