import { randomUUID } from "node:crypto";
import type { Command } from "commander";
import { taskDefinitions } from "../app/node-tasks.ts";
import { openJournal } from "../platform/index.ts";
import type { ServiceContext } from "./context.ts";
import { tasksCommand } from "./tasks.ts";

/** `tillwatch tasks` on the tasks of this service. */
export async function tasks(context: ServiceContext): Promise<Command> {
  const warn = (text: string): void => void process.stderr.write(`tillwatch: ${text}\n`);
  const journal = async () => {
    const config = await context.config();
    return openJournal({ dir: config.logDir, clock: context.clock, onTrouble: (trouble) => warn(`mirror files: ${JSON.stringify(trouble)}`) });
  };
  const opened = await journal().catch(() => null);
  return tasksCommand(context, {
    tasks: async (db) => taskDefinitions(db, await context.config(), context.clock, opened ?? { append: () => {} }),
    journal: () => opened ?? openJournal({ dir: null, clock: context.clock, onTrouble: () => {} }),
    monotonicMs: () => performance.now(),
    node: randomUUID(),
    onInterrupt: (stop) => {
      process.on("SIGINT", stop);
      return () => process.off("SIGINT", stop);
    },
    onError: (error, task) => warn(`${task}: ${String(error)}`),
  });
}
