import { HOUR_MS, MINUTE_MS } from "../platform/index.ts";

/**
 * Counts wrong keys per client address. A fixed minute, not a sliding one: a blocked client knows when it may try again,
 * and trying on does not push that moment away.
 */
export interface FailureLimit {
  /** Seconds until the address may try again; 0 when it may now. */
  blockedFor(address: string, nowMs: number): number;
  failed(address: string, nowMs: number): void;
  /** This key was right from this address: it is let through there while others' failures block the address. */
  succeeded(address: string, digest: Uint8Array, nowMs: number): void;
  knows(address: string, digest: Uint8Array, nowMs: number): boolean;
}

export interface FailureLimitOptions {
  perMinute: number;
  /** Addresses remembered at the most; the one seen longest ago is forgotten first. */
  addresses: number;
}

const WINDOW_MS = MINUTE_MS;
/** How long a key that was right passes a block, counted from its last use. */
const KNOWN_MS = HOUR_MS;

/** A map that forgets what was written longest ago. */
class Bounded<Value> {
  readonly #values = new Map<string, Value>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get(name: string): Value | undefined {
    return this.#values.get(name);
  }

  set(name: string, value: Value): void {
    this.#values.delete(name);
    this.#values.set(name, value);
    if (this.#values.size <= this.#most) return;
    const [oldest] = this.#values.keys();
    if (oldest !== undefined) this.#values.delete(oldest);
  }
}

export function failureLimit(options: FailureLimitOptions): FailureLimit {
  const windows = new Bounded<{ since: number; count: number }>(options.addresses);
  const known = new Bounded<number>(options.addresses);
  const current = (address: string, nowMs: number) => {
    const window = windows.get(address);
    return window && nowMs - window.since < WINDOW_MS ? window : undefined;
  };
  // By address too: known everywhere, a key in use could be guessed from a blocked address by who gets through.
  const pair = (address: string, digest: Uint8Array) => `${address} ${Buffer.from(digest).toString("base64")}`;
  return {
    blockedFor: (address, nowMs) => {
      const window = current(address, nowMs);
      if (!window || window.count < options.perMinute) return 0;
      return Math.ceil((window.since + WINDOW_MS - nowMs) / 1000);
    },
    failed: (address, nowMs) => {
      const window = current(address, nowMs);
      if (window) window.count += 1;
      else windows.set(address, { since: nowMs, count: 1 });
    },
    succeeded: (address, digest, nowMs) => known.set(pair(address, digest), nowMs),
    knows: (address, digest, nowMs) => {
      const at = known.get(pair(address, digest));
      return at !== undefined && nowMs - at < KNOWN_MS;
    },
  };
}
