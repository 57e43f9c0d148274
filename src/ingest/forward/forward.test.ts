import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { countFailures, ledgerMigrations, openAppend, readAfter, readHead } from "../../ledger/index.ts";
import { AppError, createHttp, type Database, virtualClock, type VirtualClock } from "../../platform/index.ts";
import { signatureHeader, verifySignature } from "../../stripe/index.ts";
import { createIntake } from "../intake.ts";
import { ingestMigrations } from "../migrations/index.ts";
import type { Attempt } from "./decide.ts";
import { createForward, forwardStatus, retainDeadLetters } from "./forward.ts";
import { forwardRoutes } from "./routes.ts";
import { chooseForReplay, replayAll } from "./replay.ts";
import { keepingSignatures, originalSignature, retainSignatures } from "./signatures.ts";
import { type ForwardTarget, sendOver, wants } from "./send.ts";

// Long because one application that answers as it is told serves all of them.
const NOW = Date.UTC(2026, 9, 20, 12);
const HOUR = 3_600_000;
const target: ForwardTarget = { name: "shop", url: "http://shop.example/hook", secret: "whsec_shop", signature: "own", types: [], timeoutMs: 5000 };

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
    // The first, and the next to see whether it is the first alone.
    expect(new Set(app.tried)).toEqual(new Set(["evt_00000", "evt_00001"]));
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
    await replayAll(db, "shop", await chooseForReplay(db, "derive", "shop", { kind: "dead" }), clock.now());
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

  it("sends what it refused for a while before what is new, once the application is back", async () => {
    const db = await database.open();
    const { app, all } = await setUp(db);
    app.behave(() => refused);
    await append(db, ids(0, 3));
    await all();
    app.behave(() => ({ kind: "taken" }));
    await append(db, ids(3, 6));
    await all();
    expect(app.took).toEqual(ids(0, 6));
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 0, behind: 0 });
  });

  it("is not held up by an event that the application hangs on, and takes one that hangs on all for away", async () => {
    const db = await database.open();
    const { clock, app, all } = await setUp(db);
    const hung: Attempt = { kind: "away", status: 0, reason: "no answer within 5000 ms" };
    app.behave((id) => (id === "evt_00002" ? hung : { kind: "taken" }));
    await append(db, ids(0, 6));
    for (let minute = 0; minute < 4; minute++) {
      await all();
      clock.advance(60_000);
    }
    expect(app.took).toEqual(["evt_00000", "evt_00001", "evt_00003", "evt_00004", "evt_00005"]);
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 1, behind: 0 });
    app.behave(() => hung);
    await append(db, ids(6, 30));
    for (let minute = 0; minute < 30; minute++) {
      await all();
      clock.advance(60_000);
    }
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 1, behind: 24 });
    app.behave(() => ({ kind: "taken" }));
    for (let hour = 0; hour < 8; hour++) {
      await all();
      clock.advance(HOUR);
    }
    expect(app.took.slice(5).filter((id) => id !== "evt_00002")).toEqual(ids(6, 30));
    expect(app.took).toContain("evt_00002");
  });

  it("is not held up by an event at which the application falls over, so that what stands before it answers 502", async () => {
    const db = await database.open();
    const { clock, app, all } = await setUp(db);
    const over: Attempt = { kind: "away", status: 502, reason: "answered 502" };
    app.behave((id) => (id === "evt_00001" ? over : { kind: "taken" }));
    await append(db, ids(0, 60));
    for (let minute = 0; minute < 6; minute++) {
      await all();
      clock.advance(60_000);
    }
    expect(app.took).toEqual(ids(0, 60).filter((id) => id !== "evt_00001"));
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 1, behind: 0 });
  });

  it("passes over what is not for the application behind a refused event once, and reaches what is behind it", async () => {
    const db = await database.open();
    const { clock, app, all } = await setUp(db);
    app.behave((id) => (id === "evt_00000" ? refused : { kind: "taken" }));
    const made = Array.from({ length: 130 }, (_, index) => `imp_pay_${index}`);
    await append(db, ["evt_00000", ...made]);
    await all();
    // Tried, and once more since nothing came behind it; then it waits.
    expect(app.tried).toEqual(["evt_00000", "evt_00000"]);
    await append(db, ids(1, 3));
    await all();
    expect(app.took).toEqual(ids(1, 3));
    expect(app.tried.length).toBeLessThanOrEqual(5);
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ parked: 1, behind: 0 });
    clock.advance(HOUR);
    app.behave(() => ({ kind: "taken" }));
    await all();
    expect(app.took).toEqual([...ids(1, 3), "evt_00000"]);
  });

  it("an hour down, then slow, then 500 on one event: nothing lost, nothing behind the poison, the order kept, nothing twice", async () => {
    const db = await database.open();
    const { clock, app, all } = await setUp(db);
    const perSecond = database.kind === "sqlite" ? 4 : 1;
    let count = 0;
    const arrive = async (seconds: number): Promise<void> => await append(db, ids(count, (count += seconds * perSecond)));
    app.behave(() => away);
    for (let minute = 0; minute < 60; minute++) {
      await arrive(60);
      await all();
      clock.advance(60_000);
    }
    expect(app.took).toEqual([]);
    expect(app.tried.length).toBeLessThan(130);
    // Slow: each takes longer than they come, so that the backlog is worked off in order and the lease is renewed.
    app.behave(() => {
      clock.advance(400);
      return { kind: "taken" };
    });
    while (app.took.length < count / 2) await all();
    const poison = ids(count + 5, count + 6)[0] ?? "";
    app.behave((id) => (id === poison ? refused : { kind: "taken" }));
    for (let minute = 0; minute < 5; minute++) {
      await arrive(60);
      await all();
      clock.advance(60_000);
    }
    expect(app.took).toEqual(ids(0, count).filter((id) => id !== poison));
    expect(await forwardStatus(db.read, "shop")).toMatchObject({ behind: 0, parked: 1, dead: 0 });
    expect(app.tried.filter((id) => id === poison).length).toBeLessThan(6);
  });

  it("replays by type and time beside what is new, and neither waits for the other", async () => {
    const db = await database.open();
    const { clock, app, make, all } = await setUp(db);
    await append(db, ids(0, 40));
    await append(db, ["evt_paid"], "charge.succeeded");
    await all();
    app.took.length = 0;
    const choose = async (choice: Parameters<typeof chooseForReplay>[3]) => await chooseForReplay(db, "derive", "shop", choice);
    expect(await choose({ kind: "some", type: "charge.succ*" })).toHaveLength(1);
    expect(await choose({ kind: "some", sinceMs: NOW + 1 })).toEqual([]);
    await expect(choose({ kind: "one", id: "evt_nobody" })).rejects.toMatchObject({ code: "event_not_found" });
    const some = await choose({ kind: "some", type: "charge.failed", sinceMs: NOW, untilMs: NOW + 1 });
    expect(some).toEqual(some.toSorted((one, other) => one - other));
    expect(some).toHaveLength(40);
    await replayAll(db, "shop", some, clock.now());
    await append(db, ids(100, 110));
    await make().step();
    expect(app.took).toEqual(["evt_00000", ...ids(100, 110)]);
    await all();
    expect(app.took.slice(11)).toEqual(ids(1, 40));
  });

  it("passes Stripe's own signature on where it was kept, waits for one that is being written, and goes without where none came", async () => {
    const db = await database.open();
    const clock = virtualClock(NOW);
    const sent: (string | null)[] = [];
    const send = async (_target: ForwardTarget, { original }: { original: string | null }): Promise<Attempt> => {
      sent.push(original);
      return { kind: "taken" };
    };
    const { step } = createForward({ db, clock, target: { ...target, signature: "original" }, send, owner: "one" });
    await step();
    const intake = createIntake({ append: openAppend(db), secrets: () => [{ endpoint: "main", secret: "whsec_main" }], clock, onTrouble: () => {}, onCommitted: () => {} });
    const accept = keepingSignatures({ db, clock, accept: intake.acceptBatch, onTrouble: () => {} });
    const body = Buffer.from(JSON.stringify({ id: "evt_1", object: "event", type: "charge.failed", created: NOW / 1000, livemode: true, data: { object: {} } }));
    const signature = signatureHeader(body, "whsec_main", NOW / 1000);
    const forged = Buffer.from(body.toString().replace("evt_1", "evt_2"));
    expect((await accept([{ raw: body, signature }, { raw: forged, signature }])).map(({ status }) => status)).toEqual([200, 400]);
    await step();
    expect(sent).toEqual([signature]);
    const again = signatureHeader(body, "whsec_main", NOW / 1000 + 60);
    expect((await accept([{ raw: body, signature: again }]))[0]?.outcome).toBe("duplicate");
    expect(await originalSignature(db.read, "evt_1")).toBe(again);
    expect(await originalSignature(db.read, "evt_2")).toBeNull();
    // Stored, its signature not yet: it waits a moment, and goes without when none comes.
    await append(db, ["evt_3"]);
    await step();
    expect(sent).toHaveLength(1);
    clock.advance(3000);
    await step();
    expect(sent).toEqual([signature, null]);
    expect(await retainSignatures(db, NOW + 1, 10)).toBe(1);
    expect(await originalSignature(db.read, "evt_1")).toBeNull();
  });

  it("is told over HTTP, and replays for an operator, who stands in the trail", async () => {
    const db = await database.open();
    const { clock, app, all } = await setUp(db);
    app.behave((id) => (id === "evt_00001" ? refused : { kind: "taken" }));
    await append(db, ids(0, 4));
    for (let day = 0; day < 5; day++) {
      await all();
      clock.advance(24 * HOUR);
    }
    const http = await createHttp({ clock, version: "0.1.0" });
    onTestFinished(() => http.close());
    const role = (...allowed: string[]) => async (request: { headers: Record<string, unknown> }): Promise<void> => {
      if (!allowed.includes(String(request.headers["x-dash-key"]))) throw new AppError("forbidden", "no");
    };
    const noted: unknown[] = [];
    const targets = [{ name: "shop", url: "https://me:secret@shop.example/hook?token=secret", types: [], signature: "own" as const }];
    forwardRoutes(http, { db, clock, viewer: role("viewer", "operator"), operator: role("operator"), targets, consumer: "derive", note: async (_tx, _request, name, detail) => void noted.push([name, detail]) });
    const get = async (url: string) => await http.inject({ url, headers: { "x-dash-key": "viewer" } });
    const shown = await get("/api/forward");
    expect(shown.json()).toMatchObject({ ok: true, count: 1, data: [{ name: "shop", state: "sending", behind: 0, set_aside: 0, dead: 1 }] });
    expect(shown.body).not.toContain("secret");
    expect((await get("/api/forward/shop/dead")).json()).toMatchObject({ count: 1, data: [{ event_id: "evt_00001", event_type: "charge.failed" }], next_cursor: null });
    expect((await get("/api/forward/shop/dead?limit=500")).statusCode).toBe(200);
    expect((await get("/api/forward/shop/dead?limit=1e1")).statusCode).toBe(400);
    expect((await get("/api/forward/cart/dead")).json()).toMatchObject({ code: "target_unknown", error: expect.stringContaining("there is shop") });
    const replayIt = async (payload: object, key = "operator") => await http.inject({ method: "POST", url: "/api/forward/shop/replay", headers: { "x-dash-key": key }, payload });
    expect((await replayIt({ dead: true }, "viewer")).statusCode).toBe(403);
    for (const wrong of [{}, { dead: true, type: "x" }, { event_id: "evt_1", since: "2026-10-20T12:00:00Z" }]) expect((await replayIt(wrong)).json()).toMatchObject({ code: "choice_invalid" });
    expect((await replayIt({ event_id: "evt_none" })).statusCode).toBe(404);
    expect(noted).toEqual([]);
    app.behave(() => ({ kind: "taken" }));
    app.took.length = 0;
    expect((await replayIt({ dead: true })).json()).toEqual({ ok: true, data: { to: "shop", events: 1 } });
    expect((await replayIt({ type: "charge.*", until: "2026-10-20T12:00:01Z" })).json()).toEqual({ ok: true, data: { to: "shop", events: 4 } });
    expect(noted).toEqual([["shop", { kind: "dead", events: 1 }], ["shop", expect.objectContaining({ type: "charge.*", events: 4 })]]);
    await all();
    expect(app.took).toEqual(ids(0, 4));
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
    clock.advance(31_000);
    await make("node-2").step();
    expect(app.took).toEqual(ids(0, 3));
    // An orderly end hands over at once; one that no longer holds it hands over nothing.
    await append(db, ids(3, 4));
    await make("node-1").release();
    expect(await make("node-3").step()).toBe(false);
    await make("node-2").release();
    await make("node-3").step();
    expect(app.took).toEqual(ids(0, 4));
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
    expect(await sendOver(here, { id: "evt_1", raw, original: null }, NOW)).toEqual({ kind: "taken" });
    expect(seen[0]?.body.equals(raw)).toBe(true);
    expect(verifySignature(raw, seen[0]?.signature, [{ endpoint: "shop", secret: "whsec_shop" }], NOW)).toMatchObject({ kind: "authentic" });
    const kinds: string[] = [];
    expect(await sendOver({ ...here, signature: "original" }, { id: "evt_1", raw, original: "t=1,v1=00" }, NOW)).toEqual({ kind: "taken" });
    expect(seen[1]?.signature).toBe("t=1,v1=00");
    for (status of [204, 302, 400, 500, 429, 503]) kinds.push((await sendOver(here, { id: "evt_1", raw, original: null }, NOW)).kind);
    expect(kinds).toEqual(["taken", "refused", "refused", "refused", "away", "away"]);
    expect(await sendOver({ ...here, url: "http://127.0.0.1:1/" }, { id: "evt_1", raw, original: null }, NOW)).toMatchObject({ kind: "away", reason: "cannot be reached" });
  });

  it("is of the types that were asked for", () => {
    expect([wants({ types: [] }, "a.b"), wants({ types: ["a.*"] }, "a.b.c"), wants({ types: ["a.*"] }, "ab.c"), wants({ types: ["a.b"] }, "a.b"), wants({ types: ["a.b"] }, "a.bc")]).toEqual([true, true, false, true, false]);
  });
});
