import { describe, expect, it, onTestFinished } from "vitest";
import { AppError, createHttp, virtualClock } from "../platform/index.ts";
import { type CheckResult, type CheckState, type HealthCheck, overall } from "./check.ts";
import { createExaminer } from "./examine.ts";
import { healthRoutes } from "./routes.ts";

const NOON = Date.UTC(2025, 9, 20, 12);

function check(name: string, result: CheckResult | (() => Promise<CheckResult>), more: Partial<HealthCheck> = {}): HealthCheck {
  return { name, timeoutMs: 500, run: typeof result === "function" ? result : async () => result, ...more };
}

/** An examiner whose time limits end when the test says so. */
function examiner(checks: readonly HealthCheck[]) {
  const clock = virtualClock(NOON);
  const limits: AbortController[] = [];
  const errors: unknown[] = [];
  const made = createExaminer({
    checks,
    clock,
    onError: (error) => void errors.push(error),
    timeout: () => {
      const limit = new AbortController();
      limits.push(limit);
      return limit.signal;
    },
  });
  const timeOut = async (): Promise<void> => {
    // What answers at once has answered by then.
    await new Promise((resolve) => setImmediate(resolve));
    for (const limit of limits.splice(0)) limit.abort();
  };
  return { ...made, clock, errors, timeOut };
}

describe("health", () => {
  it.each<[CheckState[], string]>([
    [[], "healthy"],
    [["ok", "ok"], "healthy"],
    [["ok", "degraded"], "degraded"],
    [["ok", "unknown"], "degraded"],
    [["degraded", "down", "ok"], "down"],
  ])("of %j is %s", (states, status) => {
    expect(overall(states)).toBe(status);
  });

  it("asks all checks at once", async () => {
    let arrived = 0;
    const { promise: all, resolve } = Promise.withResolvers<void>();
    const meet = async (): Promise<CheckResult> => {
      if ((arrived += 1) === 3) resolve();
      await all;
      return { state: "ok" };
    };
    expect(await examiner(["a", "b", "c"].map((name) => check(name, meet))).examine()).toMatchObject({ status: "healthy" });
  });

  it("answers while a check hangs, does not ask it again meanwhile, and believes it again afterwards", async () => {
    let asked = 0;
    let answer: (result: CheckResult) => void = () => {};
    const hangs = check("stripe", () => {
      asked += 1;
      return new Promise((resolve) => (answer = resolve));
    });
    const one = examiner([hangs, check("disk", { state: "ok", figure: 0.4 })]);
    const first = one.examine();
    await one.timeOut();
    expect(await first).toEqual({ at: NOON, status: "degraded", ready: true, checks: { stripe: { state: "unknown", todo: "no answer within 500 ms", sinceMs: NOON }, disk: { state: "ok", figure: 0.4, sinceMs: NOON } } });
    one.clock.advance(5000);
    expect((await one.examine()).checks["stripe"]).toMatchObject({ state: "unknown", sinceMs: NOON });
    expect(asked).toBe(1);
    answer({ state: "ok" });
    await new Promise((resolve) => setImmediate(resolve));
    one.clock.advance(5000);
    const third = one.examine();
    answer({ state: "ok" });
    expect((await third).checks["stripe"]).toEqual({ state: "ok", sinceMs: NOON + 10_000 });
    expect(asked).toBe(2);
  });

  it("takes the silence of what says so for down", async () => {
    const one = examiner([check("database", () => new Promise(() => {}), { whenSilent: "down", essential: true })]);
    const asked = one.examine();
    await one.timeOut();
    expect(await asked).toMatchObject({ status: "down", ready: false });
  });

  it("does not break on a check that throws, now or later, in time or too late", async () => {
    const later = Promise.withResolvers<CheckResult>();
    const one = examiner([
      check("late", () => later.promise),
      check("rejects", () => Promise.reject(new AppError("unavailable", "away"))),
      check("throws", () => {
        throw new TypeError("a fault of ours");
      }),
    ]);
    const asked = one.examine();
    await one.timeOut();
    const { checks, status } = await asked;
    expect(status).toBe("degraded");
    expect(Object.values(checks).map(({ state }) => state)).toEqual(["unknown", "unknown", "unknown"]);
    expect(one.errors).toHaveLength(2);
    expect(JSON.stringify(checks)).not.toMatch(/fault|away/);
    later.reject(new Error("nobody listens"));
  });

  it("keeps an answer for a second, also one that is on its way", async () => {
    let asked = 0;
    const one = examiner([check("disk", async () => ({ state: (asked += 1) % 2 === 1 ? "ok" : "degraded" }))]);
    await Promise.all([one.examine(), one.examine()]);
    one.clock.advance(999);
    expect((await one.examine()).status).toBe("healthy");
    expect(asked).toBe(1);
    one.clock.advance(1);
    expect((await one.examine()).status).toBe("degraded");
    // A clock that was set back must not keep an answer for an hour.
    one.clock.advance(-3_600_000);
    expect((await one.examine()).status).toBe("healthy");
  });
});

describe("health over HTTP", () => {
  async function served(states: Record<string, CheckResult>, accepting = true) {
    const one = examiner(Object.entries(states).map(([name, result]) => check(name, result, { essential: name === "database" })));
    const http = await createHttp({ clock: one.clock, version: "0.1.0" });
    const viewer = async (request: { headers: Record<string, unknown> }) => {
      if (request.headers["x-dash-key"] !== "key") throw new AppError("unauthenticated", "no key");
    };
    healthRoutes(http, { examiner: one, clock: one.clock, version: "0.1.0", startedAt: NOON - 90_500, mode: "test", sandbox: true, viewer, accepting: () => accepting });
    const url = await http.listen({ port: 0, host: "127.0.0.1" });
    onTestFinished(() => http.close());
    return async (path: string, key?: string) => {
      const response = await fetch(url + path, { headers: key === undefined ? {} : { "x-dash-key": key } });
      return [response.status, await response.json()];
    };
  }

  it("tells everything behind a key", async () => {
    const ask = await served({ database: { state: "ok", todo: "nothing" }, sweep: { state: "degraded", figure: "12 min", sinceMs: NOON - 60_000, todo: "look at the log" } });
    expect(await ask("/api/system-health", "key")).toEqual([
      200,
      {
        ok: true,
        status: "degraded",
        ts: "2025-10-20T12:00:00Z",
        version: "0.1.0",
        uptime_s: 90,
        mode: "test",
        sandbox: true,
        checks: { database: { state: "ok", since: "2025-10-20T12:00:00Z" }, sweep: { state: "degraded", figure: "12 min", since: "2025-10-20T11:59:00Z", todo: "look at the log" } },
      },
    ]);
    expect((await ask("/api/system-health"))[0]).toBe(401);
    expect(await ask("/api/system-health?verbose=1", "key")).toMatchObject([400, { ok: false, error: expect.stringContaining("verbose") }]);
  });

  it("is 503 when down", async () => {
    const ask = await served({ database: { state: "down" } });
    expect(await ask("/api/system-health", "key")).toMatchObject([503, { ok: false, status: "down" }]);
    expect(await ask("/readyz")).toEqual([503, { ok: false }]);
    expect(await ask("/healthz")).toEqual([200, { ok: true }]);
  });

  it("is ready while only what is not essential is down, and tells nothing else without a key", async () => {
    const ask = await served({ database: { state: "ok" }, stripe: { state: "down" } });
    expect(await ask("/readyz")).toEqual([200, { ok: true }]);
    expect(await ask("/healthz")).toEqual([200, { ok: true }]);
    expect(await (await served({ database: { state: "ok" } }, false))("/readyz")).toEqual([503, { ok: false }]);
  });
});
