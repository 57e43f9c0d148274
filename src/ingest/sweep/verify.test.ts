import { describe, expect, it, onTestFinished } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { migrations } from "../../app/migrations.ts";
import { AppError, createHttp } from "../../platform/index.ts";
import { scene, TEST_START_MS } from "../testing/scene.ts";
import { completeness, retainWitness } from "./completeness.ts";
import { causeOf, type GapEvidence, readGaps, retainGaps, silent } from "./gap.ts";
import { completenessRoutes } from "./routes.ts";
import { judgeClock, judgeSweep, type SweepStatus, sweepStatus } from "./status.ts";
import { verifyEvents } from "./verify.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

onBothDatabases("verify", migrations, (database) => {
  it("names what is missing without taking it, takes it when told, and then finds nothing", async () => {
    const db = await database.open();
    const s = await scene(db);
    await s.sandbox.advance(20 * MINUTE);
    s.sandbox.state.mischief.dropEvery = 1;
    const { id } = await s.sandbox.stripe.customers.create({ email: "lost@example.com" });
    await s.sandbox.deliver();
    s.sandbox.state.mischief.dropEvery = 0;
    await s.sandbox.advance(2 * MINUTE);
    const shares: number[] = [];
    const options = { db, list: s.list, account: null, sinceMs: 0, nowMs: s.clock.now(), repair: false, onProgress: (share: number) => shares.push(share) };
    const lost = await verifyEvents(options);
    expect(lost).toMatchObject({ missing: 1, repaired: 0, examples: [{ type: "customer.created" }] });
    expect(lost.atStripe).toBe((await s.listed(lost.untilMs)).length);
    expect(shares.at(-1)).toBeLessThanOrEqual(1);
    expect(await verifyEvents({ ...options, repair: true })).toMatchObject({ missing: 1, repaired: 1 });
    expect(await verifyEvents(options)).toMatchObject({ missing: 0, repaired: 0, examples: [] });
    const stored = await db.read.selectFrom("event").select("event_id").where("object_id", "=", id).execute();
    expect(stored).toEqual([{ event_id: lost.examples[0]?.id }]);
    await expect(verifyEvents({ ...options, sinceMs: s.clock.now() })).rejects.toMatchObject({ code: "since_invalid" });
  });

  it("is told over HTTP, with gaps, and only to who may see it; health says down while webhooks do not arrive, and ok again after", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 1, flat: true } });
    await s.pass(30 * MINUTE);
    s.sandbox.state.mischief.dead = true;
    await s.pass(30 * MINUTE);
    const bad = await sweepStatus(db.read, null);
    expect(judgeSweep(bad as SweepStatus, s.clock.now())).toMatchObject({ state: "down", todo: expect.stringContaining("webhooks do not arrive") });
    s.sandbox.state.mischief.dead = false;
    await s.pass(30 * MINUTE);
    const good = await sweepStatus(db.read, null);
    expect(judgeSweep(good as SweepStatus, s.clock.now())).toEqual({ state: "ok", todo: null });

    const http = await createHttp({ clock: s.clock, version: "0.1.0" });
    onTestFinished(() => http.close());
    const viewer = async (request: { headers: Record<string, unknown> }): Promise<void> => {
      if (request.headers["x-dash-key"] !== "viewer") throw new AppError("unauthenticated", "no key");
    };
    completenessRoutes(http, { db, clock: s.clock, viewer, accounts: [null], dayOf: (ms) => ({ startMs: Math.floor(ms / DAY) * DAY, endMs: Math.floor(ms / DAY) * DAY + DAY }) });
    expect((await http.inject({ url: "/api/completeness" })).statusCode).toBe(401);
    const get = async (query: string) => await http.inject({ url: `/api/completeness${query}`, headers: { "x-dash-key": "viewer" } });
    const body = (await get("")).json<{ data: { accounts: Record<string, unknown>[]; sweeps: unknown[]; gaps: Record<string, unknown>[] } }>();
    const [figure] = body.data.accounts;
    expect(figure).toMatchObject({ account: null, backfill: 1, text: expect.stringMatching(/^\d+ of \d+ events until 13:29 UTC, \d+ of them recovered$/) });
    expect(Number(figure?.["arrived"]) + Number(figure?.["recovered"])).toBe(figure?.["events"]);
    expect(body.data.gaps).toMatchObject([{ cause: expect.stringContaining("nothing arrived"), closed_at: expect.any(String), events: figure?.["recovered"] }]);
    expect(body.data.sweeps).toMatchObject([{ complete_until: "2026-10-01T13:29:00Z", trouble: null }]);
    expect((await get("?since=2026-10-01T12:00:00Z&until=2026-10-01T11:00:00Z")).statusCode).toBe(400);
    type Windows = { data: { windows: { windows: { window_from: string; until: string | null; events: number; arrived: number; recovered: number }[] }[] } };
    const hours = (await get("?since=2026-10-01T11:00:00Z&until=2026-10-01T15:00:00Z&step=hour")).json<Windows>().data.windows[0]?.windows ?? [];
    expect(hours.map((one) => [one.window_from, one.until])).toEqual([["2026-10-01T11:00:00Z", "2026-10-01T12:00:00Z"], ["2026-10-01T12:00:00Z", "2026-10-01T13:00:00Z"], ["2026-10-01T13:00:00Z", "2026-10-01T13:29:00Z"], ["2026-10-01T14:00:00Z", null]]);
    for (const which of ["events", "arrived", "recovered"] as const) expect(hours.reduce((sum, one) => sum + one[which], 0)).toBe(figure?.[which]);
    expect((await get("?since=2026-10-01T00:00:00Z&until=2026-10-01T15:00:00Z&step=day")).json<Windows>().data.windows[0]?.windows).toHaveLength(1);
    expect((await get("?since=2026-09-01T00:00:00Z&until=2026-10-01T15:00:00Z&step=5m")).json()).toMatchObject({ code: "too_many_windows" });
    expect((await get("?step=week")).statusCode).toBe(400);
    // Of a time that was not looked at yet nothing is claimed.
    const later = (await get("?since=2026-10-01T13:30:00Z&until=2026-10-01T14:00:00Z")).json<{ data: { accounts: unknown[] } }>();
    expect(later.data.accounts).toMatchObject([{ until: null, events: 0, arrived_share: null, text: "not yet compared with Stripe" }]);
  });
});

onBothDatabases("what sweeps noted, in time", migrations, (database) => {
  it("is forgotten in small steps, and a figure never speaks of what was; open gaps stay", async () => {
    const db = await database.open();
    const s = await scene(db, { traffic: { ratePerMinute: 1, flat: true } });
    await s.pass(30 * MINUTE);
    s.sandbox.state.mischief.dead = true;
    await s.pass(30 * MINUTE);
    s.sandbox.state.mischief.dead = false;
    await s.pass(90 * MINUTE);
    s.sandbox.state.mischief.dead = true;
    await s.pass(30 * MINUTE);
    const before = TEST_START_MS + 2 * HOUR + MINUTE;
    const whole = await completeness(db.read, null, 0, before + DAY);
    const young = await completeness(db.read, null, before, before + DAY);
    let gone = 0;
    for (let one = 1; one > 0; gone += one) {
      one = await retainWitness(db, before, 5);
      expect(one).toBeLessThanOrEqual(5);
      expect(await completeness(db.read, null, 0, Math.floor(before / 300_000) * 300_000)).toMatchObject({ fromMs: null, untilMs: null, events: 0 });
    }
    expect(gone).toBeGreaterThan(20);
    const left = await completeness(db.read, null, 0, before + DAY);
    expect(left).toMatchObject({ events: young.events, arrived: young.arrived, fromMs: Math.floor(before / 300_000) * 300_000 });
    expect(left.events).toBeLessThan(whole.events);
    expect(await readGaps(db.read, 0, before + DAY, 10)).toHaveLength(2);
    expect(await retainGaps(db, before + DAY, 10)).toBe(1);
    expect(await retainGaps(db, before + DAY, 10)).toBe(0);
    expect(await readGaps(db.read, 0, before + DAY, 10)).toMatchObject([{ closedAt: null }]);
  });
});

describe("why events did not come", () => {
  const arrived = { count: 5, sinceLatest: 2, sinceEarliest: 4, latestMs: 1 };
  const evidence: GapEvidence = { missing: 4, arrived, missingTypes: ["charge.failed"], arrivedTypes: ["charge.failed"], rejected: 0, failed: 0, skewMs: 0 };
  const quiet = { ...arrived, sinceLatest: 3, sinceEarliest: 3 };

  it.each<[string, Partial<GapEvidence>, RegExp | null]>([
    ["none missing", { missing: 0 }, null],
    ["some among others", {}, /single deliveries/],
    ["nothing between the first and the last", { arrived: quiet }, /nothing arrived/],
    ["one alone, others around it", { missing: 1, arrived: quiet }, /single deliveries/],
    ["nothing since", { missing: 1, arrived: { ...arrived, sinceLatest: 0, sinceEarliest: 0 } }, /nothing arrived/],
    ["nothing, and all refused", { arrived: quiet, rejected: 9 }, /webhook secret/],
    ["refused, and the clock is wrong", { rejected: 9, skewMs: -600_000 }, /clock is 10 min off/],
    ["we could not store", { arrived: quiet, failed: 2 }, /could not be stored/],
    ["types that never came", { arrivedTypes: [], missingTypes: ["payout.paid"] }, /does not listen for payout\.paid/],
    ["some refused", { rejected: 1 }, /some deliveries were refused/],
  ])("%s", (_name, more, cause) => {
    const found = causeOf({ ...evidence, ...more });
    if (cause === null) expect(found).toBeNull();
    else expect(found).toMatch(cause);
  });

  it("is not called silence by chance", () => {
    expect(silent({ missing: 2, arrived: quiet })).toBe(false);
    expect(silent({ missing: 3, arrived: quiet })).toBe(true);
  });
});

describe("how the sweep is", () => {
  const well: SweepStatus = { checkpointMs: 40 * DAY, last: null, trouble: null, skewMs: 0, backfill: 1, backfilled: 0, everyMs: 300_000, unreadable: 0, unread: null, unmade: null, gap: null };
  const trouble = { since: 40 * DAY, at: 40 * DAY, code: "stripe_failed", text: "Stripe had an error of its own" };

  it.each<[string, Partial<SweepStatus>, number, string]>([
    ["fresh", {}, MINUTE, "ok"],
    ["late", {}, 16 * MINUTE, "degraded"],
    ["failing", { trouble }, 6 * MINUTE, "degraded"],
    ["failing for hours", { trouble }, 2 * HOUR, "down"],
    ["older than 25 days", {}, 26 * DAY, "down"],
  ])("%s", (_name, more, age, state) => {
    expect(judgeSweep({ ...well, ...more }, 40 * DAY + age).state).toBe(state);
  });

  it("looks at the clock", () => {
    expect([0, 29_000, -31_000, 250_000, -600_000].map((skew) => judgeClock(skew).state)).toEqual(["ok", "ok", "degraded", "down", "down"]);
  });
});
