import { type AlertNews, announce } from "../notify/index.ts";
import type { Tx } from "../platform/index.ts";
import { getAlert } from "./store.ts";

/**
 * Hands a change of an alert to the notices, in the transaction of the change: an alert that changed without its notice,
 * or the other way round, cannot be.
 *
 * @param summary what is seen now; the alert's own when left out.
 */
export async function tell(tx: Tx, alertId: number, change: AlertNews["change"], nowMs: number, summary?: string): Promise<void> {
  const alert = await getAlert(tx, alertId);
  if (alert === null) return;
  const { rule, subject, severity, labels, title, details, todo, stake, firedAt, resolvedAt, drill } = alert;
  await announce(
    tx,
    { alertId, change, rule, subject, severity, labels, title, summary: summary ?? alert.summary, details, todo, stake, startedAt: alert.startedAt ?? alert.openedAt, firedAt, resolvedAt, drill },
    nowMs,
  );
}
