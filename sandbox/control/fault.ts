/** A fault that waits for requests it fits, and happens to the next `times` of them. */
export interface Fault {
  id: string;
  /** Absent: any method. */
  method?: string;
  /** A path, or its beginning followed by `*`. Absent: any. */
  path?: string;
  times: number;
  effect: Effect;
}

export type Effect =
  /** An error instead of the work. `stored`: the idempotency key keeps it, as Stripe does with its own 500s. */
  | { kind: "error"; status: number; type?: string; code?: string; message?: string; param?: string; stored: boolean }
  /** The work is done; the answer is an error, kept under the idempotency key. */
  | { kind: "error_after"; status: number }
  /** The work is done; the answer never comes. The connection is held up to `holdMs`. */
  | { kind: "timeout_after"; holdMs: number }
  /** Nothing is done and the answer never comes. */
  | { kind: "timeout_before"; holdMs: number }
  /** The connection is cut, without or with the work done. */
  | { kind: "drop_before" }
  | { kind: "drop_after" }
  /** The work waits; its idempotency key is in use meanwhile. */
  | { kind: "delay"; delayMs: number }
  /** The next refund is made in this status. */
  | { kind: "refund_status"; status: "pending" | "requires_action" | "failed" };

/** The faults that wait, in the order they were set. */
export class Faults {
  private waiting: Fault[] = [];
  private count = 0;

  add(fault: Omit<Fault, "id">): Fault {
    const added = { ...fault, id: `fault_${++this.count}` };
    this.waiting.push(added);
    return added;
  }

  list(): readonly Fault[] {
    return this.waiting;
  }

  clear(): void {
    this.waiting = [];
  }

  /** The first that fits the request and the wanted kinds; used up once. */
  take(method: string, path: string, kinds: readonly Effect["kind"][]): Effect | null {
    const fault = this.waiting.find((one) => kinds.includes(one.effect.kind) && fits(one, method, path));
    if (fault === undefined) return null;
    fault.times -= 1;
    if (fault.times <= 0) this.waiting = this.waiting.filter((one) => one !== fault);
    return fault.effect;
  }
}

function fits(fault: Fault, method: string, path: string): boolean {
  if (fault.method !== undefined && fault.method.toUpperCase() !== method) return false;
  if (fault.path === undefined) return true;
  return fault.path.endsWith("*") ? path.startsWith(fault.path.slice(0, -1)) : path === fault.path;
}
