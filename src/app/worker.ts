import { randomUUID } from "node:crypto";
import { parentPort } from "node:worker_threads";
import { recordAudit } from "../access/index.ts";
import { openAppend } from "../ledger/index.ts";
import { AppError, createLog, errorText, openJournal, systemClock, type Tx } from "../platform/index.ts";
import type { TaskRun } from "../tasks/index.ts";
import { serveAppend } from "./append-channel.ts";
import { loadConfig } from "./config.ts";
import { connect } from "./database.ts";
import { startEngine } from "./engine.ts";
import { evaluationOf, taskDefinitions } from "./node-tasks.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

/**
 * The thread behind the requests. It owns the writing to the SQLite file (an fsync blocks no request), derives, judges
 * and runs tasks. On PostgreSQL the appends stay with the requests, since waiting for the server blocks nothing.
 */
async function main(): Promise<void> {
  const port = parentPort;
  if (port === null) throw new Error("worker.ts runs as a worker thread only");
  const tell = (message: FromWorker): void => port.postMessage(message);
  const config = loadConfig(process.env);
  const clock = systemClock;
  const log = createLog();
  const journal = openJournal({
    dir: config.logDir,
    clock,
    onTrouble: (trouble) => log.error(trouble, trouble.kind === "lost" ? "mirror files cannot be written" : "mirror files are written again"),
  });
  const db = connect(config, { connections: 4, onIdleError: (error) => log.warn({ error: errorText(error) }, "the database cut a connection") });
  const engine = await startEngine({
    db,
    clock,
    log,
    journal,
    mode: config.stripe.mode,
    timeZone: config.merchant.timeZone,
    evaluation: evaluationOf(config),
    tasks: taskDefinitions(db, config, clock, journal),
    node: randomUUID(),
  });
  if (db.kind === "sqlite") {
    const append = openAppend(db);
    serveAppend(port, async (items) => {
      const results = await append(items);
      engine.wake();
      return results;
    });
  }
  port.on("message", (message: ToWorker) => {
    switch (message.kind) {
      case "append":
        return;
      case "wake":
        engine.wake();
        return;
      case "run_task":
        void engine.scheduler.runNow(message.task, noteOf(message)).then(
          ({ run }) => tell({ kind: "task_begun", id: message.id, run }),
          (error: unknown) => tell({ kind: "task_refused", id: message.id, error: error instanceof AppError ? { kind: error.kind, code: error.code, text: error.message } : null }),
        );
        return;
      case "stop":
        void engine.stop().then(async () => {
          await journal.close();
          await db.close();
          tell({ kind: "stopped" });
          port.close();
        });
        return;
    }
  });
  tell({ kind: "ready" });
}

/** Who asked for a run, for the audit trail. */
function noteOf({ actor, requestId }: ToWorker & { kind: "run_task" }) {
  return async (tx: Tx, run: TaskRun): Promise<void> => {
    await recordAudit(tx, { at: run.startedAt, actor, action: "task.run", subject: run.task, detail: { run: run.id }, requestId, outcome: "ok" });
  };
}

await main();
