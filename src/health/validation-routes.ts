import { z } from "zod";
import { type Guard, type Http, type HttpRequest } from "../platform/index.ts";
import { VALIDATION_CSP, validationPage } from "./validation-page.ts";
import { VALIDATION_SHAPE, type ValidationReport } from "./validation-report.ts";

export interface ValidationRoutes {
  readonly viewer: Guard;
  /** Lets through who may see the page, with a key or, where it is public or linked to, without. */
  readonly entrance: Guard;
  audience(request: HttpRequest): "key" | "public";
  /**
   * The report; found out anew when it is older than `maxAgeMs`.
   *
   * @throws AppError `unavailable` when it cannot be found out now.
   */
  report(maxAgeMs: number): Promise<ValidationReport>;
}

const MINUTE = 60_000;
const KEY_MAX_AGE_MS = 5 * MINUTE;
/** Who has no key costs nothing: Stripe is not asked for a stranger oftener than once an hour. */
const PUBLIC_MAX_AGE_MS = 60 * MINUTE;

/** `/api/validation`, and the page of it that can be printed and, by choice, shown to others. */
export function validationRoutes(http: Http, deps: ValidationRoutes): void {
  http.get(
    "/api/validation",
    {
      onRequest: deps.viewer,
      schema: {
        summary: "PASS, WARN or FAIL per check, each really done, with what to do about it",
        tags: ["service"],
        querystring: z.strictObject({ fresh: z.enum(["true", "false"], { error: "must be true or false" }).optional().describe("true: find it out now, not five minutes ago") }),
        response: { 200: VALIDATION_SHAPE },
      },
    },
    async (request) => await deps.report(request.query.fresh === "true" ? 0 : KEY_MAX_AGE_MS),
  );
  http.get(
    "/api/validation/html",
    { onRequest: deps.entrance, schema: { summary: "The same as a page to read and print; totals only without a key", tags: ["service"], querystring: z.strictObject({ link: z.string().max(500).optional().describe("A signed link's token") }) } },
    async (request, reply) => {
      const audience = deps.audience(request);
      const report = await deps.report(audience === "key" ? KEY_MAX_AGE_MS : PUBLIC_MAX_AGE_MS);
      return await reply.header("content-security-policy", VALIDATION_CSP).type("text/html; charset=utf-8").send(validationPage(report, audience));
    },
  );
}
