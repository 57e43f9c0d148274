import type { AlertNews } from "../news.ts";

/** News of an alert as `alerts` would announce them, with what matters to the test put over it. */
export function newsOf(over: Partial<AlertNews> = {}): AlertNews {
  const rule = over.rule ?? "webhook_failures";
  const subject = over.subject ?? "webhooks";
  const severity = over.severity ?? "CRITICAL";
  return {
    alertId: 1,
    change: "fired",
    rule,
    subject,
    severity,
    labels: { rule, subject, severity },
    title: "Webhook deliveries fail",
    summary: "7 of 40 deliveries in 5 minutes were not processed; usual are 0",
    details: ["endpoint default"],
    todo: ["look into the log of the service"],
    stake: { currency: "usd", minor: 123_45 },
    startedAt: 0,
    firedAt: 0,
    resolvedAt: null,
    drill: false,
    ...over,
  };
}
