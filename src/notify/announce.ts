import type { Tx } from "../platform/index.ts";
import { type AlertNews, bounded } from "./news.ts";
import { insertNews, upsertAlert } from "./store.ts";

/**
 * Takes what became of an alert, in the transaction of that change: both are stored or neither. Who is told, and when,
 * is planned afterwards from what is stored, so a crash between the two loses nothing.
 *
 * @throws AppError `internal` when the news are of no alert.
 */
export async function announce(tx: Tx, news: AlertNews, nowMs: number): Promise<void> {
  const told = bounded(news);
  await insertNews(tx, told, nowMs);
  await upsertAlert(tx, told, nowMs);
}
