/** `unknown`: could not be found out; it counts like degraded, for what cannot be seen is not well. */
export type CheckState = "ok" | "degraded" | "down" | "unknown";

export interface CheckResult {
  state: CheckState;
  /** What was measured, with its unit in the text if it has one. */
  figure?: number | string;
  /** Since when it is so; when left out, since when we have seen it so. */
  sinceMs?: number;
  /** What to do about it, when it is not ok. */
  todo?: string;
}

/** Handed over by a room, which knows what is well with it. */
export interface HealthCheck {
  readonly name: string;
  readonly timeoutMs: number;
  /** What it means when the check fails or does not answer in time; unknown when left out. */
  readonly whenSilent?: Exclude<CheckState, "ok">;
  /** Without this nothing can be served: it decides `/readyz` too. */
  readonly essential?: boolean;
  run(signal: AbortSignal): Promise<CheckResult>;
}

export type HealthStatus = "healthy" | "degraded" | "down";

export function overall(states: readonly CheckState[]): HealthStatus {
  if (states.includes("down")) return "down";
  return states.every((state) => state === "ok") ? "healthy" : "degraded";
}
