import type { Actor } from "../access/index.ts";
import type { ErrorKind } from "../platform/index.ts";
import type { TaskRun } from "../tasks/index.ts";

/** What the thread of the requests tells the thread behind them. Webhooks have a channel of their own (`batch`). */
export type ToWorker =
  | { readonly kind: "batch" }
  /** A webhook request that was refused before it came to the batch. */
  | { readonly kind: "refused"; readonly outcome: "rejected" | "failed"; readonly status: number; readonly reason: string }
  /** The sandbox answers there from now on. */
  | { readonly kind: "sandbox"; readonly url: string }
  | { readonly kind: "run_task"; readonly id: number; readonly task: string; readonly actor: Actor; readonly requestId: string }
  | { readonly kind: "stop" };

/** What the thread behind is started with. */
export interface WorkerStart {
  /** Secret of the built-in sandbox's endpoint, made anew at every start; null without a sandbox. */
  readonly sandboxSecret: string | null;
}

export type FromWorker =
  | { readonly kind: "decided" | "broken" }
  | { readonly kind: "ready" }
  | { readonly kind: "stopped" }
  | { readonly kind: "task_begun"; readonly id: number; readonly run: TaskRun }
  | { readonly kind: "task_refused"; readonly id: number; readonly error: { kind: ErrorKind; code: string; text: string } | null };
