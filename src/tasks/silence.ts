import type { TaskState } from "./task.ts";

type Held = NonNullable<TaskState["held"]>;

interface Observation {
  lease: string;
  /** Since when we have seen the lease unchanged, and when we last saw it. Monotonic. */
  sinceMono: number;
  lookedMono: number;
}

/** A node looks once a second. Of a lease of 60 s, looks up to 10 s apart still count as watching. */
const LOOKS_PER_LEASE = 6;

/**
 * The leases of other nodes, and how long we have watched each without seeing it renewed: no two clocks need to agree.
 * Only time in which we could look counts. While the database is away the holder can renew as little as we can read.
 */
export class Silence {
  readonly #leaseMs: number;
  readonly #observed = new Map<string, Observation>();

  constructor(leaseMs: number) {
    this.#leaseMs = leaseMs;
  }

  /** To be asked at each look. True when the holder gave no sign of life for a lease's time. */
  seemsDead(task: string, held: Held, mono: number): boolean {
    const lease = `${held.runId}:${held.leaseUntil}`;
    const seen = this.#observed.get(task);
    if (seen?.lease !== lease || mono - seen.lookedMono > this.#leaseMs / LOOKS_PER_LEASE) {
      this.#observed.set(task, { lease, sinceMono: mono, lookedMono: mono });
      return false;
    }
    seen.lookedMono = mono;
    if (mono - seen.sinceMono <= this.#leaseMs) return false;
    // Where taking over fails nothing can be written (a full disk), and the holder could not renew: watch it anew.
    this.#observed.delete(task);
    return true;
  }
}
