import { expect, it } from "vitest";
import { z } from "zod";
import { onBothDatabases, type TestDatabase } from "../../../test/databases.ts";
import { AppError, DAY_MS, redact } from "../../platform/index.ts";
import { accessMigrations, entranceOf, type LinkPages, linkRoutes, requireEntrance } from "../index.ts";
import { ADMIN_KEY, door, newKey, post, START } from "../testing/door.ts";
import { linkToken, openToken } from "./link.ts";

const PAGES: LinkPages = {
  publicUrl: "https://till.example.com/",
  pages: {
    report: {
      path: "/report",
      title: "the report",
      checkParams: (params) => {
        if (params["bad"] !== undefined) throw new AppError("invalid", "params: no bad one", { code: "link_params_invalid" });
        return params;
      },
    },
    other: { path: "/other", title: "the other", checkParams: () => ({}) },
  },
};

/** Two pages that say how one came in. */
async function pages(database: TestDatabase, isPublic = false) {
  return await door(database, {}, (http, access) => {
    linkRoutes(http, access, PAGES);
    for (const page of ["report", "other"]) {
      http.get(`/${page}`, { onRequest: requireEntrance({ access, page, role: "viewer", isPublic }), schema: { querystring: z.strictObject({ link: z.string().optional() }) } }, (request) => ({ ok: true, entrance: entranceOf(request) }));
    }
  });
}

type Made = { data: { id: string; url: string } };
const pathOf = ({ data }: Made): string => data.url.slice("https://till.example.com".length);

onBothDatabases("signed links", accessMigrations, (database) => {
  it("open the page they were made for, with what they were made with, and no other", async () => {
    const open = await pages(database);
    expect(await open.body("/report", null, 401)).toMatchObject({ code: "key_missing" });
    expect(await open.body("/report", ADMIN_KEY, 200)).toMatchObject({ entrance: { kind: "key" } });
    const made = (await open.body("/api/links", ADMIN_KEY, 201, post({ page: "report", name: "Board", params: { period: "last_month" } }))) as Made;
    expect(made.data).toMatchObject({ page: "report", name: "Board", state: "active", created_by: "DASHBOARD_KEY", expires_at: "2026-01-31T00:00:00Z", last_used_at: null });
    expect(await open.body(pathOf(made), null, 200)).toMatchObject({ entrance: { kind: "link", id: made.data.id, params: { period: "last_month" } } });
    expect(await open.body(pathOf(made).replace("/report", "/other"), null, 401)).toMatchObject({ code: "link_wrong" });
    const listed = (await open.body("/api/links?page=report", ADMIN_KEY, 200)) as { data: object[] };
    expect(listed.data).toMatchObject([{ id: made.data.id, url: made.data.url, last_used_at: "2026-01-01T00:00:00Z" }]);
  });

  it("open nothing once revoked, on every node at once, nor once expired", async () => {
    const open = await pages(database);
    const one = (await open.body("/api/links", ADMIN_KEY, 201, post({ page: "report", name: "one" }))) as Made;
    const two = (await open.body("/api/links", ADMIN_KEY, 201, post({ page: "report", name: "two", expires_in_days: 2 }))) as Made;
    await open.body(pathOf(one), null, 200);
    expect(await open.body(`/api/links/${one.data.id}`, ADMIN_KEY, 200, { method: "DELETE" })).toMatchObject({ data: { state: "revoked", url: null } });
    expect(await open.body(`/api/links/${one.data.id}`, ADMIN_KEY, 200, { method: "DELETE" })).toMatchObject({ data: { state: "revoked" } });
    expect(await open.body(pathOf(one), null, 401)).toMatchObject({ code: "link_revoked" });
    open.clock.set(START + 2 * DAY_MS - 1);
    await open.body(pathOf(two), null, 200);
    open.clock.advance(1);
    expect(await open.body(pathOf(two), null, 401)).toMatchObject({ code: "link_expired" });
    expect(await open.body("/api/audit?limit=10", ADMIN_KEY, 200)).toMatchObject({ data: [{ action: "link.revoke", subject: one.data.id }, { action: "link.create" }, { action: "link.create", detail: { page: "report", name: "one" } }] });
  });

  it("cannot be made up, altered or made by less than an admin", async () => {
    const open = await pages(database);
    const guess = `/report?link=twl_0123456789abcdef_${"A".repeat(43)}`;
    expect(await open.body(guess, null, 401)).toMatchObject({ code: "link_wrong" });
    const made = (await open.body("/api/links", ADMIN_KEY, 201, post({ page: "report", name: "one" }))) as Made;
    expect(await open.body(guess, null, 401)).toMatchObject({ code: "link_wrong" });
    const path = pathOf(made);
    const altered = `${path.slice(0, 20)}${path[20] === "0" ? "1" : "0"}${path.slice(21)}`;
    for (const wrong of [altered, `${path}A`, `${path}&link=1`, "/report?link="]) expect(await open.body(wrong, null, 401)).toMatchObject({ code: "link_wrong" });
    // A bad link is refused though the key beside it would do: what is shown must be what others would see.
    expect(await open.body(altered, ADMIN_KEY, 401)).toMatchObject({ code: "link_wrong" });
    const { key } = await newKey(open, "anna", "operator");
    expect(await open.body("/api/links", key, 403, post({ page: "report", name: "x" }))).toMatchObject({ code: "role_too_low" });
    expect(await open.body("/api/links", key, 403)).toMatchObject({ code: "role_too_low" });
  });

  it("refuses what makes no sense, and changes nothing", async () => {
    const open = await pages(database);
    for (const [body, code] of [
      [{ page: "nothing", name: "x" }, "link_page_unknown"],
      [{ page: "constructor", name: "x" }, "link_page_unknown"],
      [{ page: "report", name: " " }, "link_name_invalid"],
      [{ page: "report", name: "x", params: { bad: "1" } }, "link_params_invalid"],
      [{ page: "report", name: "x", expires_at: "2025-12-31T00:00:00Z" }, "link_expiry_passed"],
      [{ page: "report", name: "x", expires_at: "2028-01-01T00:00:00Z" }, "link_expiry_far"],
      [{ page: "report", name: "x", expires_in_days: 0 }, "invalid_input"],
    ] as const) {
      expect(await open.body("/api/links", ADMIN_KEY, 400, post(body))).toMatchObject({ code });
    }
    expect(await open.body("/api/links/0000", ADMIN_KEY, 404, { method: "DELETE" })).toMatchObject({ code: "link_unknown" });
    expect(await open.body("/api/links", ADMIN_KEY, 200)).toMatchObject({ count: 0 });
  });

  it("tells a person in a browser by a page in words what became of a link, with the same status", async () => {
    const open = await pages(database);
    const made = (await open.body("/api/links", ADMIN_KEY, 201, post({ page: "report", name: "Board", expires_in_days: 2 }))) as Made;
    const browser = async (path: string): Promise<[number, string | null, string]> => {
      const answer = await open.ask(path, null, { headers: { accept: "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8" } });
      return [answer.status, answer.headers.get("content-type"), await answer.text()];
    };
    expect((await browser(pathOf(made)))[0]).toBe(200);
    expect(await browser("/report?link=<script>")).toEqual([401, "text/html; charset=utf-8", expect.stringMatching(/^<!doctype html>.*<h1>This link opens nothing<\/h1><p>This link is not known here/)]);
    await open.body(`/api/links/${made.data.id}`, ADMIN_KEY, 200, { method: "DELETE" });
    expect(await browser(pathOf(made))).toEqual([401, "text/html; charset=utf-8", expect.stringContaining("<h1>This link was revoked</h1>")]);
    // A program gets JSON as before.
    expect(await open.body(pathOf(made), null, 401)).toMatchObject({ code: "link_revoked" });
  });

  it("needs nothing where the page is public, and still refuses a wrong key", async () => {
    const open = await pages(database, true);
    expect(await open.body("/report", null, 200)).toMatchObject({ entrance: { kind: "public" } });
    expect(await open.body("/report", ADMIN_KEY, 200)).toMatchObject({ entrance: { kind: "key" } });
    expect(await open.body("/report", "wrong-key-wrong-key", 401)).toMatchObject({ code: "key_wrong" });
  });
});

it("a token is bound to its secret and page, and no log shows it", () => {
  const secret = Buffer.alloc(32, 1);
  const token = linkToken(secret, "report", "0123456789abcdef");
  expect(openToken(secret, "report", token)).toBe("0123456789abcdef");
  expect(openToken(secret, "other", token)).toBeNull();
  expect(openToken(Buffer.alloc(32, 2), "report", token)).toBeNull();
  expect(redact(`GET /report?link=${token}`)).toBe("GET /report?link=twl_***");
});
