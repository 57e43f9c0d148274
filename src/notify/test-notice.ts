import { AppError, type Clock, type Database } from "../platform/index.ts";
import type { Channel, SendOutcome } from "./channel.ts";
import { channelSucceeded, readChannels } from "./channel-store.ts";
import { insertNotice } from "./notice-store.ts";
import { beginAttempt, endAttempt, settle } from "./outbox.ts";

export interface Tried {
  readonly noticeId: number;
  readonly outcome: SendOutcome;
  readonly latencyMs: number;
}

/**
 * Sends a test notice by one channel, at once and past its queue, also when it is disabled; on record like any other.
 * A success enables the channel again.
 *
 * @param by who asked, for the text. @throws AppError `not_found`.
 */
export async function tryChannel({ db, clock }: { readonly db: Database; readonly clock: Clock }, channels: readonly Channel[], name: string, by: string): Promise<Tried> {
  const channel = channels.find((one) => one.name === name);
  if (channel === undefined) throw new AppError("not_found", `there is no channel ${name}; ${channels.length === 0 ? "none is configured (notify.channels)" : `there are: ${channels.map((one) => one.name).join(", ")}`}`, { code: "channel_not_found" });
  const began = await db.write(async (tx) => {
    const nowMs = clock.now();
    const content = { key: `test/${name}`, route: "test", reason: "test", status: "information", severity: "WARNING", title: "Notices arrive by this channel", createdAt: nowMs, drill: false, labels: { channel: name }, firing: 0, resolved: 0, alerts: [], notes: [`Sent by ${by} to see whether it arrives. Nothing is wrong.`], alertIds: [] } as const;
    const { notice, outbox } = await insertNotice(tx, content, [name]);
    const id = outbox[0] ?? 0;
    // Taken out of the queue before it leaves: a test that fails is over, not tried again at night.
    const attempt = await beginAttempt(tx, { id, noticeId: notice.id, channel: name, key: content.key, queuedAt: nowMs, attempts: 0 }, nowMs);
    await settle(tx, id, "dropped", "under way", nowMs);
    return { notice, id, attempt };
  });
  const startMs = performance.now();
  const outcome = await channel.send(began.notice);
  const latencyMs = Math.round(performance.now() - startMs);
  await db.write(async (tx) => {
    const nowMs = clock.now();
    await endAttempt(tx, began.attempt, outcome, latencyMs);
    await tx.updateTable("outbox").set({ state: outcome.kind === "sent" ? "sent" : "dead", error: outcome.kind === "sent" ? null : outcome.reason, settled_at: nowMs }).where("id", "=", began.id).execute();
    if (outcome.kind === "sent" && (await readChannels(tx)).has(name)) await channelSucceeded(tx, name, nowMs, nowMs + channel.gapMs);
  });
  return { noticeId: began.notice.id, outcome, latencyMs };
}
