import { describe, expect, it, onTestFinished } from "vitest";
import { onBothDatabases } from "../../../test/databases.ts";
import { migrations } from "../../app/migrations.ts";
import { AppError, createHttp } from "../../platform/index.ts";
import { scene } from "../testing/scene.ts";
import { causeOf, type GapEvidence, silent } from "./gap.ts";
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
    completenessRoutes(http, { db, clock: s.clock, viewer, accounts: [null] });
    expect((await http.inject({ url: "/api/completeness" })).statusCode).toBe(401);
    const get = async (query: string) => await http.inject({ url: `/api/completeness${query}`, headers: { "x-dash-key": "viewer" } });
    const body = (await get("")).json<{ data: { accounts: Record<string, unknown>[]; sweeps: unknown[]; gaps: Record<string, unknown>[] } }>();
    const [figure] = body.data.accounts;
    expect(figure).toMatchObject({ account: null, backfill: 1, text: expect.stringMatching(/^\d+ of \d+ events until 13:29 UTC, \d+ of them recovered$/) });
    expect(Number(figure?.["arrived"]) + Number(figure?.["recovered"])).toBe(figure?.["events"]);
    expect(body.data.gaps).toMatchObject([{ cause: expect.stringContaining("nothing arrived"), closed_at: expect.any(String), events: figure?.["recovered"] }]);
    expect(body.data.sweeps).toMatchObject([{ complete_until: "2026-10-01T13:29:00Z", trouble: null }]);
    expect((await get("?since=2026-10-01T12:00:00Z&until=2026-10-01T11:00:00Z")).statusCode).toBe(400);
    // Of a time that was not looked at yet nothing is claimed.
    const later = (await get("?since=2026-10-01T13:30:00Z&until=2026-10-01T14:00:00Z")).json<{ data: { accounts: unknown[] } }>();
    expect(later.data.accounts).toMatchObject([{ until: null, events: 0, arrived_share: null, text: "not yet compared with Stripe" }]);
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
  const well: SweepStatus = { checkpointMs: 40 * DAY, last: null, trouble: null, skewMs: 0, backfill: 1, backfilled: 0, gap: null };
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
