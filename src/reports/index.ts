/** What was, over any period, for who was not there: the enterprise report as data, page, PDF and CSV, and its digests. */
export { type Report, type ReportSources } from "./build.ts";
export { digestOf, headlinesOf } from "./digest.ts";
export { keepReport } from "./kept.ts";
export { keptReportRoutes } from "./kept-routes.ts";
export { findBrowser } from "./pdf.ts";
export { type PeriodAsked, type PeriodName, PERIODS } from "./period.ts";
export { type ShownReport } from "./present.ts";
export { fulfil, renderReport } from "./render.ts";
export { checkReportParams, REPORT_FORMATS, type ReportFormat, type ReportOrder, reportRoutes } from "./routes.ts";
