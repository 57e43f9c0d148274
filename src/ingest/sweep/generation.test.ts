import { expect, it } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { deriveEvents } from "../../app/derive.ts";
import { migrations } from "../../app/migrations.ts";
import { openAppend, readAfter, readHead } from "../../ledger/index.ts";
import { AppError } from "../../platform/index.ts";
import { getPayment } from "../../payments/index.ts";
import { objectReader } from "../../stripe/index.ts";
import { noteVersions } from "../guard/versions.ts";
import { scene, TEST_START_MS } from "../testing/scene.ts";
import { GENERATION_FAILURE, recoverUnmade, unmadeTrouble } from "./generation.ts";
import { judgeSweep, sweepStatus } from "./status.ts";

const DAY = 86_400_000;

function arrivalOf(event: Record<string, unknown>) {
  const head = readHead(event, 0);
  if (head.kind === "malformed") throw new Error(head.reason);
  return { kind: "arrival" as const, head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: 0, source: "webhook" as const, endpoint: "main" };
}

const notice = (id: string, url: string) => ({ id, object: "v2.core.event", type: GENERATION_FAILURE, created: "2026-10-01T12:00:00.000Z", livemode: false, related_object: { id: "x", type: "charge", url } });

onBothDatabases("what Stripe could not make an event of", migrations, (database) => {
  it("is fetched and enters the books, once; an address that is none of Stripe's objects is never asked for", async () => {
    const db = await database.open();
    const s = await scene(db);
    s.sandbox.state.mischief.dropEvery = 1;
    const intent = await s.sandbox.stripe.paymentIntents.create({ amount: 1234, currency: "usd", payment_method: "pm_card_visa", confirm: true });
    await s.sandbox.deliver();
    const asked: string[] = [];
    const read = objectReader({ sdk: s.sandbox.stripe });
    const fetchObject = async (path: string): Promise<unknown> => {
      asked.push(path);
      return await read(path, null);
    };
    const charge = typeof intent.latest_charge === "string" ? intent.latest_charge : "";
    await openAppend(db)([notice("evt_n1", `/v1/charges/${charge}`), notice("evt_n2", "https://evil.example/v1/charges/ch_1"), notice("evt_n3", "/v1/charges/../accounts")].map(arrivalOf));
    expect(await recoverUnmade({ db, clock: s.clock, fetchObject })).toBe(3);
    expect(await recoverUnmade({ db, clock: s.clock, fetchObject })).toBe(0);
    expect(asked).toEqual([`/v1/charges/${charge}`]);
    expect((await readAfter(db.read, 3, 9)).map(({ eventId, type }) => [eventId, type])).toEqual([["gen_evt_n1", "charge.updated"]]);
    while ((await deriveEvents(db, "UTC", 100, 0)) > 0);
    expect(await getPayment(db.read, charge)).toMatchObject({ id: intent.id, captured: 1234 });
  });

  it("holds up nothing when it is gone at Stripe", async () => {
    const db = await database.open();
    const s = await scene(db);
    const intent = await s.sandbox.stripe.paymentIntents.create({ amount: 1234, currency: "usd", payment_method: "pm_card_visa", confirm: true });
    const charge = typeof intent.latest_charge === "string" ? intent.latest_charge : "";
    await openAppend(db)([notice("evt_n1", "/v1/charges/ch_gone"), notice("evt_n2", `/v1/charges/${charge}`)].map(arrivalOf));
    expect(await recoverUnmade({ db, clock: s.clock, fetchObject: objectReader({ sdk: s.sandbox.stripe }) })).toBe(2);
    expect(await readAfter(db.read, 2, 9)).toMatchObject([{ eventId: "gen_evt_n2" }]);
  });

  it("is asked for on the connected account that it is of, and booked there", async () => {
    const db = await database.open();
    const asked: unknown[] = [];
    await openAppend(db)([arrivalOf({ ...notice("evt_n1", "/v1/charges/ch_1"), context: "acct_shop1" })]);
    const fetchObject = async (...given: unknown[]): Promise<unknown> => {
      asked.push(given);
      return await Promise.resolve({ id: "ch_1", object: "charge" });
    };
    expect(await recoverUnmade({ db, clock: { now: () => 0 }, fetchObject })).toBe(1);
    expect(asked).toEqual([["/v1/charges/ch_1", "acct_shop1"]]);
    expect(await readAfter(db.read, 1, 9)).toMatchObject([{ eventId: "gen_evt_n1", account: "acct_shop1" }]);
  });

  it("is tried again when it cannot be fetched", async () => {
    const db = await database.open();
    const clock = { now: () => 0 };
    await openAppend(db)([arrivalOf(notice("evt_n1", "/v1/charges/ch_1"))]);
    const down = async (): Promise<unknown> => await Promise.reject(new Error("away"));
    await expect(recoverUnmade({ db, clock, fetchObject: down })).rejects.toThrow("away");
    expect(await recoverUnmade({ db, clock, fetchObject: async () => ({ id: "ch_1", object: "charge" }) })).toBe(1);
    expect(await readAfter(db.read, 1, 9)).toMatchObject([{ eventId: "gen_evt_n1" }]);
  });

  it("is told of while it cannot be fetched, since when and why, and no longer than that", async () => {
    const db = await database.open();
    let now = TEST_START_MS;
    const clock = { now: () => now };
    const s = await scene(db);
    await s.sweep();
    await openAppend(db)([notice("evt_n1", "/v1/charges/ch_1"), notice("evt_n2", "/v1/charges/ch_2")].map(arrivalOf));
    const lacking = async (path: string): Promise<unknown> => (path.endsWith("ch_1") ? { id: "ch_1", object: "charge" } : await Promise.reject(new AppError("upstream", "the key may not read Charges")));
    for (const _ of [1, 2]) {
      await expect(recoverUnmade({ db, clock, fetchObject: lacking })).rejects.toThrow("may not read");
      now += 60_000;
    }
    // The one before it was dealt with all the same.
    expect((await readAfter(db.read, 2, 9)).map(({ eventId }) => eventId)).toContain("gen_evt_n1");
    expect(await unmadeTrouble(db.read)).toEqual({ since: TEST_START_MS, notice: "evt_n2", text: "the key may not read Charges" });
    const status = await sweepStatus(db.read, null);
    if (status === null) throw new Error("no status");
    expect(judgeSweep(status, s.clock.now())).toMatchObject({ state: "degraded", todo: expect.stringMatching(/\(evt_n2\).*the key may not read Charges/) });
    expect(await recoverUnmade({ db, clock, fetchObject: async () => await Promise.resolve({ id: "ch_2", object: "charge" }) })).toBe(1);
    expect(await unmadeTrouble(db.read)).toBeNull();
  });

  it("an API version that was not there before is news for three days", async () => {
    const db = await database.open();
    const append = openAppend(db);
    const event = (id: string, version: string) => arrivalOf({ id, object: "event", type: "charge.failed", api_version: version, created: 1, data: { object: {} } });
    await append([event("evt_1", "2026-10-28.endive")]);
    expect(await noteVersions(db, DAY * 100)).toEqual([]);
    await append([event("evt_2", "2027-01-01.fennel")]);
    expect(await noteVersions(db, DAY * 101)).toMatchObject([{ kind: "version_new", text: expect.stringMatching(/2027-01-01\.fennel since .*before in 2026-10-28\.endive/) }]);
    expect(await noteVersions(db, DAY * 103)).toHaveLength(1);
    expect(await noteVersions(db, DAY * 105)).toEqual([]);
  });
});
