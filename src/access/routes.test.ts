import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { accessMigrations, createAccess, revokeKey } from "./index.ts";
import { digest } from "./key.ts";
import { ADMIN_KEY, door, newKey, post, START } from "./testing/door.ts";

onBothDatabases("keys over HTTP", accessMigrations, (database) => {
  it("says who a key is", async () => {
    const open = await door(database);
    expect(await open.body("/api/whoami", ADMIN_KEY, 200)).toEqual({ ok: true, data: { key_id: "environment", name: "DASHBOARD_KEY", role: "admin" } });
    const anna = await newKey(open, "anna", "operator");
    expect(await open.body("/api/whoami", anna.key, 200)).toEqual({ ok: true, data: { key_id: anna.id, name: "anna", role: "operator" } });
  });

  it("refuses no key, a wrong key, and one that is nearly right", async () => {
    const open = await door(database);
    const { key } = await newKey(open, "anna", "viewer");
    expect(await open.body("/api/whoami", null, 401)).toMatchObject({ ok: false, code: "key_missing" });
    const last = key.at(-1) === "A" ? "B" : "A";
    for (const wrong of ["nonsense", `${ADMIN_KEY}x`, ADMIN_KEY.slice(0, -1), key.slice(0, -1) + last, `tw_000000000000_${"a".repeat(43)}`, "x".repeat(600), `${key} `.replace("tw", "TW")]) {
      const refused = await open.body("/api/whoami", wrong, 401);
      expect(refused).toMatchObject({ ok: false, code: "key_wrong" });
    }
  });

  it("names the role that is needed", async () => {
    const open = await door(database);
    const { key } = await newKey(open, "anna", "operator");
    expect(await open.body("/api/keys", key, 403)).toMatchObject({ code: "role_too_low", error: 'this needs the role admin; the key "anna" has operator' });
    expect(await open.body("/api/audit", key, 403)).toMatchObject({ code: "role_too_low" });
  });

  it("lists keys without a trace of the secret, and the environment's among them", async () => {
    const open = await door(database);
    const { key, id } = await newKey(open, "anna", "viewer", { expires_at: "2026-02-01T00:00:00Z" });
    const listed = await open.body("/api/keys", ADMIN_KEY, 200);
    expect(listed).toMatchObject({
      count: 2,
      data: [
        { id: "environment", name: "DASHBOARD_KEY", role: "admin", source: "environment", created_at: null },
        { id, name: "anna", role: "viewer", state: "active", source: "database", created_at: "2026-01-01T00:00:00Z", created_by: "DASHBOARD_KEY", last_used_at: null, revoked_at: null, expires_at: "2026-02-01T00:00:00Z" },
      ],
    });
    expect(JSON.stringify(listed)).not.toContain(key.slice(16));
    expect(JSON.stringify(listed)).not.toContain(digest(key).toString("hex"));
  });

  it("stores no key, only its digest", async () => {
    const open = await door(database);
    const { key } = await newKey(open, "anna", "viewer");
    const rows = JSON.stringify(await open.db.read.selectFrom("access_key").selectAll().execute());
    expect(rows).not.toContain(key.slice(16));
    expect(rows).toContain(digest(key).toString("hex"));
  });

  it("refuses a revoked key at once, twice revoked is once", async () => {
    const open = await door(database);
    const { key, id } = await newKey(open, "anna", "viewer");
    await open.body("/api/whoami", key, 200);
    const first = await open.body(`/api/keys/${id}`, ADMIN_KEY, 200, { method: "DELETE" });
    expect(first).toMatchObject({ ok: true, data: { state: "revoked", revoked_at: "2026-01-01T00:00:00Z" } });
    expect(await open.body("/api/whoami", key, 401)).toMatchObject({ code: "key_revoked" });
    open.clock.advance(1000);
    expect(await open.body(`/api/keys/${id}`, ADMIN_KEY, 200, { method: "DELETE" })).toEqual(first);
    expect((await open.body("/api/audit?action=key.revoke", ADMIN_KEY, 200))["count"]).toBe(1);
    // The name is free again.
    await newKey(open, "anna", "viewer");
  });

  it("refuses a key revoked by another process within five seconds", async () => {
    const open = await door(database);
    const { key, id } = await newKey(open, "anna", "viewer");
    await open.body("/api/whoami", key, 200);
    const other = createAccess({ db: open.db, clock: open.clock, dashboardKey: null });
    await revokeKey(other, id, { keyId: "cli", name: "cli" }, null);
    open.clock.advance(5000);
    expect(await open.body("/api/whoami", key, 401)).toMatchObject({ code: "key_revoked" });
  });

  it("refuses an expired key", async () => {
    const open = await door(database);
    const { key } = await newKey(open, "anna", "viewer", { expires_at: "2026-01-01T00:01:00+00:00" });
    await open.body("/api/whoami", key, 200);
    open.clock.set(START + 60_000);
    expect(await open.body("/api/whoami", key, 401)).toMatchObject({ code: "key_expired" });
  });

  it.each([
    [{ name: "", role: "viewer" }, "key_name_invalid"],
    [{ name: "a\u0007b", role: "viewer" }, "key_name_invalid"],
    [{ name: "x".repeat(65), role: "viewer" }, "key_name_invalid"],
    [{ name: "First-Start", role: "viewer" }, "key_name_reserved"],
    [{ name: "anna", role: "root" }, "invalid_input"],
    [{ name: "anna" }, "invalid_input"],
    [{ name: "anna", role: "viewer", rôle: "admin" }, "invalid_input"],
    [{ name: "anna", role: "viewer", expires_at: "tomorrow" }, "invalid_input"],
    [{ name: "anna", role: "viewer", expires_at: "2025-12-31T00:00:00Z" }, "key_expiry_passed"],
  ])("makes no key of %j", async (wanted, code) => {
    const open = await door(database);
    expect(await open.body("/api/keys", ADMIN_KEY, 400, post(wanted))).toMatchObject({ ok: false, code });
    expect(await open.db.read.selectFrom("access_key").select("id").execute()).toEqual([]);
    expect(await open.db.read.selectFrom("audit").select("id").execute()).toEqual([]);
  });

  it("makes no second key of the same name, also when they are asked for at once", async () => {
    const open = await door(database);
    // Every connection of the pool is open before, so that none of them comes late.
    await Promise.all(Array.from({ length: 8 }, () => open.db.read.selectFrom("access_key").select("id").execute()));
    const answers = await Promise.all(Array.from({ length: 10 }, () => open.ask("/api/keys", ADMIN_KEY, post({ name: "anna", role: "viewer" }))));
    expect(answers.map((answer) => answer.status).sort((a, b) => a - b)).toEqual([201, ...Array.from({ length: 9 }, () => 409)]);
  });

  it("does not know other keys, and leaves the environment's alone", async () => {
    const open = await door(database);
    expect(await open.body("/api/keys/ffffffffffff", ADMIN_KEY, 404, { method: "DELETE" })).toMatchObject({ code: "key_unknown" });
    expect(await open.body("/api/keys/environment", ADMIN_KEY, 409, { method: "DELETE" })).toMatchObject({ code: "key_of_environment" });
  });

  it("pages the audit trail without gap or repetition", async () => {
    const open = await door(database);
    for (const name of ["a", "b", "c", "d", "e"]) await newKey(open, name, "viewer");
    const names: unknown[] = [];
    let cursor = "";
    do {
      const page = await open.body(`/api/audit?limit=2${cursor === "" ? "" : `&cursor=${cursor}`}`, ADMIN_KEY, 200);
      names.push(...(page["data"] as { detail: { name: string } }[]).map((row) => row.detail.name));
      cursor = typeof page["next_cursor"] === "string" ? page["next_cursor"] : "";
    } while (cursor !== "");
    expect(names).toEqual(["e", "d", "c", "b", "a"]);
  });

  it("says in the trail who did what in which request", async () => {
    const open = await door(database);
    const response = await open.ask("/api/keys", ADMIN_KEY, post({ name: "anna", role: "viewer" }));
    const { data } = (await response.json()) as { data: { id: string } };
    expect((await open.body(`/api/audit?subject=${data.id}&actor=environment`, ADMIN_KEY, 200))["data"]).toEqual([
      { id: 1, ts: "2026-01-01T00:00:00Z", actor_id: "environment", actor: "DASHBOARD_KEY", action: "key.create", subject: data.id, detail: { name: "anna", role: "viewer", expires_at: null }, request_id: response.headers.get("x-request-id"), outcome: "ok", hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
    expect((await open.body("/api/audit?actor=nobody", ADMIN_KEY, 200))["data"]).toEqual([]);
    for (const nothing of ["outcome=refused", "until=2026-01-01T00:00:00Z", "since=2026-01-01T00:00:01Z"]) expect((await open.body(`/api/audit?${nothing}`, ADMIN_KEY, 200))["data"], nothing).toEqual([]);
    for (const all of ["outcome=ok", "since=2026-01-01T00:00:00Z", "until=2026-01-01T00:00:01Z"]) expect((await open.body(`/api/audit?${all}`, ADMIN_KEY, 200))["count"], all).toBe((await open.body("/api/audit", ADMIN_KEY, 200))["count"]);
  });

  it.each([
    ["limit=0", 400],
    ["limit=-1", 400],
    ["limit=abc", 400],
    ["limit=1.5", 400],
    ["limit=1e1", 400],
    ["limit=0x10", 400],
    ["limit=%2B5", 400],
    ["limt=5", 400],
    ["cursor=x", 400],
    ["limit=500", 200],
  ])("answers an audit page asked for with %s by %i", async (query, status) => {
    const open = await door(database);
    expect((await open.body(`/api/audit?${query}`, ADMIN_KEY, status))["ok"]).toBe(status === 200);
  });

  it.each(["/api/keys?state=active", "/api/whoami?verbose=1"])("refuses %s, which knows no such parameter", async (path) => {
    const open = await door(database);
    expect(await open.body(path, ADMIN_KEY, 400)).toMatchObject({ ok: false, code: "invalid_input", error: expect.stringContaining("leave it out") });
  });

  it("shows no key in any log line, error or audit row", async () => {
    const open = await door(database);
    const { key, id } = await newKey(open, "anna", "viewer");
    const seen: string[] = [];
    const look = async (path: string, sent: string | null, init?: RequestInit) => seen.push(await (await open.ask(path, sent, init)).text());
    await look("/api/whoami", key);
    await look(`/api/whoami?key=${key}`, key);
    await look("/api/keys", key);
    await look(`/api/${key}`, key);
    await look("/api/keys", ADMIN_KEY, post({ name: key, role: "viewer" }));
    await look("/api/keys", ADMIN_KEY, post({ name: "bob", role: key }));
    await look(`/api/keys/${key}`, ADMIN_KEY, { method: "DELETE" });
    await look(`/api/audit?cursor=${key}`, ADMIN_KEY);
    await look(`/api/keys/${id}`, ADMIN_KEY, { method: "DELETE" });
    await look("/api/whoami", key);
    await look("/api/whoami", `${key}x`);
    await open.access.idle();
    const audit = await open.db.read.selectFrom("audit").selectAll().execute();
    expect(audit).toHaveLength(2);
    for (const text of [...seen, JSON.stringify(open.lines), JSON.stringify(audit)]) {
      expect(text).not.toContain(key.slice(16));
      expect(text).not.toContain(ADMIN_KEY);
    }
    expect(open.lines.length).toBeGreaterThan(10);
  });
});
