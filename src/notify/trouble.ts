import { MINUTE_MS, type Tx } from "../platform/index.ts";
import { type ChannelState, channelTold, readChannels } from "./channel-store.ts";
import { insertNotice } from "./notice-store.ts";
import type { Notice } from "./notice.ts";

/** A channel that fails for as long is told of to the others. */
export const FAILING_MS = 10 * MINUTE_MS;

export interface Trouble {
  readonly channel: string;
  /** In words, without a secret. */
  readonly what: string;
  /** What could not be said there; null when nothing in particular. */
  readonly unsaid: Notice | null;
}

/**
 * Tells the other channels that one does not work, and what could not be said there. A notice of this kind that fails
 * itself makes no further one, or two broken channels would go on about each other for ever. Answers whether there was
 * a channel to tell.
 */
export async function tellOthers(tx: Tx, { channel, what, unsaid }: Trouble, channels: readonly string[], nowMs: number): Promise<boolean> {
  if (unsaid?.reason === "channel trouble") return false;
  const states = await readChannels(tx);
  const others = channels.filter((name) => name !== channel && (states.get(name)?.disabledAt ?? null) === null);
  if (others.length === 0) return false;
  await insertNotice(
    tx,
    {
      key: `channel/${channel}`,
      route: "channel trouble",
      reason: "channel trouble",
      status: "information",
      severity: "CRITICAL",
      title: `Notices by ${channel} do not arrive`,
      createdAt: nowMs,
      drill: false,
      labels: { channel },
      firing: unsaid?.firing ?? 0,
      resolved: unsaid?.resolved ?? 0,
      alerts: unsaid?.alerts ?? [],
      notes: [what, ...(unsaid === null ? [] : [`What could not be said there: ${unsaid.title}`, ...unsaid.notes])],
      alertIds: (unsaid?.alerts ?? []).map(({ news }) => news.alertId),
    },
    others,
  );
  return true;
}

/** Tells the others once that a channel has been failing for long. */
export async function tellIfLong(tx: Tx, before: ChannelState, error: string, channels: readonly string[], nowMs: number): Promise<void> {
  const { failingSince, toldAt, name } = before;
  if (failingSince === null || toldAt !== null || nowMs - failingSince < FAILING_MS) return;
  await channelTold(tx, name, nowMs);
  await tellOthers(tx, { channel: name, what: `It has taken nothing for ${Math.round((nowMs - failingSince) / MINUTE_MS)} minutes (${error}); it is tried again by itself.`, unsaid: null }, channels, nowMs);
}
