import { z } from "zod";
import { AppError, DAY_MS, type Http } from "../../platform/index.ts";
import type { Access } from "../access.ts";
import { principalOf, requireRole } from "../guard.ts";
import { issueLink, LINK_DAYS, LINK_DAYS_MAX, listLinks, revokeLink } from "./issue.ts";
import { LINK_SHAPE, type LinkPage, type LinkPages, showLink } from "./present.ts";

const OK = z.literal(true);

/** The page of that name. @throws AppError `invalid` that names those there are. */
export function needPage({ pages }: LinkPages, name: string): LinkPage {
  const page = Object.hasOwn(pages, name) ? pages[name] : undefined;
  if (page === undefined) throw new AppError("invalid", `page: there is no page ${JSON.stringify(name.slice(0, 40))} to link to; there are ${Object.keys(pages).join(", ")}`, { code: "link_page_unknown" });
  return page;
}

/** `/api/links`: signed addresses of pages for people without a key. Making, seeing and revoking them takes an admin. */
export function linkRoutes(http: Http, access: Access, pages: LinkPages): void {
  const admin = requireRole(access, "admin");
  http.get(
    "/api/links",
    {
      onRequest: admin,
      schema: {
        summary: "Signed links to pages, newest first, each with its address",
        tags: ["access"],
        querystring: z.strictObject({ page: z.string().max(64).optional() }),
        response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(LINK_SHAPE) }) },
      },
    },
    async (request) => {
      const { page } = request.query;
      if (page !== undefined) needPage(pages, page);
      const data = (await listLinks(access, page ?? null)).map((issued) => showLink(issued, pages, access.clock.now()));
      return { ok: true as const, count: data.length, data };
    },
  );
  http.post(
    "/api/links",
    {
      onRequest: admin,
      schema: {
        summary: "Make a signed link to the public version of a page, which shows totals only",
        tags: ["access"],
        querystring: z.strictObject({}),
        body: z.strictObject({
          page: z.string().max(64).describe("enterprise_report or another page that GET /api/links names"),
          name: z.string().max(200).describe("Who it is for"),
          params: z.record(z.string().max(40), z.string().max(100)).default({}).describe("What the page is fixed to, such as period, from, to, tz, compare"),
          expires_in_days: z.int().min(1).max(LINK_DAYS_MAX).default(LINK_DAYS),
          expires_at: z.iso.datetime({ offset: true }).nullish().describe("Instead of expires_in_days"),
        }),
        response: { 201: z.object({ ok: OK, data: LINK_SHAPE }) },
      },
    },
    async (request, reply) => {
      const { page, name, params, expires_in_days, expires_at } = request.body;
      const checked = needPage(pages, page).checkParams(params);
      const expiresAt = expires_at ? Date.parse(expires_at) : access.clock.now() + expires_in_days * DAY_MS;
      const issued = await issueLink(access, { page, name, params: checked, expiresAt }, principalOf(request), request.id);
      return await reply.code(201).send({ ok: true as const, data: showLink(issued, pages, access.clock.now()) });
    },
  );
  http.delete(
    "/api/links/:id",
    {
      onRequest: admin,
      schema: { summary: "Revoke a link; the next request with it is refused", tags: ["access"], params: z.object({ id: z.string().min(1).max(64) }), querystring: z.strictObject({}), response: { 200: z.object({ ok: OK, data: LINK_SHAPE }) } },
    },
    async (request) => {
      const link = await revokeLink(access, request.params.id, principalOf(request), request.id);
      return { ok: true as const, data: showLink({ link, token: null }, pages, access.clock.now()) };
    },
  );
}
