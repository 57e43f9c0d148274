import { expect, it } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { ledgerMigrations, openAppend, readAfter, readDeliveriesAfter } from "../../ledger/index.ts";
import { type Database, virtualClock } from "../../platform/index.ts";
import { type EndpointSecret, signatureHeader } from "../../stripe/index.ts";
import { createIntake } from "../intake.ts";
import { ingestMigrations } from "../migrations/index.ts";
import { admitQuarantined, createQuarantine, quarantined } from "./quarantine.ts";

const NOW = Date.UTC(2026, 9, 20, 12);
const right: EndpointSecret = { endpoint: "main", secret: "whsec_right" };
const wrong: EndpointSecret = { endpoint: "main", secret: "whsec_wrong" };
const body = (id: string): Buffer => Buffer.from(JSON.stringify({ id, object: "event", type: "charge.failed", created: NOW / 1000, livemode: true, data: { object: {} } }));
const signed = (id: string, secret = right, atMs = NOW) => ({ raw: body(id), signature: signatureHeader(body(id), secret.secret, atMs / 1000) });

function setUp(db: Database) {
  const clock = virtualClock(NOW);
  const intake = createIntake({ append: openAppend(db), secrets: () => [wrong], clock, onTrouble: () => {}, onCommitted: () => {} });
  const quarantine = createQuarantine({ db, clock });
  return { clock, quarantine, accept: quarantine.watch(intake.acceptBatch) };
}

onBothDatabases("quarantine", [...ledgerMigrations, ...ingestMigrations], (database) => {
  it("takes what was rejected by a wrong secret or a wrong clock once that is mended, and nothing forged", async () => {
    const db = await database.open();
    const { clock, quarantine, accept } = setUp(db);
    const answers = await accept([signed("evt_1"), signed("evt_2"), signed("evt_old", wrong, NOW - 700_000), signed("evt_forged", { endpoint: "x", secret: "whsec_stranger" }), signed("evt_ok", wrong), { raw: body("evt_3"), signature: undefined }]);
    expect(answers.map(({ status }) => status)).toEqual([400, 400, 400, 400, 200, 400]);
    await quarantine.flush();
    expect(await quarantined(db.read)).toBe(4);
    expect(await admitQuarantined({ db, clock, secrets: [] })).toEqual({ admitted: 0, left: 4, expired: 0 });
    clock.advance(3_600_000);
    expect(await admitQuarantined({ db, clock, secrets: [wrong, right] })).toEqual({ admitted: 3, left: 1, expired: 0 });
    expect(await admitQuarantined({ db, clock, secrets: [wrong, right] })).toEqual({ admitted: 0, left: 1, expired: 0 });
    const entries = await readAfter(db.read, 0, 10);
    expect(entries.map(({ eventId, receivedAt }) => [eventId, receivedAt])).toEqual([["evt_ok", NOW], ["evt_1", NOW], ["evt_2", NOW], ["evt_old", NOW]]);
    expect((await readDeliveriesAfter(db.read, 0, 20)).filter(({ outcome }) => outcome === "accepted")).toHaveLength(4);
    clock.advance(8 * 86_400_000);
    expect(await admitQuarantined({ db, clock, secrets: [right] })).toEqual({ admitted: 0, left: 0, expired: 1 });
  });

  it("stays small however much is thrown at it, and keeps the newest", async () => {
    const db = await database.open();
    const { clock, quarantine, accept } = setUp(db);
    await accept(Array.from({ length: 500 }, (_, index) => signed(`evt_${index}`)));
    await accept([{ raw: Buffer.alloc(300_000, "{"), signature: signed("evt_x").signature }]);
    await quarantine.flush();
    expect(await quarantined(db.read)).toBe(20);
    for (let second = 0; second < 110; second++) {
      clock.advance(1000);
      await accept(Array.from({ length: 20 }, (_, index) => signed(`evt_${second}_${index}`)));
    }
    await quarantine.flush();
    expect(await quarantined(db.read)).toBe(2000);
    expect(await admitQuarantined({ db, clock, secrets: [right] })).toMatchObject({ admitted: 2000 });
    const ids = (await readAfter(db.read, 0, 3000)).map(({ eventId }) => eventId);
    expect([ids.includes("evt_109_19"), ids.includes("evt_0")]).toEqual([true, false]);
  });
});
