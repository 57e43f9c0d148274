import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import type { CheckState, HealthCheck } from "../health/index.ts";
import { MINUTE_MS, Secret, virtualClock } from "../platform/index.ts";
import type { TaskContext } from "../tasks/index.ts";
import { migrations } from "./migrations.ts";
import { evaluatorCheck, EVALUATOR, pulse, readPulse, writePulse } from "./pulse.ts";
import { watchdogTask } from "./watchdog.ts";

const NOON = Date.UTC(2026, 9, 20, 12);

/** A watchdog of the outside, on loopback. */
async function outside() {
  const got: { path: string; body: string }[] = [];
  let status = 200;
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      got.push({ path: request.url ?? "", body: Buffer.concat(chunks).toString() });
      response.writeHead(status).end("OK");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const url = new Secret(`http://127.0.0.1:${(server.address() as AddressInfo).port}/ping/0af3-secret-id`);
  return { got, url, answer: (next: number) => void (status = next) };
}

const check = (name: string, state: CheckState): HealthCheck => ({ name, timeoutMs: 200, run: async () => ({ state, figure: `${name} is ${state}` }) });
const settings = { failSuffix: "/fail", allowPrivate: true };
const context = {} as TaskContext;

onBothDatabases("the watchdog", migrations, (database) => {
  it("is told that all is well only when all of it is, and otherwise what is not", async () => {
    const db = await database.open();
    const clock = virtualClock(NOON);
    const { got, url } = await outside();
    let states: Record<string, CheckState> = { evaluator: "ok", ingest: "unknown", stripe: "down" };
    const task = watchdogTask(db, clock, { ...settings, url }, () => Object.entries(states).map(([name, state]) => check(name, state)));
    expect(await task.run(context)).toMatchObject({ sent: "success" });
    expect(await readPulse(db.read, "watchdog")).toBe(NOON);
    states = { evaluator: "degraded", notify_outbox: "down" };
    expect(await task.run(context)).toMatchObject({ sent: "fail", reasons: ["evaluator: evaluator is degraded", "notify_outbox: notify_outbox is down"] });
    expect(got.map(({ path }) => path)).toEqual(["/ping/0af3-secret-id", "/ping/0af3-secret-id/fail"]);
    expect(got[1]?.body).toBe("evaluator: evaluator is degraded\nnotify_outbox: notify_outbox is down");
    const silent = watchdogTask(db, clock, { ...settings, failSuffix: null, url }, () => [check("evaluator", "down")]);
    expect(await silent.run(context)).toMatchObject({ sent: "nothing" });
    const hanging: HealthCheck = { name: "evaluator", timeoutMs: 20, run: () => new Promise(() => {}) };
    expect(await watchdogTask(db, clock, { ...settings, url }, () => [hanging]).run(context)).toMatchObject({ sent: "fail", reasons: ["evaluator: no answer within 20 ms"] });
    expect(got).toHaveLength(3);
  });

  it("tells of a database that takes no writes", async () => {
    const db = await database.open();
    const { got, url } = await outside();
    await db.write((tx) => tx.schema.dropTable("pulse").execute());
    expect(await watchdogTask(db, virtualClock(NOON), { ...settings, url }, () => []).run(context)).toMatchObject({ sent: "fail", reasons: ["the database takes no writes"] });
    expect(got).toHaveLength(1);
  });

  it("fails when it is not reached, without telling its address", async () => {
    const db = await database.open();
    const { url, answer } = await outside();
    const run = (allowPrivate: boolean, of = url) => watchdogTask(db, virtualClock(NOON), { ...settings, allowPrivate, url: of }, () => []).run(context);
    answer(404);
    await expect(run(true)).rejects.toThrow(/answered 404/);
    await expect(run(false)).rejects.toThrow(/inside this machine/);
    const nobody = await run(true, new Secret("http://127.0.0.1:9/secret-id")).catch(String);
    expect(nobody).toContain("not reached");
    expect(nobody).not.toMatch(/secret-id|127\.0\.0\.1/);
  });

  it("knows whether alerts are judged", async () => {
    const db = await database.open();
    const clock = virtualClock(NOON);
    const state = async () => (await evaluatorCheck({ db, clock }).run(AbortSignal.timeout(5000))).state;
    const beat = pulse(db, clock, EVALUATOR);
    expect(await state()).toBe("unknown");
    await beat();
    clock.advance(10_000);
    await beat();
    expect(await readPulse(db.read, EVALUATOR)).toBe(NOON);
    clock.advance(MINUTE_MS);
    expect(await state()).toBe("degraded");
    clock.advance(5 * MINUTE_MS);
    expect(await state()).toBe("down");
    await beat();
    expect(await state()).toBe("ok");
    await db.write((tx) => writePulse(tx, EVALUATOR, clock.now() + 1000));
    expect(await state()).toBe("ok");
  });
});

describe("without an address", () => {
  it("nothing is scheduled", () => {
    expect(watchdogTask({} as never, virtualClock(NOON), { ...settings, url: null }, () => []).enabled).toBe(false);
  });
});
