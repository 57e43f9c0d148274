import { describe, expect, it } from "vitest";
import { onBothDatabases, type TestDatabase } from "../../test/databases.ts";
import { openJournal, virtualClock } from "../platform/index.ts";
import { createScheduler, type TaskDefinition, taskMigrations } from "../tasks/index.ts";
import type { CliContext } from "./context.ts";
import { type TaskSetup, tasksCommand } from "./tasks.ts";

const NOON = Date.UTC(2025, 9, 20, 12);

const sweep: TaskDefinition = {
  name: "sweep",
  description: "Fetch what was not delivered",
  schedule: { kind: "every", everyMs: 300_000 },
  missed: "once",
  graceMs: 30_000,
  timeLimitMs: 60_000,
  run: async () => ({ recovered: 2 }),
};
const digest: TaskDefinition = {
  ...sweep,
  name: "digest",
  description: "Mail the day",
  schedule: { kind: "cron", cron: "0 8 * * *", timeZone: "UTC" },
  run: () => Promise.reject(new Error("no mail server")),
};

async function shell(database: TestDatabase, tasks: readonly TaskDefinition[] = [sweep, digest]) {
  const db = await database.open();
  const printed: string[] = [];
  const codes: number[] = [];
  let interrupt = (): void => {};
  const context: CliContext = { clock: virtualClock(NOON), openDatabase: async () => ({ ...db, close: async () => {} }), print: (text) => void printed.push(text), setExitCode: (code) => void codes.push(code) };
  const setup: TaskSetup = {
    tasks: async () => tasks,
    journal: () => openJournal({ dir: null, clock: context.clock, onTrouble: () => {} }),
    monotonicMs: () => context.clock.now(),
    node: "command",
    onInterrupt: (stop) => {
      interrupt = stop;
      return () => {};
    },
    onError: () => {},
  };
  const run = async (...argv: string[]): Promise<string> => {
    const command = tasksCommand(context, setup);
    for (const part of [command, ...command.commands]) part.exitOverride().configureOutput({ writeOut: (text) => void printed.push(text), writeErr: () => {} });
    printed.length = 0;
    await command.parseAsync(argv, { from: "user" });
    return printed.join("\n");
  };
  return { db, run, codes, context, interrupt: () => interrupt() };
}

onBothDatabases("tillwatch tasks", taskMigrations, (database) => {
  it("runs a task, keeps that in its history and lists it", async () => {
    const { run, codes } = await shell(database);
    expect(JSON.parse(await run("run", "sweep", "--json"))).toMatchObject({ ok: true, data: { task: "sweep", cause: "manual", outcome: "ok", evidence: { recovered: 2 }, started_at: "2025-10-20T12:00:00Z" } });
    expect(await run("run", "sweep")).toBe('sweep: ok in 0 ms\n{\n  "recovered": 2\n}');
    expect(JSON.parse(await run("runs", "sweep", "--limit", "1", "--json"))).toMatchObject({ ok: true, count: 1, data: [{ outcome: "ok", node: "command" }] });
    expect((await run("runs", "sweep")).split("\n")).toHaveLength(3);
    expect(await run()).toMatch(/^TASK +SCHEDULE .*\nsweep +every 300 s +2025-10-20T12:00:00Z +2025-10-20T12:00:00Z +ok +Fetch what.*\ndigest +0 8 \* \* \* UTC +2025-10-21T08:00:00Z +- +- +Mail the day$/);
    expect(JSON.parse(await run("--json"))).toMatchObject({ ok: true, count: 2, data: [{ name: "sweep", last_run: { outcome: "ok" } }, { name: "digest", last_run: null }] });
    expect(codes).toEqual([]);
  });

  it("exits with 1 when the task fails, and says of what", async () => {
    const { run, codes } = await shell(database);
    expect(await run("run", "digest")).toBe("digest: failed in 0 ms: no mail server");
    expect(JSON.parse(await run("run", "digest", "--json"))).toMatchObject({ ok: false, data: { outcome: "failed", error: "no mail server" } });
    expect(codes).toEqual([1, 1]);
  });

  it("refuses a name that no task has, and a task that runs in the service", async () => {
    const held = { ...sweep, run: () => new Promise<never>(() => {}) };
    const { db, run, context } = await shell(database, [held]);
    await expect(run("run", "swep")).rejects.toThrow("did you mean sweep?");
    await expect(run("runs", "swep")).rejects.toThrow("did you mean sweep?");
    expect(await run("runs", "sweep")).toBe("sweep has not run yet.");
    const service = createScheduler({ db, tasks: [held], clock: context.clock, monotonicMs: () => 0, journal: { append: () => {} }, node: "service", pid: 1, onError: () => {} });
    await service.start();
    await service.runDue();
    await expect(run("run", "sweep")).rejects.toMatchObject({ code: "task_running" });
    expect(await run("list")).toContain("running");
  });

  it("stops the run when it is interrupted", async () => {
    const begun = Promise.withResolvers<void>();
    const listening: TaskDefinition = {
      ...sweep,
      run: ({ signal }) => {
        begun.resolve();
        return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      },
    };
    const { run, codes, interrupt } = await shell(database, [listening]);
    const output = run("run", "sweep");
    await begun.promise;
    await new Promise((resolve) => setImmediate(resolve));
    interrupt();
    expect(await output).toMatch(/^sweep: lost in 0 ms: stopped before its end/);
    expect(codes).toEqual([1]);
  });
});

describe("--help", () => {
  const command = tasksCommand({} as CliContext, {} as TaskSetup);

  it.each([command, ...command.commands].map((part) => [part.name(), part] as const))("of %s holds an example", async (_, part) => {
    let text = "";
    part.exitOverride().configureOutput({ writeOut: (written) => void (text += written) });
    await expect(part.parseAsync(["--help"], { from: "user" })).rejects.toMatchObject({ exitCode: 0 });
    expect(text).toMatch(/Example:\n {2}\$ tillwatch tasks/);
  });
});
