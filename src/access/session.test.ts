import { expect, it } from "vitest";
import { onBothDatabases } from "../../test/databases.ts";
import { Secret } from "../platform/index.ts";
import { accessMigrations, createAccess } from "./index.ts";
import { SESSION_IDLE_MS, SESSION_LIFE_MS, SESSIONS_PER_KEY } from "./session.ts";
import { ADMIN_KEY, type Door, door, newKey, post } from "./testing/door.ts";

const MARK = { "x-tillwatch": "1" };

function marked(body: unknown): RequestInit {
  const init = post(body);
  return { ...init, headers: { ...(init.headers as Record<string, string>), ...MARK } };
}

/** Signs in as a browser does; answers the cookie it would send from then on, and the header that gave it. */
async function signIn(open: Door, key: string): Promise<{ cookie: string; header: string }> {
  const response = await open.ask("/api/session", null, marked({ key }));
  const header = response.headers.get("set-cookie") ?? "";
  if (response.status !== 201) throw new Error(`${response.status}: ${await response.text()}`);
  return { cookie: header.split(";")[0] ?? "", header };
}

const withCookie = (cookie: string, init: RequestInit = {}): RequestInit => ({ ...init, headers: { ...(init.headers as Record<string, string> | undefined), cookie } });

onBothDatabases("sessions", accessMigrations, (database) => {
  it("exchanges a key for a cookie that no script reads and no other site sends", async () => {
    const open = await door(database);
    const { cookie, header } = await signIn(open, ADMIN_KEY);
    expect(header).toMatch(/^tillwatch=[\w-]{43}; Max-Age=1209600; Path=\/; HttpOnly; SameSite=Strict$/);
    expect(await open.body("/api/whoami", null, 200, withCookie(cookie))).toMatchObject({ data: { key_id: "environment", role: "admin" } });
    const stored = JSON.stringify(await open.db.read.selectFrom("access_session").selectAll().execute());
    expect(stored).not.toContain(cookie.split("=")[1]);
    expect(stored).not.toContain(ADMIN_KEY);
    expect(JSON.stringify(open.lines)).not.toContain(cookie.split("=")[1]);
  });

  it("marks the cookie as one for HTTPS where the outside comes by HTTPS, and takes no other then", async () => {
    const open = await door(database, { tls: true });
    const { cookie, header } = await signIn(open, ADMIN_KEY);
    expect(header).toMatch(/^__Host-tillwatch=[\w-]{43}; Max-Age=1209600; Path=\/; HttpOnly; Secure; SameSite=Strict$/);
    await open.body("/api/whoami", null, 200, withCookie(cookie));
    expect(await open.body("/api/whoami", null, 401, withCookie(cookie.replace("__Host-", "")))).toMatchObject({ code: "key_missing" });
  });

  it("keeps the role of the key", async () => {
    const open = await door(database);
    const { key } = await newKey(open, "vera", "viewer");
    const { cookie } = await signIn(open, key);
    expect(await open.body("/api/keys", null, 403, withCookie(cookie))).toMatchObject({ code: "role_too_low" });
  });

  it("refuses a wrong key and counts it as elsewhere", async () => {
    const open = await door(database);
    for (let tries = 0; tries < 10; tries += 1) expect(await open.body("/api/session", null, 401, marked({ key: "wrong-wrong-wrong-wrong" }))).toMatchObject({ code: "key_wrong" });
    expect(await open.body("/api/session", null, 429, marked({ key: ADMIN_KEY }))).toMatchObject({ code: "too_many_wrong_keys" });
  });

  it.each<[string, RequestInit]>([
    ["without our header", {}],
    ["that another site made", { headers: { ...MARK, "sec-fetch-site": "cross-site" } }],
    ["that a neighbouring host made", { headers: { ...MARK, "sec-fetch-site": "same-site" } }],
  ])("refuses a change with a session %s", async (_name, init) => {
    const open = await door(database);
    const { cookie } = await signIn(open, ADMIN_KEY);
    const body = post({ name: "mallory", role: "admin" });
    const forged = withCookie(cookie, { ...body, headers: { ...(body.headers as object), ...(init.headers as object | undefined) } });
    expect(await open.body("/api/keys", null, 403, forged)).toMatchObject({ code: "forged" });
    expect(await open.body("/api/keys", ADMIN_KEY, 200)).toMatchObject({ count: 1 });
    expect(await open.body("/api/session", null, 403, { ...post({ key: ADMIN_KEY }), headers: { "content-type": "application/json", ...(init.headers as object | undefined) } })).toMatchObject({ code: "forged" });
  });

  it("changes what the dashboard itself asks for", async () => {
    const open = await door(database);
    const { cookie } = await signIn(open, ADMIN_KEY);
    const body = marked({ name: "anna", role: "viewer" });
    await open.body("/api/keys", null, 201, withCookie(cookie, { ...body, headers: { ...(body.headers as object), "sec-fetch-site": "same-origin" } }));
  });

  it("signs out here, and everywhere", async () => {
    const open = await door(database);
    const [one, two, three] = [await signIn(open, ADMIN_KEY), await signIn(open, ADMIN_KEY), await signIn(open, ADMIN_KEY)];
    const { data } = (await open.body("/api/sessions", null, 200, withCookie(two.cookie))) as { data: { current: boolean }[] };
    expect(data.filter(({ current }) => current)).toHaveLength(1);
    expect(data).toHaveLength(3);
    const out = await open.ask("/api/session", null, withCookie(one.cookie, { method: "DELETE", headers: MARK }));
    expect([out.status, out.headers.get("set-cookie")]).toEqual([200, expect.stringContaining("Max-Age=0")]);
    expect(await open.body("/api/whoami", null, 401, withCookie(one.cookie))).toMatchObject({ code: "session_ended" });
    await open.body("/api/whoami", null, 200, withCookie(two.cookie));
    expect(await open.body("/api/sessions", null, 200, withCookie(two.cookie, { method: "DELETE", headers: MARK }))).toEqual({ ok: true, ended: 2 });
    await open.body("/api/whoami", null, 401, withCookie(three.cookie));
    const { data: trail } = (await open.body("/api/audit", ADMIN_KEY, 200)) as { data: { action: string }[] };
    expect(trail.map(({ action }) => action)).toEqual(["session.end_all", "session.end", "session.create", "session.create", "session.create"]);
  });

  it("ends with its key, and with another DASHBOARD_KEY", async () => {
    const open = await door(database);
    const { key, id } = await newKey(open, "anna", "operator");
    const { cookie } = await signIn(open, key);
    await open.body("/api/whoami", null, 200, withCookie(cookie));
    await open.body(`/api/keys/${id}`, ADMIN_KEY, 200, { method: "DELETE" });
    expect(await open.body("/api/whoami", null, 401, withCookie(cookie))).toMatchObject({ code: "session_ended" });

    const token = (await signIn(open, ADMIN_KEY)).cookie.split("=")[1] ?? "";
    const again = (dashboardKey: string) => createAccess({ db: open.db, clock: open.clock, dashboardKey: new Secret(dashboardKey) });
    expect(await again(ADMIN_KEY).verifySession(token)).toMatchObject({ kind: "known" });
    expect(await again("another-horse-battery-staple").verifySession(token)).toEqual({ kind: "signed_out" });
  });

  it("ends a day after its last use, and two weeks after its beginning", async () => {
    const open = await door(database);
    const idle = await signIn(open, ADMIN_KEY);
    const used = await signIn(open, ADMIN_KEY);
    for (let passed = 0; passed < SESSION_LIFE_MS; passed += SESSION_IDLE_MS / 2) {
      const answer = await open.ask("/api/whoami", null, withCookie(used.cookie));
      expect([passed, answer.status]).toEqual([passed, 200]);
      await open.access.idle();
      open.clock.advance(SESSION_IDLE_MS / 2);
    }
    await open.body("/api/whoami", null, 401, withCookie(used.cookie));
    await open.body("/api/whoami", null, 401, withCookie(idle.cookie));
  });

  it("keeps no more sessions of a key than a person has browsers", async () => {
    const open = await door(database);
    const first = await signIn(open, ADMIN_KEY);
    for (let more = 0; more < SESSIONS_PER_KEY; more += 1) {
      open.clock.advance(1000);
      await signIn(open, ADMIN_KEY);
    }
    expect(await open.body("/api/sessions", ADMIN_KEY, 200)).toMatchObject({ count: SESSIONS_PER_KEY });
    await open.body("/api/whoami", null, 401, withCookie(first.cookie));
  });

  it("takes a token that is none for one that has ended, and a key before a cookie", async () => {
    const open = await door(database);
    for (const token of ["x", "a".repeat(43), "' or 1=1 --", "%00".repeat(20)]) expect(await open.body("/api/whoami", null, 401, withCookie(`tillwatch=${token}`))).toMatchObject({ code: "session_ended" });
    await open.body("/api/whoami", ADMIN_KEY, 200, withCookie("tillwatch=x"));
  });
});
