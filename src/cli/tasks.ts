import { Command, InvalidArgumentError, Option } from "commander";
import { type Database, type Journal, startLoop } from "../platform/index.ts";
import { createScheduler, findTask, readRuns, readTaskStatuses, showRun, showTask, type TaskDefinition, type TaskRun } from "../tasks/index.ts";
import { type CliContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

/** What the commands need of the service besides its database. */
export interface TaskSetup {
  /** The tasks as configured. */
  tasks(db: Database): Promise<readonly TaskDefinition[]>;
  journal(): Journal;
  monotonicMs(): number;
  /** Unique per process. */
  node: string;
  /** Calls back when the user wants to stop (Ctrl-C); answers how to stop listening. */
  onInterrupt(stop: () => void): () => void;
  onError(error: unknown, task: string): void;
}

const BEAT_MS = 1000;
const RUNS_MAX = 1000;

const json = () => new Option("--json", "print one JSON document");

function countArgument(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > RUNS_MAX) throw new InvalidArgumentError(`Give a whole number from 1 to ${RUNS_MAX}.`);
  return count;
}

function listCommand(context: CliContext, setup: TaskSetup): Command {
  return new Command("list")
    .description("list the tasks: when each runs next, and how it went last")
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch tasks list --json | jq -r '.data[] | select(.failures_in_a_row > 0) | .name'")
    .action(async (options: { json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const statuses = await readTaskStatuses(db, await setup.tasks(db), context.clock.now());
        const data = statuses.map(showTask);
        if (options.json) context.print(JSON.stringify({ ok: true, count: data.length, data }));
        else
          context.print(
            table(
              ["TASK", "SCHEDULE", "NEXT", "LAST", "OUTCOME", "WHAT"],
              data.map((task) => [
                task.name,
                "cron" in task.schedule ? `${task.schedule.cron} ${task.schedule.time_zone}` : `every ${task.schedule.every_ms / 1000} s`,
                task.running === null ? (task.enabled ? task.next_run_at : "off") : "running",
                task.last_run?.started_at ?? null,
                task.last_run?.outcome ?? null,
                task.description,
              ]),
            ),
          );
      });
    });
}

function runsCommand(context: CliContext, setup: TaskSetup): Command {
  return new Command("runs")
    .description("list the runs of a task, newest first")
    .argument("<name>", "its name, as tasks list shows it")
    .addOption(new Option("--limit <count>", "how many").argParser(countArgument).default(20))
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch tasks runs production_alerts --limit 5")
    .action(async (name: string, options: { limit: number; json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const task = findTask(await setup.tasks(db), name);
        const data = (await readRuns(db.read, task.name, { limit: options.limit })).map(showRun);
        if (options.json) context.print(JSON.stringify({ ok: true, count: data.length, data }));
        else if (data.length === 0) context.print(`${task.name} has not run yet.`);
        else context.print(table(["ID", "DUE", "STARTED", "MS", "OUTCOME", "MISSED", "CAUSE", "ERROR"], data.map((run) => [run.id, run.due_at, run.started_at, run.duration_ms, run.outcome, run.missed, run.cause, run.error])));
      });
    });
}

function runCommand(context: CliContext, setup: TaskSetup): Command {
  return new Command("run")
    .description("run a task now and wait for its end; exit 1 when it fails")
    .argument("<name>", "its name, as tasks list shows it")
    .addOption(json())
    .addHelpText("after", "\nExample:\n  $ tillwatch tasks run production_alerts")
    .action(async (name: string, options: { json?: boolean }) => {
      await withDatabase(context, async (db) => {
        const run = await runHere(context, setup, db, name);
        if (options.json) context.print(JSON.stringify({ ok: run.outcome === "ok", data: showRun(run) }));
        else context.print(`${run.task}: ${run.outcome} in ${run.durationMs ?? 0} ms${run.error === null ? "" : `: ${run.error}`}${run.evidence === null ? "" : `\n${JSON.stringify(run.evidence, null, 2)}`}`);
        if (run.outcome !== "ok") context.setExitCode(1);
      });
    });
}

/** Runs in this process, as a node of its own: a service that runs meanwhile keeps off the task until it has ended. */
async function runHere(context: CliContext, setup: TaskSetup, db: Database, name: string): Promise<TaskRun> {
  const journal = setup.journal();
  const { monotonicMs, node, onError } = { monotonicMs: () => setup.monotonicMs(), node: setup.node, onError: (error: unknown, task: string) => setup.onError(error, task) };
  const scheduler = createScheduler({ db, tasks: await setup.tasks(db), clock: context.clock, monotonicMs, journal, node, pid: process.pid, onError });
  const { finished } = await scheduler.runNow(name);
  const beat = startLoop(async () => {
    await scheduler.beat();
    return false;
  }, { pollMs: BEAT_MS, onError: (error) => onError(error, name) });
  const listening = setup.onInterrupt(() => void scheduler.stop());
  try {
    return await finished;
  } finally {
    listening();
    await beat.stop();
    await journal.close();
  }
}

/** `tillwatch tasks [list] | runs NAME | run NAME`. */
export function tasksCommand(context: CliContext, setup: TaskSetup): Command {
  return new Command("tasks")
    .description("what the scheduler does: list it, look at its history, run a task now")
    .addHelpText("after", "\nExample:\n  $ tillwatch tasks\n  $ tillwatch tasks run production_alerts")
    .addCommand(listCommand(context, setup), { isDefault: true })
    .addCommand(runsCommand(context, setup))
    .addCommand(runCommand(context, setup));
}
