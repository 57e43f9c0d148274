import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { ledgerMigrations } from "../ledger/index.ts";
import { notifyMigrations } from "../notify/index.ts";
import { DAY_MS, type Database, MINUTE_MS } from "../platform/index.ts";
import { handedCase } from "./case.ts";
import { applyCases } from "./evaluate.ts";
import { readHistory } from "./history.ts";
import { alertMigrations } from "./migrations/index.ts";
import type { Judged } from "./production.ts";
import { listAlerts, resolveAlert } from "./store.ts";

const NOON = Date.UTC(2025, 9, 20, 12);

type Says = "ok" | "warning" | "critical" | "no_data" | "breaks";

function judged(says: Says): Judged {
  switch (says) {
    case "ok":
      return { value: 0, summary: "well", verdict: { kind: "ok" } };
    case "warning":
      return { value: 1, summary: "bad", verdict: { kind: "breach", severity: "WARNING" }, stake: { currency: "usd", minor: 500 }, details: ["a line"] };
    case "critical":
      return { value: 2, summary: "very bad", verdict: { kind: "breach", severity: "CRITICAL" } };
    case "no_data":
      return { value: 0, summary: "nothing", verdict: { kind: "no_data" } };
    case "breaks":
      throw new Error("the disk is gone");
  }
}

/** One rule of another room, judged minute by minute. */
function played(db: Database) {
  let minute = -1;
  return async (says: Says) => {
    minute += 1;
    const now = NOON + minute * MINUTE_MS;
    const rule = { name: "check_disk", life: { pendingMs: MINUTE_MS, recoveryMs: MINUTE_MS }, subject: "disk", title: "The disk fills", todo: ["free space"], judge: async () => judged(says) };
    return (await applyCases(db, [await handedCase(rule, now)], now)).map(({ kind }) => kind);
  };
}

const alerts = async (db: Database) => (await listAlerts(db.read, {}, 100, null)).alerts;
const story = async (db: Database, id = 1) => (await readHistory(db.read, id)).map(({ kind, reason, at }) => `${(at - NOON) / MINUTE_MS} ${kind}: ${reason ?? "-"}`);
const told = async (db: Database) => {
  const rows = await db.read.selectFrom("notify_news").select(["change", "body"]).orderBy("id").execute();
  return rows.map(({ change, body }) => `${change} ${(JSON.parse(body) as { summary: string }).summary}`);
};

onBothDatabases("the life of an alert, kept", [...ledgerMigrations, ...notifyMigrations, ...alertMigrations], (database) => {
  it("is a story with its reasons, told in the same transaction", async () => {
    const db = await database.open();
    const play = played(db);
    const kinds = [];
    for (const says of ["warning", "warning", "warning", "critical", "ok", "warning", "ok", "ok"] as const) kinds.push(...(await play(says)));
    expect(kinds).toEqual(["fired", "worsened", "recovering", "relapsed", "recovering", "resolved"]);
    expect(await story(db)).toEqual(["0 opened: -", "1 fired: bad", "3 worsened: very bad", "4 recovering: well", "5 relapsed: bad", "6 recovering: well", "7 resolved: well"]);
    expect(await told(db)).toEqual(["fired bad", "worsened very bad", "recovering well", "relapsed bad", "recovering well", "resolved well"]);
    expect(await alerts(db)).toMatchObject([
      { key: "check_disk", subject: "disk", title: "The disk fills", todo: ["free space"], details: ["a line"], severity: "CRITICAL", stake: { currency: "usd", minor: 500 }, state: "resolved", resolution: "recovered" },
    ]);
  });

  it("says when it cannot be judged, and neither ends nor breaks the others", async () => {
    const db = await database.open();
    const play = played(db);
    for (const says of ["warning", "warning", "no_data", "no_data", "breaks", "warning"] as const) await play(says);
    expect((await story(db)).slice(2)).toEqual(["2 health: no data to judge", "4 health: check_disk could not be judged: the disk is gone", "5 health: can be judged again"]);
    expect(await alerts(db)).toMatchObject([{ state: "firing", health: "ok" }]);
  });

  it("that a person ended does not fire again until it was well once, got worse or a day has passed", async () => {
    const db = await database.open();
    const play = played(db);
    await play("warning");
    await play("warning");
    const byHand = (id: number) => db.write((tx) => resolveAlert(tx, id, "by_hand", NOON + MINUTE_MS, true));
    await byHand(1);
    expect([...(await play("warning")), ...(await play("no_data")), ...(await play("warning"))]).toEqual([]);
    expect(await play("critical")).toEqual([]);
    expect(await play("critical")).toEqual(["fired"]);
    await byHand(2);
    expect([...(await play("critical")), ...(await play("ok")), ...(await play("critical")), ...(await play("critical"))]).toEqual(["fired"]);
    await byHand(3);
    const later = NOON + DAY_MS + 2 * MINUTE_MS;
    const rule = { name: "check_disk", life: { pendingMs: 0, recoveryMs: 0 }, judge: async () => judged("critical") };
    expect((await applyCases(db, [await handedCase(rule, later)], later)).map(({ kind }) => kind)).toEqual(["fired"]);
  });

  it("has a history that nobody changes", async () => {
    const db = await database.open();
    const play = played(db);
    await play("warning");
    await play("warning");
    await expect(db.write((tx) => tx.updateTable("alert_event").set({ reason: "never" }).execute())).rejects.toThrow(/append-only/);
    await expect(db.write((tx) => tx.deleteFrom("alert_event").execute())).rejects.toThrow(/append-only/);
  });
});
