import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { unzipSync } from "fflate";
import { expect, it } from "vitest";
import { onBothDatabases, temporaryDirectory, type TestDatabase } from "../../test/databases.ts";
import { type LinkPages, linkRoutes, requireEntrance, requireRole } from "../access/index.ts";
import { ADMIN_KEY, door, newKey, post, START } from "../access/testing/door.ts";
import { migrations } from "../app/migrations.ts";
import { DAY_MS } from "../platform/index.ts";
import { checkReportParams, fulfil, keepReport, keptReportRoutes, type ReportOrder, reportRoutes, renderReport } from "./index.ts";
import { shopEvents, shopSources, takeIn } from "./testing/shop.ts";

const PAGE = "enterprise_report";

async function reports(database: TestDatabase, isPublic = false) {
  const orders: ReportOrder[] = [];
  const directory = join(temporaryDirectory(), "reports");
  const open = await door(database, {}, (http, access) => {
    const { db, clock } = access;
    const pages: LinkPages = { publicUrl: null, pages: { [PAGE]: { path: "/api/reports/enterprise/html", title: "the report", checkParams: (params) => checkReportParams(params, "UTC", clock.now()) } } };
    linkRoutes(http, access, pages);
    keptReportRoutes(http, { db, clock, viewer: requireRole(access, "viewer"), admin: requireRole(access, "admin"), directory });
    const entrance = requireEntrance({ access, page: PAGE, role: "viewer", isPublic });
    reportRoutes(http, {
      clock,
      viewer: requireEntrance({ access, page: "none", role: "viewer", isPublic: false }),
      entrance,
      timeZone: "UTC",
      make: async (order) => {
        orders.push(order);
        return Buffer.from(await renderReport(await fulfil(shopSources(db), order, clock.now()), order.format, { version: "1", browser: null, paper: "a4" }));
      },
    });
  });
  await takeIn(open.db, shopEvents(300, START - 20 * DAY_MS, 15));
  return { ...open, orders, directory };
}

onBothDatabases("the report over HTTP", migrations, (database) => {
  it("gives data, page and tables to a viewer, and the same figures in each", async () => {
    const open = await reports(database);
    const { key } = await newKey(open, "anna", "viewer");
    const query = "?from=2025-12-01&to=2025-12-31&compare=previous";
    const { data } = (await open.body(`/api/reports/enterprise${query}`, key, 200)) as { data: { time_zone: string; sections: { id: string; method: string; figures: { id: string; text: string; currency: string | null }[] }[] } };
    expect(data.time_zone).toBe("UTC");
    for (const { id, method } of data.sections) expect([id, method]).toEqual([id, expect.stringMatching(/^(metrics|ingest|alerts|notify|slo|tasks|backup|access)\./)]);
    const net = data.sections.find(({ id }) => id === "revenue")?.figures.find(({ id, currency }) => id === "net" && currency === "usd")?.text ?? "none";
    const page = await open.ask(`/api/reports/enterprise/html${query}`, key);
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/);
    expect(page.headers.get("cache-control")).toBe("no-store");
    expect(await page.text()).toContain(net);
    const zip = await open.ask(`/api/reports/enterprise/csv${query}`, key);
    expect(zip.headers.get("content-disposition")).toBe('attachment; filename="enterprise-report-2025-12-01-2025-12-31.zip"');
    const files = unzipSync(new Uint8Array(await zip.arrayBuffer()));
    expect(new TextDecoder().decode(files["figures.csv"])).toContain(`revenue,net,Net revenue (USD),money,usd,${net.replace(/[$,]/g, "")}`);
    expect(await open.body("/api/reports/enterprise/pdf", key, 503)).toMatchObject({ code: "pdf_unavailable" });
  });

  it("takes no key for none, and refuses a period that makes no sense before anything is made", async () => {
    const open = await reports(database);
    for (const path of ["", "/html", "/csv", "/pdf"]) {
      expect(await open.body(`/api/reports/enterprise${path}`, null, 401)).toMatchObject({ code: "key_missing" });
      expect(await open.body(`/api/reports/enterprise${path}?from=2026-02-30`, ADMIN_KEY, 400)).toMatchObject({ code: "period_invalid" });
      expect(await open.body(`/api/reports/enterprise${path}?form=2026-02-01`, ADMIN_KEY, 400)).toMatchObject({ code: "invalid_input" });
    }
    expect(open.orders).toEqual([]);
  });

  it("shows by a signed link the public version of its period, whatever the query says", async () => {
    const open = await reports(database);
    expect(await open.body("/api/links", ADMIN_KEY, 400, post({ page: PAGE, name: "x", params: { form: "2025-12-01" } }))).toMatchObject({ code: "link_params_invalid" });
    expect(await open.body("/api/links", ADMIN_KEY, 400, post({ page: PAGE, name: "x", params: { from: "2025-13-01" } }))).toMatchObject({ code: "period_invalid" });
    const { data } = (await open.body("/api/links", ADMIN_KEY, 201, post({ page: PAGE, name: "Board", params: { from: "2025-12-01", to: "2025-12-31" } }))) as { data: { url: string; id: string } };
    const page = await open.ask(`${data.url}&from=2020-01-01&compare=previous`, null);
    expect(page.status).toBe(200);
    const text = await page.text();
    expect(text).toContain("Public version: totals only.");
    expect(text).toContain("1 Dec 2025 – 31 Dec 2025");
    expect(text).not.toMatch(/By country|By endpoint|Failed attempts by code/);
    expect(open.orders).toEqual([{ asked: { from: "2025-12-01", to: "2025-12-31" }, format: "html", public: true }]);
    await open.body(`/api/links/${data.id}`, ADMIN_KEY, 200, { method: "DELETE" });
    expect(await open.body(data.url, null, 401)).toMatchObject({ code: "link_revoked" });
    expect(await open.body(data.url.replace("/html", ""), null, 401)).toMatchObject({ code: "link_wrong" });
  });

  it("where reports are public, tells whole days that are over, and no more", async () => {
    const open = await reports(database, true);
    const page = await open.ask("/api/reports/enterprise/html?period=month_to_date", null);
    // It is the first of the month, at midnight: nothing of it is over.
    expect(page.status).toBe(400);
    const month = await open.ask("/api/reports/enterprise/html?from=2025-12-10", null);
    expect(month.status).toBe(200);
    expect(open.orders).toEqual([{ asked: { from: "2025-12-10", to: "2025-12-31", compare: undefined }, format: "html", public: true }]);
    for (const query of ["from=2025-12-10T10:00:00Z", "from=2025-12-10T00:00:00Z&to=2025-12-10T00:05:00Z", "tz=Asia/Kolkata"]) {
      expect(await open.body(`/api/reports/enterprise/html?${query}`, null, 400)).toMatchObject({ code: "period_not_public" });
    }
    expect(await open.body("/api/reports/enterprise", null, 401)).toMatchObject({ code: "key_missing" });
    // Who has a key sees everything.
    expect(await (await open.ask("/api/reports/enterprise/html?from=2025-12-10", ADMIN_KEY)).text()).toContain("By endpoint");
  });

  it("lists what was made by schedule, gives each as it was made, and removes it for an admin", async () => {
    const open = await reports(database);
    const { key } = await newKey(open, "anna", "viewer");
    expect(await open.body("/api/reports", key, 200)).toMatchObject({ count: 0, data: [], next_cursor: null });
    for (const id of ["weekly-2026-02-23", "weekly-2026-03-02", "monthly-2026-02-01"]) await keepReport(open.directory, id, Buffer.from(`<!doctype html><title>${id}</title>`), 10);
    for (const other of ["weekly-2026-03-09.html.part", "notes.html", ".weekly-2026-03-09.html.1.part"]) writeFileSync(join(open.directory, other), "not a report");
    const first = (await open.body("/api/reports?limit=2", key, 200)) as { data: { id: string; path: string }[]; next_cursor: string };
    expect(first).toMatchObject({ count: 2, data: [{ id: "weekly-2026-03-02", name: "weekly", from: "2026-03-02", bytes: 47 }, { id: "weekly-2026-02-23" }], next_cursor: "weekly-2026-02-23" });
    expect(await open.body(`/api/reports?limit=2&cursor=${first.next_cursor}`, key, 200)).toMatchObject({ count: 1, data: [{ id: "monthly-2026-02-01" }], next_cursor: null });
    const page = await open.ask(first.data[0]?.path ?? "", key);
    expect([page.status, page.headers.get("content-type"), page.headers.get("content-security-policy")]).toEqual([200, "text/html; charset=utf-8", expect.stringContaining("default-src 'none'") as string]);
    expect(await page.text()).toContain("weekly-2026-03-02");
    for (const bad of ["weekly-2026-03-09", "..%2Ftillwatch.db", "notes", "enterprise-2026-01-01"]) expect(await open.body(`/api/reports/${bad}`, key, 404), bad).toMatchObject({ code: "report_unknown" });
    expect(await open.body("/api/reports?cursor=x", key, 400)).toMatchObject({ ok: false });
    expect(await open.body("/api/reports", null, 401)).toMatchObject({ ok: false });
    const remove = (id: string, by: string) => open.ask(`/api/reports/${id}`, by, { method: "DELETE" });
    expect((await remove("weekly-2026-03-02", key)).status).toBe(403);
    expect((await remove("weekly-2026-03-02", ADMIN_KEY)).status).toBe(200);
    expect((await remove("weekly-2026-03-02", ADMIN_KEY)).status).toBe(404);
    expect(await open.body("/api/reports", key, 200)).toMatchObject({ count: 2 });
    expect(await open.body("/api/audit?limit=1", ADMIN_KEY, 200)).toMatchObject({ data: [{ action: "report.remove", subject: "weekly-2026-03-02" }] });
  });
});
