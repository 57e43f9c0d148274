import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { HOUR_MS } from "../platform/index.ts";
import { announce, createSilence, expireSilence, listSilences, noticesOf, notifyMigrations, parseMatcher, previewSilence, silenceState } from "./index.ts";
import { insertNotice } from "./notice-store.ts";
import { silencedBy } from "./silence.ts";
import { newsOf } from "./testing/news.ts";

const T = Date.UTC(2025, 9, 20, 12);
const matchers = [parseMatcher("subject=webhooks")];
const given = { matchers, author: "Ann", reason: "endpoint is being moved", endsAt: T + HOUR_MS };

onBothDatabases("silences", notifyMigrations, (database) => {
  it("last from their start to their end, and may be ended before", async () => {
    const db = await database.open();
    const now = await db.write((tx) => createSilence(tx, given, T));
    const later = await db.write((tx) => createSilence(tx, { ...given, kind: "maintenance", startsAt: T + HOUR_MS, endsAt: T + 2 * HOUR_MS }, T));
    expect([now, later].map((silence) => silenceState(silence, T))).toEqual(["active", "pending"]);
    expect([now, later].map((silence) => silenceState(silence, T + HOUR_MS))).toEqual(["ended", "active"]);
    const listed = async (state: "active" | "pending" | "ended", at: number) => (await listSilences(db.read, { state, limit: 10 }, at)).silences.map(({ id }) => id);
    expect([await listed("active", T), await listed("pending", T), await listed("ended", T)]).toEqual([[now.id], [later.id], []]);
    expect([T, T + HOUR_MS].map((at) => silencedBy([now, later], { subject: "webhooks" }, at)?.id)).toEqual([now.id, later.id]);
    expect(silencedBy([now, later], { subject: "payments" }, T)).toBeNull();
    expect([await listed("active", T + HOUR_MS), await listed("ended", T + HOUR_MS)]).toEqual([[later.id], [now.id]]);
    expect(await db.write((tx) => expireSilence(tx, later.id, "Bob", T + 1000))).toMatchObject({ endedAt: T + 1000, endedBy: "Bob" });
    await expect(db.write((tx) => expireSilence(tx, later.id, "Bob", T + 2000))).rejects.toMatchObject({ kind: "conflict", code: "silence_ended" });
    await expect(db.write((tx) => expireSilence(tx, 99, "Bob", T))).rejects.toMatchObject({ kind: "not_found" });
  });

  it.each([
    ["no author", { author: " " }, "silence_author"],
    ["no reason", { reason: "x" }, "silence_reason"],
    ["no matcher", { matchers: [] }, "silence_matchers"],
    ["an end in the past", { endsAt: T - 1 }, "silence_end"],
    ["an end before its start", { startsAt: T + 2000, endsAt: T + 1000 }, "silence_end"],
    ["a start in the past", { startsAt: T - HOUR_MS }, "silence_start"],
    ["more than a year", { endsAt: T + 400 * 24 * HOUR_MS }, "silence_end"],
    ["until resolved, when nothing fires", { endsAt: "when_resolved" as const }, "silence_nothing_fires"],
  ])("with %s are refused", async (_what, over, code) => {
    const db = await database.open();
    await expect(db.write((tx) => createSilence(tx, { ...given, ...over }, T))).rejects.toMatchObject({ kind: "invalid", code });
    expect((await listSilences(db.read, { limit: 10 }, T)).silences).toEqual([]);
  });

  it("show beforehand what they mute now and would have muted", async () => {
    const db = await database.open();
    await db.write(async (tx) => {
      await announce(tx, newsOf({ alertId: 1 }), T - 2 * HOUR_MS);
      await announce(tx, newsOf({ alertId: 1, change: "resolved" }), T - HOUR_MS);
      await announce(tx, newsOf({ alertId: 2 }), T - 1000);
      await announce(tx, newsOf({ alertId: 3, subject: "payments" }), T - 1000);
      const notice = { key: "k", route: "default", reason: "first notification", status: "firing", severity: "CRITICAL", title: "t", createdAt: T, drill: false, labels: {}, firing: 1, resolved: 0, alerts: [], notes: [], alertIds: [1] } as const;
      await insertNotice(tx, notice, ["team", "mail"]);
      await insertNotice(tx, { ...notice, reason: "all alerts resolved", status: "resolved" }, ["team"]);
    });
    const preview = await previewSilence(db.read, matchers, T);
    expect(preview.firing.map(({ alertId }) => alertId)).toEqual([2]);
    expect(preview.past.map(({ news, notices }) => [news.alertId, notices])).toEqual([[2, 0], [1, 2]]);
    expect(preview.incomplete).toBe(false);
    const until = await db.write((tx) => createSilence(tx, { ...given, endsAt: "when_resolved" }, T));
    expect(until.endsAt).toBeNull();
    expect((await noticesOf(db.read, 1)).map(({ notice, deliveries }) => [notice.reason, deliveries.map(({ channel, state }) => `${channel} ${state}`)])).toEqual([
      ["first notification", ["team queued", "mail queued"]],
      ["all alerts resolved", ["team queued"]],
    ]);
    expect(await noticesOf(db.read, 2)).toEqual([]);
  });
});
