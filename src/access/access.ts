import { type Clock, type Database, errorText, MINUTE_MS, type Secret, type Tx } from "../platform/index.ts";
import { type FailureLimit, failureLimit } from "./failures.ts";
import { type AccessKey, digest, ENVIRONMENT_KEY, KEY_LENGTH_MAX, keyId, keyState, parseDashboardKey, type Principal, type Random, sameDigest, systemRandom } from "./key.ts";
import { isToken, keyProof, type Session, SESSION_NOTE_MS, sessionState, tokenDigest } from "./session.ts";
import { readSession, touchSession } from "./session-store.ts";
import { markUsed, readKey } from "./store.ts";

export interface AccessOptions {
  db: Database;
  clock: Clock;
  /** `DASHBOARD_KEY`; null when unset. */
  dashboardKey: Secret | null;
  random?: Random;
  log?: { warn(fields: object, text: string): void };
  failuresPerMinute?: number;
  /** The outside reaches us by HTTPS only: session cookies are marked so. */
  tls?: boolean;
}

export type Verdict =
  | { readonly kind: "known"; readonly principal: Principal; /** Null for who sent the key itself. */ readonly sessionId: string | null }
  | { readonly kind: "missing" }
  | { readonly kind: "wrong" }
  | { readonly kind: "revoked" }
  | { readonly kind: "expired" }
  /** A session that was signed out, is too old or too long unused, or whose key opens nothing any more. */
  | { readonly kind: "signed_out" }
  | { readonly kind: "blocked"; readonly retryAfterS: number };

/** The doorkeeper of one process. */
export interface Access {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly tls: boolean;
  /** `DASHBOARD_KEY` is set, so an admin key exists whatever the database holds. */
  readonly hasEnvironmentKey: boolean;
  /** @param address `clientGroup(request.ip)`. */
  verify(key: string | undefined, address: string): Promise<Verdict>;
  /** Who holds this session token, the content of the cookie. */
  verifySession(token: string): Promise<Verdict>;
  /** What binds a session to its key; see `keyProof`. */
  proofOf(token: string, key: string): string;
  /** To be called when a session has ended: the next request with it is refused. */
  forgetSession(id: string): void;
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

/** Rows by id, kept for a few seconds; a row read before a `forget` is not kept after it. */
function rowCache<Row extends object>(clock: Clock, read: (id: string) => Promise<Row | null>) {
  const rows = new Map<string, Row & { readAt: number }>();
  let generation = 0;
  return {
    read: async (id: string): Promise<Row | null> => {
      const nowMs = clock.now();
      const cached = rows.get(id);
      if (cached && nowMs - cached.readAt < CACHE_MS) return cached;
      const before = generation;
      const found = await read(id);
      if (!found) return null;
      const fresh = { ...found, readAt: nowMs };
      if (generation === before) {
        if (rows.size >= CACHE_KEYS) rows.clear();
        rows.set(id, fresh);
      }
      return fresh;
    },
    forget: (which: (id: string, row: Row) => boolean): void => {
      generation += 1;
      for (const [id, row] of rows) if (which(id, row)) rows.delete(id);
    },
  };
}

/** Notes the use of a key behind the request's back, at most once a minute. */
function useNotes(options: Pick<AccessOptions, "db" | "log">, everyMs: number, mark: (tx: Tx, id: string, nowMs: number) => Promise<void>) {
  const notedAt = new Map<string, number>();
  const running = new Set<Promise<void>>();
  return {
    note: (id: string, nowMs: number): void => {
      if (nowMs - (notedAt.get(id) ?? Number.NEGATIVE_INFINITY) < everyMs) return;
      if (notedAt.size >= CACHE_KEYS) notedAt.clear();
      notedAt.set(id, nowMs);
      const write = options.db
        .write((tx) => mark(tx, id, nowMs))
        .catch((error: unknown) => options.log?.warn({ id, error: errorText(error) }, "the use of a key or session could not be noted"))
        .finally(() => running.delete(write));
      running.add(write);
    },
    idle: async (): Promise<void> => {
      await Promise.all(running);
    },
  };
}

const principalOfKey = ({ id, name, role }: AccessKey): Principal => ({ keyId: id, name, role });

export function createAccess(options: AccessOptions): Access {
  const { db, clock } = options;
  const environmentKey = parseDashboardKey(options.dashboardKey?.reveal());
  const environmentDigest = environmentKey ? digest(environmentKey.reveal()) : null;
  const limit: FailureLimit = failureLimit({ perMinute: options.failuresPerMinute ?? FAILURES_PER_MINUTE, addresses: ADDRESSES });
  const keys = rowCache<{ key: AccessKey; digest: Buffer }>(clock, (id) => readKey(db.read, id));
  const sessions = rowCache<{ session: Session; proof: string }>(clock, (hash) => readSession(db.read, hash));
  const uses = useNotes(options, USED_EVERY_MS, markUsed);
  const sessionUses = useNotes(options, SESSION_NOTE_MS, touchSession);

  /** What can be said without the database; null when a key with our format must be looked up. */
  const judgeAtOnce = (key: string, given: Buffer | null): Verdict | null => {
    if (given === null) return { kind: "wrong" };
    if (environmentDigest && sameDigest(given, environmentDigest)) return { kind: "known", principal: ENVIRONMENT_KEY, sessionId: null };
    return keyId(key) === null ? { kind: "wrong" } : null;
  };
  const lookUp = async (key: string, given: Buffer): Promise<Verdict> => {
    const found = await keys.read(keyId(key) ?? "");
    if (!found || !sameDigest(given, found.digest)) return { kind: "wrong" };
    const state = keyState(found.key, clock.now());
    if (state !== "active") return { kind: state };
    uses.note(found.key.id, clock.now());
    return { kind: "known", principal: principalOfKey(found.key), sessionId: null };
  };
  /** The key behind a session as it is now: its role may have changed, and a revoked one opens nothing. */
  const keyOfSession = async (id: string): Promise<{ principal: Principal; digest: Buffer } | null> => {
    if (id === ENVIRONMENT_KEY.keyId) return environmentDigest === null ? null : { principal: ENVIRONMENT_KEY, digest: environmentDigest };
    const found = await keys.read(id);
    return found !== null && keyState(found.key, clock.now()) === "active" ? { principal: principalOfKey(found.key), digest: found.digest } : null;
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
    tls: options.tls ?? false,
    hasEnvironmentKey: environmentDigest !== null,
    forget: (id) => keys.forget((known) => known === id),
    forgetSession: (id) => sessions.forget((_hash, row) => row.session.id === id),
    proofOf: (token, key) => keyProof(token, digest(key)),
    idle: async () => {
      await Promise.all([uses.idle(), sessionUses.idle()]);
    },
    verifySession: async (token) => {
      const found = isToken(token) ? await sessions.read(tokenDigest(token)) : null;
      if (found === null || sessionState(found.session, clock.now()) !== "active") return { kind: "signed_out" };
      const key = await keyOfSession(found.session.keyId);
      if (key === null || !sameDigest(Buffer.from(keyProof(token, key.digest)), Buffer.from(found.proof))) return { kind: "signed_out" };
      sessionUses.note(found.session.id, clock.now());
      return { kind: "known", principal: key.principal, sessionId: found.session.id };
    },
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
