import type { Selectable } from "kysely";
import { AppError, type Tx } from "../platform/index.ts";
import type { Channel } from "./channel.ts";

interface ChannelRow {
  name: string;
  failures: number;
  wait_until: number;
  disabled_at: number | null;
  disabled_why: string | null;
  succeeded_at: number | null;
  failed_at: number | null;
  error: string | null;
  owner: string | null;
  lease_until: number;
  failing_since: number | null;
  told_at: number | null;
  fingerprint: string | null;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    channel: ChannelRow;
  }
}

/** How a channel is. Times in ms UTC. */
export interface ChannelState {
  readonly name: string;
  /** In a row, since the last success. */
  readonly failures: number;
  /** Nothing is sent before. */
  readonly waitUntil: number;
  readonly disabledAt: number | null;
  readonly disabledWhy: string | null;
  readonly succeededAt: number | null;
  readonly failedAt: number | null;
  readonly error: string | null;
  readonly failingSince: number | null;
  /** When the other channels were told that it fails. */
  readonly toldAt: number | null;
}

function toState(row: Selectable<ChannelRow>): ChannelState {
  return {
    name: row.name,
    failures: row.failures,
    waitUntil: row.wait_until,
    disabledAt: row.disabled_at,
    disabledWhy: row.disabled_why,
    succeededAt: row.succeeded_at,
    failedAt: row.failed_at,
    error: row.error,
    failingSince: row.failing_since,
    toldAt: row.told_at,
  };
}

const WELL = { failures: 0, wait_until: 0, disabled_at: null, disabled_why: null, error: null, failing_since: null, told_at: null };

/** Makes the configured channels known; one whose configuration has changed is tried anew, disabled or not. */
export async function registerChannels(tx: Tx, channels: readonly Pick<Channel, "name" | "fingerprint">[]): Promise<void> {
  for (const { name, fingerprint } of channels) {
    await tx
      .insertInto("channel")
      .values({ name, ...WELL, succeeded_at: null, failed_at: null, owner: null, lease_until: 0, fingerprint })
      .onConflict((conflict) => conflict.column("name").doNothing())
      .execute();
    await tx.updateTable("channel").set({ ...WELL, fingerprint }).where("name", "=", name).where("fingerprint", "<>", fingerprint).execute();
  }
}

export async function readChannels(tx: Tx): Promise<Map<string, ChannelState>> {
  return new Map((await tx.selectFrom("channel").selectAll().execute()).map((row) => [row.name, toState(row)]));
}

export async function readChannel(tx: Tx, name: string): Promise<ChannelState> {
  const row = await tx.selectFrom("channel").selectAll().where("name", "=", name).executeTakeFirst();
  if (row === undefined) throw new AppError("not_found", `there is no channel ${name}; GET /api/channels lists them`, { code: "channel_not_found" });
  return toState(row);
}

/** Compare and set: the state when the channel is ours until `leaseUntil`, null when it is another's, disabled or waiting. */
export async function claimChannel(tx: Tx, name: string, owner: string, nowMs: number, leaseUntil: number): Promise<ChannelState | null> {
  const row = await tx
    .updateTable("channel")
    .set({ owner, lease_until: leaseUntil })
    .where("name", "=", name)
    .where("disabled_at", "is", null)
    .where("wait_until", "<=", nowMs)
    .where((where) => where.or([where("owner", "is", null), where("owner", "=", owner), where("lease_until", "<=", nowMs)]))
    .returningAll()
    .executeTakeFirst();
  return row === undefined ? null : toState(row);
}

/** True while the channel is still this owner's: what it learned counts. */
export async function stillOurs(tx: Tx, name: string, owner: string): Promise<boolean> {
  const { numUpdatedRows } = await tx.updateTable("channel").set({ owner }).where("name", "=", name).where("owner", "=", owner).executeTakeFirst();
  return numUpdatedRows === 1n;
}

export async function channelSucceeded(tx: Tx, name: string, nowMs: number, waitUntil: number): Promise<void> {
  await tx.updateTable("channel").set({ ...WELL, succeeded_at: nowMs, wait_until: waitUntil }).where("name", "=", name).execute();
}

export async function channelFailed(tx: Tx, state: ChannelState, error: string, nowMs: number, waitUntil: number): Promise<void> {
  const row = { failures: state.failures + 1, wait_until: waitUntil, failed_at: nowMs, error, failing_since: state.failingSince ?? nowMs };
  await tx.updateTable("channel").set(row).where("name", "=", state.name).execute();
}

export async function channelTold(tx: Tx, name: string, nowMs: number): Promise<void> {
  await tx.updateTable("channel").set({ told_at: nowMs }).where("name", "=", name).execute();
}

export async function disableChannel(tx: Tx, name: string, why: string, nowMs: number): Promise<void> {
  await tx.updateTable("channel").set({ disabled_at: nowMs, disabled_why: why, failed_at: nowMs, error: why }).where("name", "=", name).execute();
}

/** Lets a channel send again, at once. @throws AppError `not_found`. */
export async function enableChannel(tx: Tx, name: string): Promise<ChannelState> {
  await readChannel(tx, name);
  await tx.updateTable("channel").set(WELL).where("name", "=", name).execute();
  return await readChannel(tx, name);
}

/** What a channel stopped short of is free at once for who comes next: at an orderly end. */
export async function releaseChannels(tx: Tx, owner: string): Promise<void> {
  await tx.updateTable("channel").set({ owner: null, lease_until: 0 }).where("owner", "=", owner).execute();
}
