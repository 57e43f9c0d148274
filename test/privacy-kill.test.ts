import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { loadConfig } from "../src/app/config.ts";
import { connect } from "../src/app/database.ts";
import { catchUp, DERIVE } from "../src/app/derive.ts";
import { migrations } from "../src/app/migrations.ts";
import { openAppend, readAfter, readHead } from "../src/ledger/index.ts";
import { rebuild } from "../src/metrics/index.ts";
import { migrate } from "../src/platform/index.ts";
import { shopEvents } from "../src/reports/testing/shop.ts";
import { onBothDatabases } from "./databases.ts";
import { runCommand, serviceEnvironment } from "./service.ts";

const TILLWATCH = join(import.meta.dirname, "..", "bin", "tillwatch");
const START = Date.UTC(2026, 5, 1, 12);
const EMAIL = "grace.hopper@example.org";
const EVENTS = 2500;

onBothDatabases("kill -9 during an erasure", migrations, (database) => {
  it("leaves each event whole, the same command ends it, and a restored backup does not bring it back", { timeout: 240_000 }, async () => {
    const env = serviceEnvironment(await database.environment());
    const data = env["DATA_DIR"] ?? "";
    const db = connect(loadConfig(env, { cwd: data }));
    await migrate(db, migrations, 0);
    const append = openAppend(db);
    // Every payment is hers.
    const bodies = shopEvents(EVENTS, START - 86_400_000, 1).map((event) => JSON.stringify(event).replaceAll(/"[\w.+-]+@[\w.-]+"/g, `"${EMAIL}"`));
    const arrivals = bodies.map((body) => {
      const read = readHead(JSON.parse(body), START);
      if (read.kind !== "head") throw new Error(read.reason);
      return { kind: "arrival" as const, head: read.head, body: Buffer.from(body), receivedAt: START, source: "webhook" as const, endpoint: "default" };
    });
    for (let at = 0; at < arrivals.length; at += 50) await append(arrivals.slice(at, at + 50));
    await catchUp(db, "UTC", { now: () => START }, Number.MAX_SAFE_INTEGER);
    const erased = async (): Promise<number> => (await db.read.selectFrom("erased_event").select(({ fn }) => fn.countAll<number>().as("n")).executeTakeFirstOrThrow()).n;
    const made = JSON.parse((await runCommand(env, "backup", "create", "--json")).stdout) as { id: string };

    const child = spawn(TILLWATCH, ["privacy", "erase", EMAIL, "--yes"], { env, cwd: data, stdio: "ignore" });
    const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    // A look at a process of its own: there is no event to wait for.
    while (child.exitCode === null && (await erased()) === 0) await setTimeout(1);
    expect(child.exitCode === null && child.kill("SIGKILL")).toBe(true);
    await ended;
    const half = await erased();
    expect(half).toBeGreaterThan(0);
    expect(half).toBeLessThan(EVENTS / 2);
    expect((await readAfter(db.read, 0, EVENTS)).length).toBe(EVENTS);
    expect(JSON.parse((await runCommand(env, "privacy", "list", "--json")).stdout)).toMatchObject({ data: [{ state: "running" }] });

    const again = JSON.parse((await runCommand(env, "privacy", "erase", EMAIL, "--yes", "--json")).stdout) as { erasure: number; events: number };
    expect(again.erasure).toBe(1);
    expect(again.events).toBe(await erased());
    const left = async (): Promise<string> => JSON.stringify([await readAfter(db.read, 0, EVENTS), await db.read.selectFrom("payment").selectAll().execute()]).toLowerCase();
    expect(await left()).not.toContain(EMAIL);
    expect(await rebuild(db, { check: true, timeZone: "UTC", consumer: DERIVE })).toMatchObject({ same: true });
    expect(JSON.parse((await runCommand(env, "privacy", "list", "--json")).stdout)).toMatchObject({ data: [{ state: "done", who: expect.arrayContaining([expect.stringMatching(/^sha256:[0-9a-f]{64}$/)]) as unknown }] });
    await db.close();
    if (database.kind === "sqlite") for (const file of readdirSync(data).filter((name) => name.startsWith("tillwatch.db"))) expect([file, existsSync(join(data, file)) && readFileSync(join(data, file)).toString("latin1").toLowerCase().includes(EMAIL)]).toEqual([file, false]);

    // The backup is from before.
    const restored = JSON.parse((await runCommand(env, "backup", "restore", made.id, "--replace", "--yes", "--json")).stdout) as { erased_again: number };
    expect(restored.erased_again).toBe(again.events);
    const back = connect(loadConfig(env, { cwd: data }));
    const told = JSON.stringify([await readAfter(back.read, 0, EVENTS), await back.read.selectFrom("payment").selectAll().execute()]).toLowerCase();
    expect(told).not.toContain(EMAIL);
    expect(await rebuild(back, { check: true, timeZone: "UTC", consumer: DERIVE })).toMatchObject({ same: true });
    await back.close();
  });
});
