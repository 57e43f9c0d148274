import { onTestFinished } from "vitest";
import type { TestDatabase } from "../../../test/databases.ts";
import { createHttp, type Database, type Http, Secret, type VirtualClock, virtualClock } from "../../platform/index.ts";
import { type Access, type AccessOptions, accessRoutes, createAccess } from "../index.ts";

export const ADMIN_KEY = "correct-horse-battery-staple";
export const START = Date.UTC(2026, 0, 1);

export interface Door {
  db: Database;
  access: Access;
  clock: VirtualClock;
  url: string;
  /** Everything that was logged. */
  lines: object[];
  ask(path: string, key: string | null, init?: RequestInit): Promise<Response>;
  /** The body of the answer, which must have this status. */
  body(path: string, key: string | null, status: number, init?: RequestInit): Promise<Record<string, unknown>>;
}

/** A server with the routes of the room over a fresh database, `DASHBOARD_KEY` set. */
export async function door(database: TestDatabase, options: Partial<AccessOptions> = {}, routes: (http: Http, access: Access) => void = () => {}, trustedProxies: string[] = []): Promise<Door> {
  const db = options.db ?? (await database.open());
  const clock = virtualClock(START);
  const lines: object[] = [];
  const log = { info: (fields: object) => void lines.push(fields), warn: (fields: object) => void lines.push(fields), error: (fields: object) => void lines.push(fields) };
  const access = createAccess({ db, clock, dashboardKey: new Secret(ADMIN_KEY), log, ...options });
  const http = await createHttp({ clock, version: "1", log, trustedProxies });
  accessRoutes(http, access);
  routes(http, access);
  const url = await http.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(async () => {
    await http.close();
    await access.idle();
  });
  const ask = (path: string, key: string | null, init: RequestInit = {}) =>
    fetch(url + path, { ...init, headers: { ...(init.headers as Record<string, string> | undefined), ...(key === null ? {} : { "x-dash-key": key }) } });
  const body = async (path: string, key: string | null, status: number, init?: RequestInit) => {
    const response = await ask(path, key, init);
    const text = await response.text();
    if (response.status !== status) throw new Error(`${path} answered ${response.status}, not ${status}: ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  };
  return { db, access, clock, url, lines, ask, body };
}

export const post = (body: unknown): RequestInit => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

/** Makes a key over HTTP, as the admin. */
export async function newKey(open: Door, name: string, role: string, more: object = {}): Promise<{ key: string; id: string }> {
  const { key, data } = (await open.body("/api/keys", ADMIN_KEY, 201, post({ name, role, ...more }))) as { key: string; data: { id: string } };
  return { key, id: data.id };
}
