import { type Access, principalOf, recordAudit, requireRole } from "../access/index.ts";
import type { AlertRoutes } from "../alerts/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import type { Config } from "./config.ts";

/** What the routes of alerts need of the other rooms: who asks, and the trail of what they did. */
export function alertRouteDeps(db: Database, clock: Clock, access: Access, config: Pick<Config, "stripe">): AlertRoutes {
  return {
    db,
    clock,
    live: config.stripe.mode === "live",
    viewer: requireRole(access, "viewer"),
    operator: requireRole(access, "operator"),
    doer: (request) => {
      const { keyId, name } = principalOf(request);
      return { id: keyId, name };
    },
    trail: async (tx, request, action, alert, detail) => {
      const { keyId, name } = principalOf(request);
      await recordAudit(tx, { at: clock.now(), actor: { keyId, name }, action, subject: String(alert.id), detail: { rule: alert.rule, ...detail }, requestId: request.id, outcome: "ok" });
    },
  };
}
