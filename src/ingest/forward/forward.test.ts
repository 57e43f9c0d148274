import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { countFailures, ledgerMigrations, openAppend, readAfter, readHead } from "../../ledger/index.ts";
import { type Database, virtualClock, type VirtualClock } from "../../platform/index.ts";
import { verifySignature } from "../../stripe/index.ts";
import { ingestMigrations } from "../migrations/index.ts";
import type { Attempt } from "./decide.ts";
import { createForward, forwardStatus, replay, retainDeadLetters } from "./forward.ts";
import { type ForwardTarget, sendOver, wants } from "./send.ts";

const NOW = Date.UTC(2026, 9, 20, 12);
const HOUR = 3_600_000;
const target: ForwardTarget = { name: "shop", url: "http://shop.example/hook", secret: "whsec_shop", types: [], timeoutMs: 5000 };

async function append(db: Database, ids: readonly string[], type = "charge.failed"): Promise<void> {
  const append = openAppend(db);
  await append(
    ids.map((id) => {
      const body = { id, object: "event", type, created: NOW / 1000, livemode: true, data: { object: {} } };
      const head = readHead(body, NOW);
      if (head.kind === "malformed") throw new Error(head.reason);
      return { kind: "arrival", head: head.head, body: Buffer.from(JSON.stringify(body)), receivedAt: NOW, source: "webhook", endpoint: "main" };
    }),
  );
}

/** An application that answers as it is told, and remembers what it took. */
function shop(clock: VirtualClock) {
  const took: string[] = [];
  const tried: string[] = [];
  let answer: (id: string) => Attempt = () => ({ kind: "taken" });
  return {
    took,
    tried,
    behave: (next: (id: string) => Attempt) => {
      answer = next;
    },
    send: async (_target: ForwardTarget, { id }: { id: string }): Promise<Attempt> => {
      tried.push(id);
      clock.advance(5);
      const attempt = answer(id);
      if (attempt.kind === "taken") took.push(id);
      return attempt;
    },
  };
}

const refused: Attempt = { kind: "refused", status: 500 };
const away: Attempt = { kind: "away", status: 0, reason: "cannot be reached" };
const ids = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, index) => `evt_${String(from + index).padStart(5, "0")}`);

async function setUp(db: Database) {
  const clock = virtualClock(NOW);
  const app = shop(clock);
  const make = (owner = "node-1") => createForward({ db, clock, target, send: app.send, owner });
  const all = async (forward = make()): Promise<void> => {
    while (await forward.step());
  };
  await all();
  return { clock, app, make, all };
}

onBothDatabases("forward", [...ledgerMigrations, ...ingestMigrations], (database) => {
  it("passes events on in their order, from when it was set up, and none that an import made", async () => {
    const db = await database.open();
    await append(db, ["evt_before"]);
    const { app, all } = await setUp(db);
    await append(db, [...ids(0, 120), "imp_pay_1"]);
    await all();
    expect(app.took).toEqual(ids(0, 120));
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ behind: 0, parked: 0, dead: 0, lastError: null });
  });

  it("waits in order while the application is away for an hour, counts that as webhook failures, and then sends everything once", async () => {
    const db = await database.open();
    const { clock, app, all } = await setUp(db);
    app.behave(() => away);
    for (let minute = 0; minute < 60; minute++) {
      await append(db, ids(minute * 20, minute * 20 + 20));
      for (let tick = 0; tick < 6; tick++) {
        await all();
        clock.advance(10_000);
      }
    }
    expect(app.took).toEqual([]);
    expect(new Set(app.tried)).toEqual(new Set(["evt_00000"]));
    expect((await countFailures(db.read, clock.now() - 300_000, clock.now())).failures).toBeGreaterThan(3);
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ behind: 1200, parked: 0, lastError: "cannot be reached" });
    app.behave(() => ({ kind: "taken" }));
    clock.advance(60_000);
    await all();
    expect(app.took).toEqual(ids(0, 1200));
    clock.advance(HOUR);
    expect((await countFailures(db.read, clock.now() - 300_000, clock.now())).failures).toBe(0);
  });

  it("blocks nothing behind a poison event, tries it again by itself, gives it up after three days, and replays it when asked", async () => {
    const db = await database.open();
    const { clock, app, all } = await setUp(db);
    app.behave((id) => (id === "evt_00003" ? refused : { kind: "taken" }));
    await append(db, ids(0, 10));
    await all();
    expect(app.took).toEqual(ids(0, 10).filter((id) => id !== "evt_00003"));
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ behind: 0, parked: 1 });
    for (let hour = 0; hour < 80; hour++) {
      clock.advance(HOUR);
      await all();
    }
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 0, dead: 1 });
    const tries = app.tried.filter((id) => id === "evt_00003").length;
    expect(tries).toBeGreaterThan(10);
    expect(tries).toBeLessThan(40);
    expect(await retainDeadLetters(db, NOW, 10)).toBe(0);
    app.behave(() => ({ kind: "taken" }));
    const poison = (await readAfter(db.read, 0, 100)).find(({ eventId }) => eventId === "evt_00003");
    await db.write((tx) => replay(tx, "shop", [poison?.seq ?? 0], clock.now()));
    await all();
    expect(app.took.at(-1)).toBe("evt_00003");
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 0, dead: 0 });
  });

  it("forgets dead letters in time; their events stay and are replayed by id", async () => {
    const db = await database.open();
    const { clock, app, all } = await setUp(db);
    app.behave((id) => (id === "evt_00001" ? refused : { kind: "taken" }));
    await append(db, ids(0, 3));
    for (let day = 0; day < 5; day++) {
      await all();
      clock.advance(24 * HOUR);
    }
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 0, dead: 1 });
    expect(await retainDeadLetters(db, NOW + HOUR, 10)).toBe(1);
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 0, dead: 0 });
    expect((await readAfter(db.read, 0, 10)).map(({ eventId }) => eventId)).toEqual(ids(0, 3));
  });

  it("takes an application that refuses everything for one that is away: nothing is parked, the order stays", async () => {
    const db = await database.open();
    const { clock, app, all } = await setUp(db);
    app.behave(() => refused);
    await append(db, ids(0, 30));
    for (let tick = 0; tick < 30; tick++) {
      await all();
      clock.advance(60_000);
    }
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 0, behind: 30 });
    app.behave(() => ({ kind: "taken" }));
    await all();
    expect(app.took).toEqual(ids(0, 30));
  });

  it("keeps the order of a few that were refused while the application refused everything", async () => {
    const db = await database.open();
    const { clock, app, all } = await setUp(db);
    app.behave(() => refused);
    await append(db, ids(0, 3));
    await all();
    clock.advance(60_000);
    app.behave(() => ({ kind: "taken" }));
    await all();
    await append(db, ids(3, 5));
    await all();
    expect(app.took).toEqual(ids(0, 5));
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 0 });
  });

  it("lets what is new pass a poison event that was the last, at once", async () => {
    const db = await database.open();
    const { app, all } = await setUp(db);
    app.behave((id) => (id === "evt_00000" ? refused : { kind: "taken" }));
    await append(db, ids(0, 1));
    await all();
    await append(db, ids(1, 2));
    await all();
    expect(app.took).toEqual(ids(1, 2));
  });

  it("loses nothing, keeps the order of what is not poison, and repeats only what was under way, whatever happens", async () => {
    const act = fc.oneof(fc.record({ append: fc.integer({ min: 1, max: 30 }) }), fc.constantFrom("away" as const, "well" as const, "refusing" as const, "killed" as const, "wait" as const));
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 3, maxLength: 30 }), fc.uniqueArray(fc.nat(200), { maxLength: 8 }), async (acts, poisons) => {
        const db = await database.open();
        const { clock, app, make, all } = await setUp(db);
        const poison = new Set(poisons.map((at) => ids(at, at + 1)[0]));
        const well = (id: string): Attempt => (poison.has(id) ? refused : { kind: "taken" });
        let count = 0;
        app.behave(well);
        for (const what of acts) {
          if (typeof what === "object") await append(db, ids(count, (count += what.append)));
          else if (what === "away") app.behave(() => away);
          else if (what === "refusing") app.behave(() => refused);
          else if (what === "well") app.behave(well);
          else if (what === "wait") clock.advance(60_000);
          else {
            // Killed after the application took it and before that was stored.
            const dying = createForward({ db: failing(db), clock, target, send: app.send, owner: "node-1" });
            await dying.step().catch(() => {});
          }
          await make().step();
        }
        app.behave(well);
        for (let tick = 0; tick < 12; tick++) {
          clock.advance(60_000);
          await all();
        }
        // One more that is taken shows that the last ones were poison.
        await append(db, ["evt_last"]);
        await all();
        expect(new Set(app.took)).toEqual(new Set([...ids(0, count).filter((id) => !poison.has(id)), "evt_last"]));
        const firsts = [...new Set(app.took)];
        expect(firsts).toEqual(firsts.toSorted());
      }),
      { numRuns: database.kind === "sqlite" ? 20 : 4 },
    );
  });

  it("is done by one process at a time; another takes over when that one is gone", async () => {
    const db = await database.open();
    const { clock, app, make } = await setUp(db);
    await append(db, ids(0, 3));
    expect(await make("node-2").step()).toBe(false);
    expect(app.tried).toEqual([]);
    clock.advance(130_000);
    await make("node-2").step();
    expect(app.took).toEqual(ids(0, 3));
  });
});

/** Fails on the second write of a step: the first claims, the second stores what was sent. */
function failing(db: Database): Database {
  let writes = 0;
  const write: Database["write"] = async (step) => {
    writes += 1;
    if (writes > 1) throw new Error("killed");
    return await db.write(step);
  };
  return { ...db, write };
}

describe("sending", () => {
  it("posts the bytes signed anew, and tells taken, refused and away apart", async () => {
    let status = 200;
    const seen: { body: Buffer; signature: string | undefined }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const signature = request.headers["stripe-signature"];
        seen.push({ body: Buffer.concat(chunks), signature: typeof signature === "string" ? signature : undefined });
        response.writeHead(status, { location: "/elsewhere" }).end("ok");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const here = { ...target, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook` };
    const raw = Buffer.from('{ "id":"evt_1",  "emoji":"💶" }');
    expect(await sendOver(here, { id: "evt_1", raw }, NOW)).toEqual({ kind: "taken" });
    expect(seen[0]?.body.equals(raw)).toBe(true);
    expect(verifySignature(raw, seen[0]?.signature, [{ endpoint: "shop", secret: "whsec_shop" }], NOW)).toMatchObject({ kind: "authentic" });
    const kinds: string[] = [];
    for (status of [204, 302, 400, 500, 429, 503]) kinds.push((await sendOver(here, { id: "evt_1", raw }, NOW)).kind);
    expect(kinds).toEqual(["taken", "refused", "refused", "refused", "away", "away"]);
    expect(await sendOver({ ...here, url: "http://127.0.0.1:1/" }, { id: "evt_1", raw }, NOW)).toMatchObject({ kind: "away", reason: "cannot be reached" });
  });

  it("is of the types that were asked for", () => {
    expect([wants({ types: [] }, "a.b"), wants({ types: ["a.*"] }, "a.b.c"), wants({ types: ["a.*"] }, "ab.c"), wants({ types: ["a.b"] }, "a.b"), wants({ types: ["a.b"] }, "a.bc")]).toEqual([true, true, false, true, false]);
  });
});
