import { Worker } from "node:worker_threads";
import type { Actor } from "../access/index.ts";
import type { AcceptBatch } from "../ingest/index.ts";
import { AppError } from "../platform/index.ts";
import type { TaskRun } from "../tasks/index.ts";
import { remoteIntake } from "./intake-channel.ts";
import type { FromWorker, ToWorker, WorkerStart } from "./worker-messages.ts";

/** The near end of the thread behind the requests. */
export interface Background {
  readonly acceptBatch: AcceptBatch;
  /** Records a webhook request that was refused before it came to the batch. */
  refused(refusal: { readonly outcome: "rejected" | "failed"; readonly status: number; readonly reason: string }): void;
  /** The sandbox answers there from now on. */
  useSandbox(url: string): void;
  /** Begins a task now, and says in the audit trail who asked. @throws AppError as the scheduler does. */
  runTask(name: string, actor: Actor, requestId: string): Promise<TaskRun>;
  /** Lets the running step end; resolves when the thread is gone. */
  stop(): Promise<void>;
}

/** Of the thread's heap: what lives shorter is collected oftener, and the service stays small. */
const YOUNG_MB = 24;

interface Caller {
  resolve(run: TaskRun): void;
  reject(error: Error): void;
}

/**
 * @param onDeath called when the thread ends without having been told to: the process cannot go on and should end, so
 *   that its supervisor starts it anew.
 */
export async function startBackground(start: WorkerStart, onDeath: (error: Error) => void): Promise<Background> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const worker = new Worker(new URL(`./worker.${extension}`, import.meta.url), { workerData: start, resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
  const callers = new Map<number, Caller>();
  const ready = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  let stopping = false;
  let calls = 0;
  const remote = remoteIntake(worker);
  const post = (message: ToWorker): void => worker.postMessage(message);

  worker.on("message", (message: FromWorker) => {
    switch (message.kind) {
      case "decided":
      case "broken":
        return;
      case "ready":
        ready.resolve();
        return;
      case "stopped":
        stopped.resolve();
        return;
      case "task_begun":
        callers.get(message.id)?.resolve(message.run);
        callers.delete(message.id);
        return;
      case "task_refused": {
        const { error } = message;
        callers.get(message.id)?.reject(error === null ? new AppError("internal", "the task could not be begun") : new AppError(error.kind, error.text, { code: error.code }));
        callers.delete(message.id);
        return;
      }
    }
  });
  const dead = (error: Error): void => {
    remote.fail(new AppError("unavailable", "the service is ending", { cause: error }));
    ready.reject(error);
    stopped.resolve();
    if (!stopping) onDeath(error);
  };
  worker.on("error", dead);
  worker.on("exit", (code) => dead(new Error(`the background thread ended with code ${code}`)));
  await ready.promise;

  return {
    acceptBatch: remote.acceptBatch,
    refused: (refusal) => post({ kind: "refused", ...refusal }),
    useSandbox: (url) => post({ kind: "sandbox", url }),
    runTask: (task, actor, requestId) =>
      new Promise((resolve, reject) => {
        calls += 1;
        callers.set(calls, { resolve, reject });
        post({ kind: "run_task", id: calls, task, actor, requestId });
      }),
    stop: async () => {
      stopping = true;
      post({ kind: "stop" });
      await stopped.promise;
    },
  };
}
