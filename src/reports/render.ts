import { buildReport, publicVersion, type Report, type ReportSources } from "./build.ts";
import { csvZip } from "./csv.ts";
import { reportPage } from "./page/page.ts";
import { printPdf } from "./pdf.ts";
import { showReport } from "./present.ts";
import type { ReportFormat, ReportOrder } from "./routes.ts";

export interface RenderOptions {
  /** Of Tillwatch. */
  readonly version: string;
  /** Makes PDFs; null: there is none. */
  readonly browser: string | null;
  /** Of a PDF. */
  readonly paper: "a4" | "letter";
}

/** The report in a format. @throws AppError `unavailable` for a PDF without a browser. */
export async function renderReport(report: Report, format: ReportFormat, { version, browser, paper }: RenderOptions): Promise<Uint8Array> {
  switch (format) {
    case "json":
      return Buffer.from(JSON.stringify(showReport(report)));
    case "html":
      return Buffer.from(reportPage(report, version));
    case "csv":
      return csvZip(report);
    case "pdf":
      return await printPdf(reportPage(report, version, paper), browser);
  }
}

/** Builds what is ordered. */
export async function fulfil(sources: ReportSources, { asked, public: isPublic }: Pick<ReportOrder, "asked" | "public">, nowMs: number): Promise<Report> {
  const report = await buildReport(sources, asked, nowMs);
  return isPublic ? publicVersion(report) : report;
}
