import { z } from "zod";
import { type Entrance, entranceOf } from "../access/index.ts";
import { AppError, type Clock, type Guard, type Http, type HttpRequest } from "../platform/index.ts";
import { PAGE_CSP } from "./page/page.ts";
import { type Period, type PeriodAsked, PERIODS, resolvePeriod } from "./period.ts";
import { REPORT_SHAPE, type ShownReport } from "./present.ts";

export const REPORT_FORMATS = ["json", "html", "csv", "pdf"] as const;
export type ReportFormat = (typeof REPORT_FORMATS)[number];

/** What is to be made, checked. */
export interface ReportOrder {
  readonly asked: PeriodAsked;
  readonly format: ReportFormat;
  /** Totals only. */
  readonly public: boolean;
}

export interface ReportRoutes {
  readonly clock: Clock;
  readonly viewer: Guard;
  /** Lets in keys, signed links, and everybody where reports are public. */
  readonly entrance: Guard;
  /** The merchant's. */
  readonly timeZone: string;
  /** Makes it, off this thread. @throws AppError `unavailable` when too many are being made. */
  make(order: ReportOrder): Promise<Buffer>;
}

const DATE = "A date as 2026-01-31 or a time with its zone";
const PARAMS = {
  period: z.enum(PERIODS).optional().describe("Instead of from and to; last_30_days when nothing is given"),
  from: z.string().max(40).optional().describe(DATE),
  to: z.string().max(40).optional().describe(`${DATE}, exclusive; a date is included`),
  tz: z.string().max(64).optional().describe("IANA time zone; the merchant's when left out"),
  compare: z.enum(["previous"]).optional().describe("Beside each figure that of as long a time before"),
};
const query = z.strictObject(PARAMS);

/** Making one takes seconds, a PDF longer, and there may be some before it. */
const PATIENCE_MS = 150_000;

/** What a link may fix the page to. @throws AppError `invalid`. */
export function checkReportParams(params: Readonly<Record<string, string>>, timeZone: string, nowMs: number): Record<string, string> {
  const parsed = query.safeParse(params);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new AppError("invalid", `params: ${issue?.path.join(".") ?? ""} ${issue?.message ?? "is not valid"}; a report knows period, from, to, tz and compare`, { code: "link_params_invalid" });
  }
  resolvePeriod(parsed.data, timeZone, nowMs);
  return Object.fromEntries(Object.entries(parsed.data).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/**
 * Nobody's key: whole days of the merchant until last midnight, so that nobody watches single payments come in by the
 * difference of two totals.
 */
function openPeriod(asked: PeriodAsked, timeZone: string, nowMs: number): PeriodAsked {
  if (asked.tz !== undefined && asked.tz !== timeZone) throw new AppError("invalid", "tz: the public report is in the merchant's time zone; leave it out", { code: "period_not_public" });
  const { period } = resolvePeriod(asked, timeZone, nowMs);
  const at = (ms: number) => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone);
  const [first, end] = [at(period.fromMs), at(period.toMs).startOfDay()];
  const refuse = new AppError("invalid", "from, to: the public report speaks of whole days that are over; give dates", { code: "period_not_public" });
  if (first.startOfDay().epochMilliseconds !== period.fromMs || end.epochMilliseconds <= period.fromMs) throw refuse;
  return { from: first.toPlainDate().toString(), to: end.subtract({ days: 1 }).toPlainDate().toString(), compare: asked.compare };
}

function orderFor(entrance: Entrance, asked: PeriodAsked, timeZone: string, nowMs: number): Omit<ReportOrder, "format"> {
  switch (entrance.kind) {
    case "key":
      return { asked, public: false };
    case "link":
      return { asked: entrance.params, public: true };
    case "public":
      return { asked: openPeriod(asked, timeZone, nowMs), public: true };
  }
}

function fileName({ fromMs, toMs, timeZone }: Period): string {
  const day = (ms: number) => Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(timeZone).toPlainDate().toString();
  return `enterprise-report-${day(fromMs)}-${day(toMs - 1)}`;
}

/** `/api/reports/enterprise`, and the same as page, CSV and PDF. */
export function reportRoutes(http: Http, { clock, viewer, entrance, timeZone, make }: ReportRoutes): void {
  const period = (asked: PeriodAsked): Period => resolvePeriod(asked, timeZone, clock.now()).period;
  http.get(
    "/api/reports/enterprise",
    { onRequest: viewer, handlerTimeout: PATIENCE_MS, schema: { summary: "The enterprise report: every figure with what it is counted from", tags: ["reports"], querystring: query, response: { 200: z.object({ ok: z.literal(true), data: REPORT_SHAPE }) } } },
    async (request) => {
      period(request.query);
      const made = await make({ asked: request.query, format: "json", public: false });
      return { ok: true as const, data: JSON.parse(made.toString()) as ShownReport };
    },
  );
  http.get(
    "/api/reports/enterprise/html",
    {
      onRequest: entrance,
      handlerTimeout: PATIENCE_MS,
      schema: { summary: "The enterprise report as a page to print; totals only without a key", tags: ["reports"], querystring: z.strictObject({ ...PARAMS, link: z.string().max(200).optional().describe("Token of a signed link; the period is the link's") }) },
    },
    async (request, reply) => {
      const { link: _link, ...asked } = request.query;
      const order = orderFor(entranceOf(request), asked, timeZone, clock.now());
      period(order.asked);
      return await reply.header("content-security-policy", PAGE_CSP).type("text/html; charset=utf-8").send(await make({ ...order, format: "html" }));
    },
  );
  const download = (format: "csv" | "pdf", extension: string, type: string, summary: string): void => {
    http.get(`/api/reports/enterprise/${format}`, { onRequest: viewer, handlerTimeout: PATIENCE_MS, schema: { summary, tags: ["reports"], querystring: query } }, async (request: HttpRequest, reply) => {
      const asked = request.query as PeriodAsked;
      const name = fileName(period(asked));
      return await reply.type(type).header("content-disposition", `attachment; filename="${name}.${extension}"`).send(await make({ asked, format, public: false }));
    });
  };
  download("csv", "zip", "application/zip", "The tables of the enterprise report as CSV files in a ZIP archive");
  download("pdf", "pdf", "application/pdf", "The enterprise report as PDF; 503 pdf_unavailable where there is no Chromium");
}
