import { type Clock, type Database, errorText, MINUTE_MS, type Secret } from "../platform/index.ts";
import { type FailureLimit, failureLimit } from "./failures.ts";
import { type AccessKey, digest, ENVIRONMENT_KEY, KEY_LENGTH_MAX, keyId, keyState, parseDashboardKey, type Principal, type Random, sameDigest, systemRandom } from "./key.ts";
import { markUsed, readKey } from "./store.ts";

export interface AccessOptions {
  db: Database;
  clock: Clock;
  /** `DASHBOARD_KEY`; null when unset. */
  dashboardKey: Secret | null;
  random?: Random;
  log?: { warn(fields: object, text: string): void };
  failuresPerMinute?: number;
}

export type Verdict =
  | { readonly kind: "known"; readonly principal: Principal }
  | { readonly kind: "missing" }
  | { readonly kind: "wrong" }
  | { readonly kind: "revoked" }
  | { readonly kind: "expired" }
  | { readonly kind: "blocked"; readonly retryAfterS: number };

/** The doorkeeper of one process. */
export interface Access {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** `DASHBOARD_KEY` is set, so an admin key exists whatever the database holds. */
  readonly hasEnvironmentKey: boolean;
  /** @param address `clientGroup(request.ip)`. */
  verify(key: string | undefined, address: string): Promise<Verdict>;
  /** To be called when a key was revoked: the next request with it is refused. */
  forget(id: string): void;
  /** Resolves when nothing is left to write; call it before closing the database. */
  idle(): Promise<void>;
}

/**
 * How long another process may go on letting in a key that was revoked in this one. Within a process a revocation counts
 * at once.
 */
const CACHE_MS = 5000;
const CACHE_KEYS = 1000;
const USED_EVERY_MS = MINUTE_MS;
const FAILURES_PER_MINUTE = 10;
const ADDRESSES = 10_000;

interface Cached {
  key: AccessKey;
  digest: Buffer;
  readAt: number;
}

/** Rows by id, kept for a few seconds; a row read before a `forget` is not kept after it. */
function keyCache(db: Database, clock: Clock) {
  const rows = new Map<string, Cached>();
  let generation = 0;
  return {
    read: async (id: string): Promise<Cached | null> => {
      const nowMs = clock.now();
      const cached = rows.get(id);
      if (cached && nowMs - cached.readAt < CACHE_MS) return cached;
      const before = generation;
      const found = await readKey(db.read, id);
      if (!found) return null;
      const fresh = { ...found, readAt: nowMs };
      if (generation === before) {
        if (rows.size >= CACHE_KEYS) rows.clear();
        rows.set(id, fresh);
      }
      return fresh;
    },
    forget: (id: string): void => {
      generation += 1;
      rows.delete(id);
    },
  };
}

/** Notes the use of a key behind the request's back, at most once a minute. */
function useNotes(options: AccessOptions) {
  const notedAt = new Map<string, number>();
  const running = new Set<Promise<void>>();
  return {
    note: (id: string, nowMs: number): void => {
      if (nowMs - (notedAt.get(id) ?? Number.NEGATIVE_INFINITY) < USED_EVERY_MS) return;
      if (notedAt.size >= CACHE_KEYS) notedAt.clear();
      notedAt.set(id, nowMs);
      const write = options.db
        .write((tx) => markUsed(tx, id, nowMs))
        .catch((error: unknown) => options.log?.warn({ key_id: id, error: errorText(error) }, "the use of a key could not be noted"))
        .finally(() => running.delete(write));
      running.add(write);
    },
    idle: async (): Promise<void> => {
      await Promise.all(running);
    },
  };
}

export function createAccess(options: AccessOptions): Access {
  const { db, clock } = options;
  const environmentKey = parseDashboardKey(options.dashboardKey?.reveal());
  const environmentDigest = environmentKey ? digest(environmentKey.reveal()) : null;
  const limit: FailureLimit = failureLimit({ perMinute: options.failuresPerMinute ?? FAILURES_PER_MINUTE, addresses: ADDRESSES });
  const cache = keyCache(db, clock);
  const uses = useNotes(options);

  /** What can be said without the database; null when a key with our format must be looked up. */
  const judgeAtOnce = (key: string, given: Buffer | null): Verdict | null => {
    if (given === null) return { kind: "wrong" };
    if (environmentDigest && sameDigest(given, environmentDigest)) return { kind: "known", principal: ENVIRONMENT_KEY };
    return keyId(key) === null ? { kind: "wrong" } : null;
  };
  const lookUp = async (key: string, given: Buffer): Promise<Verdict> => {
    const found = await cache.read(keyId(key) ?? "");
    if (!found || !sameDigest(given, found.digest)) return { kind: "wrong" };
    const state = keyState(found.key, clock.now());
    if (state !== "active") return { kind: state };
    uses.note(found.key.id, clock.now());
    return { kind: "known", principal: { keyId: found.key.id, name: found.key.name, role: found.key.role } };
  };
  const count = (verdict: Verdict, address: string, given: Buffer | null): Verdict => {
    // Only a guess counts: who sends a key that was right once is not guessing.
    if (verdict.kind === "wrong") limit.failed(address, clock.now());
    if (verdict.kind === "known" && given) limit.succeeded(address, given, clock.now());
    return verdict;
  };

  return {
    db,
    clock,
    random: options.random ?? systemRandom,
    hasEnvironmentKey: environmentDigest !== null,
    forget: cache.forget,
    idle: uses.idle,
    verify: async (key, address) => {
      if (key === undefined || key === "") return { kind: "missing" };
      const nowMs = clock.now();
      const given = key.length > KEY_LENGTH_MAX ? null : digest(key);
      const retryAfterS = limit.blockedFor(address, nowMs);
      if (retryAfterS > 0 && !(given && limit.knows(address, given, nowMs))) return { kind: "blocked", retryAfterS };
      // A guess at the environment's key is counted before the next request of the same packet is looked at; only keys
      // with our format, whose 256 bits nobody guesses, wait for the database first.
      const verdict = judgeAtOnce(key, given);
      if (verdict) return count(verdict, address, given);
      return count(await lookUp(key, given ?? digest(key)), address, given);
    },
  };
}
