import { z } from "zod";
import { AppError, type Database, type Guard, type Http, isoMillis, limitField, noQuery } from "../platform/index.ts";
import { type Alert, getAlert, listAlerts } from "./store.ts";

export interface AlertRoutes {
  readonly db: Database;
  /** Lets viewers and above through. */
  readonly viewer: Guard;
}

function iso(ms: number | null): string | null {
  return ms === null ? null : isoMillis(ms);
}

function view(alert: Alert): Record<string, unknown> {
  return {
    id: alert.id,
    rule: alert.rule,
    state: alert.state,
    severity: alert.severity,
    value: alert.value,
    summary: alert.summary,
    opened_at: iso(alert.openedAt),
    fired_at: iso(alert.firedAt),
    recovering_at: iso(alert.recoveringAt),
    resolved_at: iso(alert.resolvedAt),
  };
}

const query = z.strictObject({
  state: z.enum(["open", "pending", "firing", "recovering", "resolved"]).optional(),
  rule: z.string().max(100).optional(),
  limit: limitField({ absent: 50, most: 100 }),
  cursor: z.string().max(100).optional(),
});

const alertId = z.strictObject({
  id: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, "must be the id of an alert, a whole number in digits")
    .transform(Number),
});

export function alertRoutes(http: Http, { db, viewer }: AlertRoutes): void {
  http.get("/api/alerts", { onRequest: viewer, schema: { summary: "Alerts, newest first", tags: ["alerts"], querystring: query } }, async (request) => {
    const { state, rule, limit, cursor } = request.query;
    const page = await listAlerts(db.read, { state, rule }, limit, cursor ?? null);
    return { ok: true, count: page.alerts.length, data: page.alerts.map(view), next_cursor: page.nextCursor };
  });
  http.get(
    "/api/alerts/:id",
    { onRequest: viewer, schema: { summary: "One alert", tags: ["alerts"], params: alertId, querystring: noQuery } },
    async (request) => {
      const alert = await getAlert(db.read, request.params.id);
      if (alert === null) throw new AppError("not_found", `there is no alert ${request.params.id}; GET /api/alerts lists them`, { code: "alert_not_found" });
      return { ok: true, data: view(alert) };
    },
  );
}
