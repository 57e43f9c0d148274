import { describe, expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { type Database, Secret, virtualClock } from "../platform/index.ts";
import { accessMigrations, createAccess, ensureAdmin, issueKey, listKeys, requireRole, revokeKey } from "./index.ts";
import { type AccessKey, digest, makeKey, parseDashboardKey, sameDigest, systemRandom } from "./key.ts";
import { decideRevocation } from "./revoke.ts";
import { ADMIN_KEY, door, newKey, START } from "./testing/door.ts";

const BY = { keyId: "cli", name: "cli" };

/** Counts what is asked of a database. */
function counting(db: Database): { db: Database; reads(): number } {
  let reads = 0;
  const read = new Proxy(db.read, {
    get: (target, name) => {
      if (name === "selectFrom") reads += 1;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
  return { db: { ...db, read }, reads: () => reads };
}

onBothDatabases("access", accessMigrations, (database) => {
  const setting = async (dashboardKey: string | null = null) => {
    const db = await database.open();
    const clock = virtualClock(START);
    return { db, clock, access: createAccess({ db, clock, dashboardKey: dashboardKey === null ? null : new Secret(dashboardKey) }) };
  };

  it("makes one admin key at first start, and no other later", async () => {
    const { access, db } = await setting();
    const key = await ensureAdmin(access);
    expect(await access.verify(key ?? "", "a")).toMatchObject({ kind: "known", principal: { name: "first-start", role: "admin" } });
    expect(await ensureAdmin(access)).toBeNull();
    expect(await db.read.selectFrom("audit").select(["action", "actor_name"]).execute()).toEqual([{ action: "key.create", actor_name: "tillwatch" }]);
  });

  it("makes one when several processes start at once", async () => {
    const { access, db, clock } = await setting();
    const others = [1, 2, 3].map(() => createAccess({ db, clock, dashboardKey: null }));
    const made = await Promise.all([access, ...others].map(ensureAdmin));
    expect(made.filter((key) => key !== null)).toHaveLength(1);
  });

  it("makes none when the environment has one, and one when the last has expired", async () => {
    const { access, db, clock } = await setting(ADMIN_KEY);
    expect(await ensureAdmin(access)).toBeNull();
    await issueKey(access, { name: "anna", role: "admin", expiresAt: START + 1000 }, BY, null);
    const without = createAccess({ db, clock, dashboardKey: null });
    expect(await ensureAdmin(without)).toBeNull();
    clock.advance(1000);
    expect(await ensureAdmin(without)).toMatch(/^tw_/);
  });

  it("keeps the last admin key, unless told to let it go", async () => {
    const { access } = await setting();
    await ensureAdmin(access);
    const [first] = await listKeys(access.db.read);
    await expect(revokeKey(access, first?.id ?? "", BY, null)).rejects.toMatchObject({ kind: "conflict", code: "last_admin_key" });
    const { stored } = await issueKey(access, { name: "anna", role: "admin", expiresAt: null }, BY, null);
    await revokeKey(access, first?.id ?? "", BY, null);
    await expect(revokeKey(access, stored.id, BY, null)).rejects.toMatchObject({ code: "last_admin_key" });
    expect((await revokeKey(access, stored.id, BY, null, true)).revokedAt).toBe(START);
  });

  it("never lets two admins revoke each other", async () => {
    const { access } = await setting();
    const ids = await Promise.all(["a", "b"].map(async (name) => (await issueKey(access, { name, role: "admin", expiresAt: null }, BY, null)).stored.id));
    const outcomes = await Promise.allSettled(ids.map((id) => revokeKey(access, id, BY, null)));
    expect(outcomes.map((outcome) => outcome.status).sort()).toEqual(["fulfilled", "rejected"]);
  });

  it("asks the database once in five seconds for a key, and not at all for the environment's", async () => {
    const { db, clock } = await setting();
    const counted = counting(db);
    const access = createAccess({ db: counted.db, clock, dashboardKey: new Secret(ADMIN_KEY) });
    const { key } = await issueKey(access, { name: "anna", role: "viewer", expiresAt: null }, BY, null);
    for (let i = 0; i < 5; i += 1) {
      await access.verify(key, "a");
      await access.verify(ADMIN_KEY, "a");
    }
    expect(counted.reads()).toBe(1);
    clock.advance(5000);
    await access.verify(key, "a");
    expect(counted.reads()).toBe(2);
    await access.idle();
  });

  it("does not keep a row that was read before a revocation", async () => {
    const { db, clock } = await setting();
    const gate = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    let held = false;
    const slow = new Proxy(db.read, {
      get: (target, name) => {
        if (name !== "selectFrom" || !held) {
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === "function" ? (value.bind(target) as unknown) : value;
        }
        return (table: "access_key") => ({
          selectAll: () => ({
            where: (column: "id", operator: "=", id: string) => ({
              executeTakeFirst: async () => {
                const row = await target.selectFrom(table).selectAll().where(column, operator, id).executeTakeFirst();
                reached.resolve();
                await gate.promise;
                return row;
              },
            }),
          }),
        });
      },
    });
    const access = createAccess({ db: { ...db, read: slow }, clock, dashboardKey: null });
    const { key, stored } = await issueKey(access, { name: "anna", role: "viewer", expiresAt: null }, BY, null);
    held = true;
    const early = access.verify(key, "a");
    await reached.promise;
    await revokeKey(access, stored.id, BY, null);
    gate.resolve();
    expect((await early).kind).toBe("known");
    expect((await access.verify(key, "a")).kind).toBe("revoked");
    await access.idle();
  });

  it("notes the use of a key at most once a minute", async () => {
    const { access, clock, db } = await setting();
    const { key, stored } = await issueKey(access, { name: "anna", role: "viewer", expiresAt: null }, BY, null);
    const used = async () => {
      await access.verify(key, "a");
      await access.idle();
      return (await db.read.selectFrom("access_key").select("last_used_at").where("id", "=", stored.id).executeTakeFirstOrThrow()).last_used_at;
    };
    expect(await used()).toBe(START);
    clock.advance(59_999);
    expect(await used()).toBe(START);
    clock.advance(1);
    expect(await used()).toBe(START + 60_000);
  });

  it("lets a request in although its use cannot be noted, and tells why in the log", async () => {
    const { db, clock } = await setting();
    const lines: object[] = [];
    const issuer = createAccess({ db, clock, dashboardKey: null });
    const { key } = await issueKey(issuer, { name: "anna", role: "viewer", expiresAt: null }, BY, null);
    const access = createAccess({ db: { ...db, write: () => Promise.reject(new Error("disk full")) }, clock, dashboardKey: null, log: { warn: (fields) => void lines.push(fields) } });
    expect((await access.verify(key, "a")).kind).toBe("known");
    await access.idle();
    expect(lines).toEqual([{ id: expect.any(String), error: "disk full" }]);
  });

  it("keeps the environment's key working while the database is away, and answers 503 for the others", async () => {
    const away = Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
    const db = await database.open();
    const read = new Proxy(db.read, { get: () => () => { throw away; } });
    const open = await door(database, { db: { ...db, read } });
    await open.body("/api/whoami", ADMIN_KEY, 200);
    expect(await open.body("/api/whoami", makeKey(systemRandom).key, 503)).toMatchObject({ error: "the database cannot be reached" });
  });
});

onBothDatabases("wrong keys", accessMigrations, (database) => {
  const fail = async (open: Awaited<ReturnType<typeof door>>, times: number) => {
    for (let i = 0; i < times; i += 1) await open.body("/api/whoami", `wrong-${i}`, 401);
  };

  it("are answered 429 after ten in a minute, with the time to wait", async () => {
    const open = await door(database);
    await fail(open, 10);
    open.clock.advance(12_500);
    const blocked = await open.ask("/api/whoami", "wrong-again");
    expect(blocked.status).toBe(429);
    expect(blocked.headers.get("retry-after")).toBe("48");
    // Also the right key: else the answers would tell which guess is right.
    await open.body("/api/whoami", ADMIN_KEY, 429);
    open.clock.advance(47_500);
    await open.body("/api/whoami", ADMIN_KEY, 200);
  });

  it("do not lock out who was in from there before", async () => {
    const open = await door(database);
    const { key, id } = await newKey(open, "anna", "viewer");
    await open.body("/api/whoami", key, 200);
    await fail(open, 10);
    await open.body("/api/whoami", "wrong-again", 429);
    await open.body("/api/whoami", key, 200);
    await open.body(`/api/keys/${id}`, ADMIN_KEY, 200, { method: "DELETE" });
    expect(await open.body("/api/whoami", key, 401)).toMatchObject({ code: "key_revoked" });
  });

  it("do not count for other addresses behind a trusted proxy, nor without a key", async () => {
    const open = await door(database, {}, () => {}, ["127.0.0.1"]);
    const from = (address: string) => ({ headers: { "x-forwarded-for": address } });
    for (let i = 0; i < 12; i += 1) await open.ask("/api/whoami", "wrong", from("203.0.113.7"));
    await open.body("/api/whoami", "wrong", 429, from("203.0.113.7"));
    await open.body("/api/whoami", ADMIN_KEY, 200, from("203.0.113.8"));
    for (let i = 0; i < 12; i += 1) await open.body("/api/whoami", null, 401, from("203.0.113.9"));
    await open.body("/api/whoami", ADMIN_KEY, 200, from("203.0.113.9"));
  });

  it("block a key that was in from elsewhere: who gets through would tell which guess is right", async () => {
    const open = await door(database);
    await open.access.verify(ADMIN_KEY, "a");
    for (let i = 0; i < 10; i += 1) await open.access.verify(`wrong-${i}`, "b");
    expect((await open.access.verify(ADMIN_KEY, "b")).kind).toBe("blocked");
    expect((await open.access.verify(ADMIN_KEY, "a")).kind).toBe("known");
  });

  it("are counted one by one when they come in one packet", async () => {
    const open = await door(database);
    const verdicts = await Promise.all(Array.from({ length: 50 }, (_, i) => open.access.verify(`guess-number-${i}`, "a")));
    expect(verdicts.filter((verdict) => verdict.kind === "wrong")).toHaveLength(10);
    expect(verdicts.filter((verdict) => verdict.kind === "blocked")).toHaveLength(40);
  });
});

describe("DASHBOARD_KEY", () => {
  it("is refused when it opens the door to guessing", () => {
    for (const [value, code] of [
      ["", "dashboard_key_empty"],
      ["   ", "dashboard_key_empty"],
      ["fifteen-letters", "dashboard_key_short"],
      ["x".repeat(513), "dashboard_key_long"],
      ["sixteen letters, spaces", "dashboard_key_characters"],
      ["schlüssel-mit-umlaut", "dashboard_key_characters"],
    ] as const) {
      expect(() => parseDashboardKey(value), value).toThrow(expect.objectContaining({ kind: "invalid", code }));
    }
  });

  it("is taken from sixteen characters on, and unset is no key", () => {
    expect(parseDashboardKey("sixteen-letters!")?.reveal()).toBe("sixteen-letters!");
    expect(parseDashboardKey(undefined)).toBeNull();
  });

  it("is not repeated in the error", () => {
    expect(() => parseDashboardKey("hunter2")).toThrow(expect.objectContaining({ message: expect.not.stringContaining("hunter2") }));
  });
});

describe("a key", () => {
  it("has 256 random bits behind an id, and is found by nothing else", () => {
    const made = makeKey(systemRandom);
    expect(made.key).toMatch(new RegExp(`^tw_${made.id}_[A-Za-z0-9_-]{43}$`));
    expect(makeKey(systemRandom).key).not.toBe(made.key);
  });

  it("is compared by its digest: equal, different, of another length", () => {
    expect(sameDigest(digest("a"), digest("a"))).toBe(true);
    expect(sameDigest(digest("a"), digest("b"))).toBe(false);
    expect(sameDigest(digest("a"), digest("a").subarray(1))).toBe(false);
  });

  it("may be revoked unless nobody could make another", () => {
    const key = (id: string, more: Partial<AccessKey> = {}): AccessKey => ({ id, name: id, role: "admin", createdAt: 0, createdBy: "x", lastUsedAt: null, revokedAt: null, expiresAt: null, ...more });
    const decide = (wanted: AccessKey, others: AccessKey[], environment = false) => decideRevocation(wanted, [wanted, ...others], 100, environment).kind;
    expect(decide(key("a"), [])).toBe("last_admin");
    expect(decide(key("a"), [key("b", { role: "operator" })])).toBe("last_admin");
    expect(decide(key("a"), [key("b", { expiresAt: 100 })])).toBe("last_admin");
    expect(decide(key("a"), [key("b", { expiresAt: 101 })])).toBe("revoke");
    expect(decide(key("a"), [], true)).toBe("revoke");
    expect(decide(key("a", { role: "viewer" }), [])).toBe("revoke");
    expect(decide(key("a", { expiresAt: 100 }), [])).toBe("revoke");
    expect(decide(key("a", { revokedAt: 5 }), [])).toBe("already");
  });
});

describe("requireRole", () => {
  it("puts viewer under operator under admin", async () => {
    const roles = ["viewer", "operator", "admin"] as const;
    const allowed = async (role: (typeof roles)[number], needed: (typeof roles)[number]) => {
      const known = async () => ({ kind: "known" as const, principal: { keyId: "k", name: "k", role }, sessionId: null });
      const guard = requireRole({ verify: known, verifySession: known, tls: false }, needed);
      return await guard({ headers: {} } as never, {} as never).then(() => true, () => false);
    };
    const table = await Promise.all(roles.map((role) => Promise.all(roles.map((needed) => allowed(role, needed)))));
    expect(table).toEqual([
      [true, false, false],
      [true, true, false],
      [true, true, true],
    ]);
  });
});
