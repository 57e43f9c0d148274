import { z } from "zod";
import { isoSeconds, redact } from "../platform/index.ts";
import { type Graded, verdictOf } from "./validate.ts";

const GRADE = z.enum(["PASS", "WARN", "FAIL"]);

/** The report as the API and `tillwatch validate --json` give it. */
export const VALIDATION_SHAPE = z.object({
  ok: z.boolean().describe("False when something fails"),
  verdict: GRADE,
  ts: z.string(),
  version: z.string(),
  mode: z.enum(["test", "live"]),
  sandbox: z.boolean().describe("On the built-in sandbox, not on Stripe"),
  merchant: z.string(),
  time_zone: z.string(),
  counts: z.object({ pass: z.number(), warn: z.number(), fail: z.number() }),
  checks: z.array(
    z.object({
      name: z.string(),
      area: z.string(),
      title: z.string(),
      grade: GRADE,
      found: z.string(),
      todo: z.array(z.string()),
      details: z.array(z.string()),
      took_ms: z.number(),
    }),
  ),
});

export type ValidationReport = z.output<typeof VALIDATION_SHAPE>;

export type About = Pick<ValidationReport, "version" | "mode" | "sandbox" | "merchant" | "time_zone">;

/** @param nowMs when it was found out, ms UTC. */
export function validationReport(about: About, graded: readonly Graded[], nowMs: number): ValidationReport {
  const count = (grade: string): number => graded.filter((one) => one.grade === grade).length;
  const verdict = verdictOf(graded.map(({ grade }) => grade));
  return {
    ok: verdict !== "FAIL",
    verdict,
    ts: isoSeconds(nowMs),
    ...about,
    counts: { pass: count("PASS"), warn: count("WARN"), fail: count("FAIL") },
    checks: byArea(graded).map(({ name, area, title, grade, found, todo, details, tookMs }) => ({
      name,
      area,
      title,
      grade,
      // Texts of other systems come through here; whatever they hold, no secret leaves.
      found: redact(found),
      todo: (todo ?? []).map(redact),
      details: (details ?? []).map(redact),
      took_ms: tookMs,
    })),
  };
}

/** Together what stands under one heading, in the order the areas first appear. */
function byArea(graded: readonly Graded[]): Graded[] {
  const areas = [...new Set(graded.map(({ area }) => area))];
  return areas.flatMap((area) => graded.filter((one) => one.area === area));
}

/** What stands under each heading. */
export function areasOf(report: ValidationReport): { area: string; checks: ValidationReport["checks"] }[] {
  const areas = [...new Set(report.checks.map(({ area }) => area))];
  return areas.map((area) => ({ area, checks: report.checks.filter((one) => one.area === area) }));
}
