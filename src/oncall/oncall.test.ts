import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { DAY_MS, HOUR_MS } from "../platform/index.ts";
import { duties, whoIsOn } from "./duty.ts";
import { calendarOf, createFeed, feedOf, listFeeds, revokeFeed } from "./feed.ts";
import { onCallMigrations } from "./migrations/index.ts";
import { cancelOverride, createOverride, readOverrides, swapShifts } from "./overrides.ts";
import type { Roster } from "./roster.ts";

const MONDAY = Date.parse("2025-10-20T09:00:00Z");
const roster: Roster = {
  people: [{ id: "ann", name: "Ann Lee", channels: ["ann_phone"] }, { id: "bob", name: "Bob; Ray, Jr. 💥", channels: ["bob_mail"] }],
  rotations: [{ name: "primary", timeZone: "UTC", layers: [{ people: ["ann", "bob"], handover: { everyDays: 7, at: [540], from: "2025-10-20" }, only: [] }] }],
};
const given = { rotation: "primary", person: "bob", startsAt: MONDAY + HOUR_MS, endsAt: MONDAY + 5 * HOUR_MS, author: "Ann", reason: "dentist" };

onBothDatabases("on call", onCallMigrations, (database) => {
  it("says who is on, until when, who is next, and the first gap", async () => {
    const db = await database.open();
    expect(await duties(db.read, roster, MONDAY)).toMatchObject([{ rotation: "primary", now: { id: "ann" }, until: MONDAY + 7 * DAY_MS, next: { id: "bob" }, gap: null }]);
    expect(await duties(db.read, roster, MONDAY - DAY_MS)).toMatchObject([{ now: null, next: { id: "ann" }, gap: { startsAt: MONDAY - DAY_MS, endsAt: MONDAY } }]);
  });

  it("lets somebody stand in, on record, and take it back", async () => {
    const db = await database.open();
    const made = await db.write((tx) => createOverride(tx, roster, given, MONDAY));
    const on = async (ms: number) => (await whoIsOn(db.read, roster, ms))("primary")?.id;
    expect([await on(MONDAY), await on(MONDAY + HOUR_MS), await on(MONDAY + 5 * HOUR_MS)]).toEqual(["ann", "bob", "ann"]);
    expect(await readOverrides(db.read, MONDAY, MONDAY + DAY_MS)).toMatchObject([{ author: "Ann", reason: "dentist" }]);
    // Under way, it ends now; what it brought about stays true.
    await db.write((tx) => cancelOverride(tx, made.id, "Ann", MONDAY + 2 * HOUR_MS));
    expect([await on(MONDAY + HOUR_MS), await on(MONDAY + 2 * HOUR_MS)]).toEqual(["bob", "ann"]);
    await expect(db.write((tx) => cancelOverride(tx, made.id, "Ann", MONDAY + 3 * HOUR_MS))).rejects.toMatchObject({ kind: "conflict" });
  });

  it.each([
    ["an unknown rotation", { rotation: "nope" }, "rotation_not_found"],
    ["an unknown person", { person: "nope" }, "person_unknown"],
    ["an end before its start", { endsAt: MONDAY }, "override_end"],
    ["an end in the past", { startsAt: MONDAY - 2 * HOUR_MS, endsAt: MONDAY - HOUR_MS }, "override_end"],
    ["half a year", { endsAt: MONDAY + 180 * DAY_MS }, "override_long"],
    ["no author", { author: " " }, "override_author"],
  ])("refuses %s", async (_what, over, code) => {
    const db = await database.open();
    await expect(db.write((tx) => createOverride(tx, roster, { ...given, ...over }, MONDAY))).rejects.toMatchObject({ code });
    expect(await readOverrides(db.read, 0, MONDAY + 400 * DAY_MS)).toEqual([]);
  });

  it("swaps two shifts, both or neither", async () => {
    const db = await database.open();
    const week = 7 * DAY_MS;
    const swap = { rotation: "primary", first: { startsAt: MONDAY, endsAt: MONDAY + week }, second: { startsAt: MONDAY + week, endsAt: MONDAY + 2 * week }, author: "Ann", reason: "holiday" };
    await db.write((tx) => swapShifts(tx, roster, swap, MONDAY));
    const on = async (ms: number) => (await whoIsOn(db.read, roster, ms))("primary")?.id;
    expect([await on(MONDAY + 1), await on(MONDAY + week + 1), await on(MONDAY + 2 * week + 1)]).toEqual(["bob", "ann", "ann"]);
    await expect(db.write((tx) => swapShifts(tx, roster, { ...swap, second: { startsAt: MONDAY + week, endsAt: MONDAY + 4 * week } }, MONDAY))).rejects.toMatchObject({ code: "swap_shift" });
    expect(await readOverrides(db.read, 0, MONDAY + 10 * week)).toHaveLength(2);
  });

  it("gives a calendar as RFC 5545 has it, under an address that can be revoked", async () => {
    const db = await database.open();
    const { feed, token } = await db.write((tx) => createFeed(tx, roster, { rotation: null, person: null, by: "Ann" }, MONDAY));
    expect(JSON.stringify(await listFeeds(db.read))).not.toContain(token);
    expect(await feedOf(db.read, token)).toMatchObject({ id: feed.id });
    const text = await calendarOf(db.read, roster, feed, MONDAY);
    expect(text).toBe(await calendarOf(db.read, roster, feed, MONDAY + HOUR_MS));
    const lines = text.split("\r\n");
    expect(text.replaceAll("\r\n", "")).not.toContain("\n");
    for (const line of lines) expect(Buffer.byteLength(line)).toBeLessThanOrEqual(75);
    const plain = text.replaceAll("\r\n ", "");
    expect(plain).toContain("BEGIN:VCALENDAR");
    expect(plain).toContain("DTSTART:20251020T090000Z");
    expect(plain).toContain("DTEND:20251027T090000Z");
    // Commas and semicolons are escaped, and nobody on call is an event too.
    expect(plain).toContain(String.raw`SUMMARY:Bob\; Ray\, Jr. 💥 on call: primary`);
    expect(plain).toContain("SUMMARY:Nobody on call: primary");
    const uids = [...plain.matchAll(/^UID:(.+)\r?$/gm)].map(([, uid]) => uid);
    expect(new Set(uids).size).toBe(uids.length);
    // A shift keeps its id on another day.
    const later = (await calendarOf(db.read, roster, feed, MONDAY + 3 * DAY_MS)).replaceAll("\r\n ", "");
    expect(uids.filter((uid) => later.includes(`UID:${uid}`)).length).toBeGreaterThanOrEqual(uids.length - 1);
    const mine = await calendarOf(db.read, roster, { rotation: null, person: "bob" }, MONDAY);
    expect(mine).not.toContain("Ann Lee on call");
    await db.write((tx) => revokeFeed(tx, feed.id, MONDAY));
    expect(await feedOf(db.read, token)).toBeNull();
    expect(await feedOf(db.read, "x".repeat(32))).toBeNull();
  });
});
