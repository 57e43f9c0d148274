import type { Http } from "../platform/index.ts";
import { rawBodyScope } from "../platform/index.ts";
import type { Intake } from "./intake.ts";

/** Stripe's events stay far below; what is larger is no event. */
export const WEBHOOK_BODY_LIMIT = 1024 * 1024;

/**
 * `POST /webhooks/stripe`: 200 after the event is on disk; 400 not authentic or no event; 413 too large; 503 (or 500)
 * when it could not be stored, so that Stripe sends it again.
 */
export async function webhookRoutes(http: Http, intake: Intake): Promise<void> {
  await rawBodyScope(http, WEBHOOK_BODY_LIMIT, (scope) => {
    scope.post("/webhooks/stripe", { config: { quiet: true }, schema: { hide: true } }, async (request, reply) => {
      const header = request.headers["stripe-signature"];
      const answer = await intake.accept({
        raw: Buffer.isBuffer(request.body) ? request.body : null,
        signature: typeof header === "string" ? header : undefined,
      });
      reply.code(answer.status).type("application/json; charset=utf-8");
      if (answer.error === null) return `{"ok":true,"outcome":"${answer.outcome}"}`;
      if (answer.status >= 500) reply.header("retry-after", "5");
      return JSON.stringify({ ok: false, error: answer.error, code: `delivery_${answer.outcome}`, request_id: request.id });
    });
  });
}
