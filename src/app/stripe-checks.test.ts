import { expect, it, onTestFinished } from "vitest";
import { bench } from "../../sandbox/with-sdk.ts";
import { onBothDatabases } from "../../test/databases.ts";
import { createExaminer, sinceMemory } from "../health/index.ts";
import { virtualClock } from "../platform/index.ts";
import type { StripeApi } from "../stripe/index.ts";
import { loadConfig } from "./config.ts";
import { migrations } from "./migrations.ts";
import { clockCheck, stripeCheck, stripeLook } from "./stripe-checks.ts";

const NOON = Date.UTC(2026, 9, 20, 12);
const config = loadConfig({ STRIPE_SECRET_KEY: "sk_test_0123456789", STRIPE_WEBHOOK_SECRET: "whsec_0123456789" }, { cwd: "/nonexistent" });
const signal = AbortSignal.timeout(60_000);

onBothDatabases("the checks of Stripe", migrations, (database) => {
  it("ask Stripe itself, seldom, and tell an unknown key from a moment's silence", async () => {
    const db = await database.open();
    const sandbox = await bench();
    onTestFinished(() => sandbox.close());
    const clock = virtualClock(NOON);
    let asked = 0;
    const stripe = stripeLook(async () => {
      asked += 1;
      return { sdk: sandbox.stripe } as StripeApi;
    }, clock);
    const check = stripeCheck({ db, config, clock, stripe });
    expect(await check.run(signal)).toMatchObject({ state: "ok", figure: expect.stringMatching(/^answered within \d+ ms, 0 s ago; test mode/) });
    // Two who ask at once, and who asks again within five minutes, cost nothing.
    clock.advance(299_000);
    await Promise.all([check.run(signal), check.run(signal)]);
    expect(asked).toBe(1);
    await sandbox.control("/faults", { times: 2, effect: { kind: "error", status: 500 } });
    clock.advance(2000);
    expect(await check.run(signal)).toMatchObject({ state: "degraded", sinceMs: NOON + 301_000 });
    clock.advance(11 * 60_000);
    expect(await check.run(signal)).toMatchObject({ state: "down", sinceMs: NOON + 301_000, todo: expect.stringContaining("an error of its own") });
    await sandbox.control("/keys", { key: "sk_test_gone", revoked: true });
    expect(await stripeCheck({ db, config, clock, stripe: stripeLook(async () => ({ sdk: sandbox.client("sk_test_gone") }) as StripeApi, clock) }).run(signal)).toMatchObject({ state: "down" });
    expect((await clockCheck({ db, config, clock, stripe: stripeLook(async () => ({ sdk: sandbox.client("sk_test_other") }) as StripeApi, virtualClock(Date.now() + 400_000)) }).run(signal)).state).toBe("down");
  });

  it("know after a restart since when", async () => {
    const db = await database.open();
    const clock = virtualClock(NOON);
    let state: "ok" | "degraded" = "degraded";
    const examine = async () => {
      const examiner = createExaminer({ checks: [{ name: "disk", timeoutMs: 500, run: async () => ({ state }) }], clock, memory: sinceMemory(db, { readOnly: false }), onError: (error) => expect(error).toBeUndefined() });
      const { checks } = await examiner.examine();
      // What changed is written behind the answer.
      await expect.poll(() => db.read.selectFrom("health_since").select("state").executeTakeFirst()).toEqual({ state });
      return checks["disk"]?.sinceMs;
    };
    expect(await examine()).toBe(NOON);
    clock.advance(3_600_000);
    expect(await examine()).toBe(NOON);
    state = "ok";
    expect(await examine()).toBe(NOON + 3_600_000);
    // A clock that was ahead must not say "since tomorrow".
    clock.set(NOON);
    expect(await examine()).toBe(NOON);
  });
});
