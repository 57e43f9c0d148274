import { type Clock, type Database, DAY_MS, HOUR_MS, type Logger, type Tx } from "../platform/index.ts";
import { backoffMs } from "./backoff.ts";
import type { Channel, SendOutcome } from "./channel.ts";
import { channelFailed, type ChannelState, channelSucceeded, claimChannel, disableChannel, stillOurs } from "./channel-store.ts";
import type { Notice } from "./notice.ts";
import { beginAttempt, endAttempt, keepQueued, mergeQueued, nextOf, type Queued, queuedFor, readNotice, settle } from "./outbox.ts";
import { tellIfLong, tellOthers } from "./trouble.ts";

export interface DeliverDeps {
  readonly db: Database;
  readonly clock: Clock;
  /** For latencies; a clock that nobody puts back. */
  monotonicMs(): number;
  /** In [0, 1). */
  random(): number;
  readonly log: Pick<Logger, "warn" | "error" | "info">;
  /** Every channel there is: the others are told of one that fails. */
  readonly channels: readonly Channel[];
  /** Unique per process. */
  readonly owner: string;
}

/** Longer than any channel takes to answer. After a kill the channel rests as long. */
export const LEASE_MS = 30_000;
/** What is as old is of no use to who reads it, and is in the list of notices. */
const DEAD_AFTER_MS = DAY_MS;
/** While the other side says that it is its own trouble, so many tries; they take hours. */
const MOST_ATTEMPTS = 400;

interface Claimed {
  readonly state: ChannelState;
  readonly queued: Queued;
  readonly notice: Notice;
  readonly attempt: number;
}

async function claim({ db, clock, owner }: DeliverDeps, channel: Channel): Promise<Claimed | null> {
  if ((await queuedFor(db.read, channel.name)).length === 0) return null;
  for (let begun = false; ; begun = true) {
    const found = await db.write(async (tx) => {
      const nowMs = clock.now();
      const state = await claimChannel(tx, channel.name, owner, nowMs, nowMs + LEASE_MS);
      if (state === null) return null;
      // Nothing is sent before all that waits is merged: each part is a transaction of its own.
      if (await mergeQueued(tx, channel.name, channel.merges, nowMs, begun)) return "merged";
      const queued = nextOf(await queuedFor(tx, channel.name));
      if (queued === null) return null;
      return { state, queued, notice: await readNotice(tx, queued.noticeId), attempt: await beginAttempt(tx, queued, nowMs) };
    });
    if (found !== "merged") return found;
  }
}

function hasDied({ queuedAt, attempts }: Queued, nowMs: number): boolean {
  return nowMs - queuedAt >= DEAD_AFTER_MS || attempts + 1 >= MOST_ATTEMPTS;
}

async function learn(tx: Tx, deps: DeliverDeps, channel: Channel, { state, queued, notice }: Claimed, outcome: SendOutcome): Promise<void> {
  const nowMs = deps.clock.now();
  const names = deps.channels.map(({ name }) => name);
  const known = { channel: channel.name, kind: channel.kind, notice: notice.id };
  switch (outcome.kind) {
    case "sent":
      await settle(tx, queued.id, "sent", null, nowMs);
      await channelSucceeded(tx, channel.name, nowMs, nowMs + channel.gapMs);
      return;
    case "later": {
      const dead = hasDied(queued, nowMs);
      await channelFailed(tx, state, outcome.reason, nowMs, nowMs + backoffMs(state.failures + 1, outcome.afterMs, deps.random()));
      await tellIfLong(tx, state, outcome.reason, names, nowMs);
      if (!dead) return await keepQueued(tx, queued.id, outcome.reason);
      await settle(tx, queued.id, "dead", outcome.reason, nowMs);
      await tellOthers(tx, { channel: channel.name, what: `A notice was given up after ${Math.round((nowMs - queued.queuedAt) / HOUR_MS)} hours: ${outcome.reason}.`, unsaid: notice }, names, nowMs);
      deps.log.error({ ...known, reason: outcome.reason }, "a notice was given up");
      return;
    }
    case "refused":
      await settle(tx, queued.id, "dead", outcome.reason, nowMs);
      await channelFailed(tx, state, outcome.reason, nowMs, nowMs + channel.gapMs);
      await tellOthers(tx, { channel: channel.name, what: `It refused a notice for good: ${outcome.reason}.`, unsaid: notice }, names, nowMs);
      deps.log.error({ ...known, reason: outcome.reason }, "a notice was refused for good");
      return;
    case "disabled":
      await disableChannel(tx, channel.name, outcome.reason, nowMs);
      await keepQueued(tx, queued.id, outcome.reason);
      await tellOthers(tx, { channel: channel.name, what: `It is disabled until its configuration changes or somebody enables it (tillwatch notify enable ${channel.name}): ${outcome.reason}. What waits for it is kept.`, unsaid: notice }, names, nowMs);
      deps.log.error({ ...known, reason: outcome.reason }, "a channel refuses everything and is disabled");
      return;
  }
}

/**
 * Sends the next notice that waits for a channel. At least once: the attempt is on record before anything leaves, and
 * what was sent is sent again when the process dies before it could write so. Answers whether there may be more at once.
 */
export async function deliverNext(deps: DeliverDeps, channel: Channel): Promise<boolean> {
  const claimed = await claim(deps, channel);
  if (claimed === null) return false;
  const began = deps.monotonicMs();
  const outcome = await channel.send(claimed.notice);
  const latencyMs = deps.monotonicMs() - began;
  await deps.db.write(async (tx) => {
    await endAttempt(tx, claimed.attempt, outcome, latencyMs);
    // Another process took the channel over while this one slept; it sends again what this one may have sent.
    if (await stillOurs(tx, channel.name, deps.owner)) await learn(tx, deps, channel, claimed, outcome);
  });
  return outcome.kind === "sent";
}
