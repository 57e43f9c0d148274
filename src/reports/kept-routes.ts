import { z } from "zod";
import { principalOf, recordAudit } from "../access/index.ts";
import { AppError, type Clock, type Database, type Guard, type Http, isoSeconds, limitField, noQuery } from "../platform/index.ts";
import { KEPT_ID, type KeptReport, keptReports, readReport, removeReport } from "./kept.ts";
import { PAGE_CSP } from "./page/page.ts";

export interface KeptReportRoutes {
  readonly db: Database;
  readonly clock: Clock;
  readonly viewer: Guard;
  readonly admin: Guard;
  /** Where this node keeps what it made. */
  readonly directory: string;
}

const SHAPE = z.object({
  id: z.string().describe("What it is and the first day of its period"),
  name: z.enum(["weekly", "monthly"]),
  from: z.string().describe("First day of its period, in the report's time zone"),
  bytes: z.number(),
  made_at: z.string(),
  path: z.string().describe("Of the page"),
});
const ID = z.object({ id: z.string().max(40) });

function show({ id, name, from, bytes, madeAt }: KeptReport): z.infer<typeof SHAPE> {
  return { id, name, from, bytes, made_at: isoSeconds(madeAt), path: `/api/reports/${id}` };
}

function unknown(id: string): AppError {
  const right = KEPT_ID.test(id) ? "it may have been made by another node, let go (reports.keep_files) or removed" : "an id is like weekly-2026-03-02";
  return new AppError("not_found", `there is no report ${JSON.stringify(id)} here; ${right}; GET /api/reports lists them`, { code: "report_unknown" });
}

/** `/api/reports`: the reports made by schedule that are kept. */
export function keptReportRoutes(http: Http, { db, clock, viewer, admin, directory }: KeptReportRoutes): void {
  http.get(
    "/api/reports",
    {
      onRequest: viewer,
      schema: {
        summary: "The reports made by schedule that this node keeps, newest period first",
        tags: ["reports"],
        querystring: z.strictObject({ limit: limitField({ absent: 20, most: 100 }), cursor: z.string().regex(KEPT_ID, "must be the next_cursor of the page before").optional() }),
        response: { 200: z.object({ ok: z.literal(true), count: z.number(), data: z.array(SHAPE), next_cursor: z.string().nullable() }) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const all = await keptReports(directory);
      const begin = cursor === undefined ? 0 : all.findIndex(({ id }) => id === cursor) + 1;
      const page = all.slice(begin, begin + limit);
      return { ok: true as const, count: page.length, data: page.map(show), next_cursor: begin + limit < all.length ? (page.at(-1)?.id ?? null) : null };
    },
  );
  http.get("/api/reports/:id", { onRequest: viewer, schema: { summary: "A report made by schedule, as it was made: a page", tags: ["reports"], params: ID, querystring: noQuery } }, async (request, reply) => {
    const page = await readReport(directory, request.params.id);
    if (page === null) throw unknown(request.params.id);
    return await reply.header("content-security-policy", PAGE_CSP).type("text/html; charset=utf-8").send(page);
  });
  http.delete(
    "/api/reports/:id",
    { onRequest: admin, schema: { summary: "Remove a report made by schedule; whoever was mailed it has it still", tags: ["reports"], params: ID, querystring: noQuery, response: { 200: z.object({ ok: z.literal(true), data: z.object({ id: z.string() }) }) } } },
    async (request) => {
      const { id } = request.params;
      if (!(await removeReport(directory, id))) throw unknown(id);
      await db.write((tx) => recordAudit(tx, { at: clock.now(), actor: principalOf(request), action: "report.remove", subject: id, detail: {}, requestId: request.id, outcome: "ok" }));
      return { ok: true as const, data: { id } };
    },
  );
}
