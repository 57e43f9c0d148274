import type { Actor } from "../access/index.ts";
import type { ErrorKind } from "../platform/index.ts";
import type { TaskRun } from "../tasks/index.ts";

/** What the thread of the requests tells the thread behind them. Appends have a channel of their own. */
export type ToWorker =
  | { readonly kind: "append" }
  | { readonly kind: "wake" }
  | { readonly kind: "run_task"; readonly id: number; readonly task: string; readonly actor: Actor; readonly requestId: string }
  | { readonly kind: "stop" };

export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "stopped" }
  | { readonly kind: "task_begun"; readonly id: number; readonly run: TaskRun }
  | { readonly kind: "task_refused"; readonly id: number; readonly error: { kind: ErrorKind; code: string; text: string } | null };
