import { noticesOf } from "../notify/index.ts";
import type { Tx } from "../platform/index.ts";
import { needAlert } from "./act.ts";
import { evidenceSeries } from "./evidence-series.ts";
import { readHistory } from "./history.ts";
import type { AlertDetail } from "./present.ts";
import { previousAlerts } from "./store.ts";

const PREVIOUS = 10;

/**
 * Everything about one alert.
 *
 * @param live whose figures are drawn.
 * @throws AppError `not_found`.
 */
export async function readDetail(tx: Tx, id: number, live: boolean, nowMs: number): Promise<AlertDetail> {
  const alert = await needAlert(tx, id);
  return { alert, history: await readHistory(tx, id), series: await evidenceSeries(tx, alert, live, nowMs), previous: await previousAlerts(tx, alert, PREVIOUS), notices: await noticesOf(tx, id) };
}
