import type { Tx } from "../platform/index.ts";
import { bounded } from "./news.ts";
import { insertNotice } from "./notice-store.ts";
import { routesFor } from "./route.ts";
import type { NotifySettings } from "./settings.ts";

/** Who is told of a change: the routes, and the channels that take what nobody has to act on. */
export type Informed = Pick<NotifySettings, "root" | "channels">;

/** A change that people should know of, and that is no alert: nothing fires, nothing will be over. */
export interface Information {
  /** What it is about, for ever: `pricing/<id>`. Notices of one key arrive in their order. */
  readonly key: string;
  /** What it is called in labels, as an alert's rule: `price_change`. */
  readonly rule: string;
  readonly subject: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly title: string;
  readonly lines: readonly string[];
}

/**
 * Tells the channels of a change, in the transaction of that change: both are stored or neither, so a change is told by
 * one notice, and that is delivered at least once like any other. Routes say who hears it, by its labels; silences,
 * mutes and digests are for alerts, which can be told later. Answers how many channels will hear it.
 */
export async function inform(tx: Tx, { root, channels }: Informed, what: Information, nowMs: number): Promise<number> {
  const { rule, subject, title } = what;
  // The bounds of an alert's news, so that every channel can carry it.
  const told = bounded({ alertId: 0, change: "fired", rule, subject, severity: "WARNING", labels: what.labels, title, summary: "", details: what.lines, todo: [], stake: null, startedAt: nowMs, firedAt: null, resolvedAt: null, drill: false });
  const routes = routesFor(root, told.labels);
  const hear = [...new Set(routes.flatMap((route) => route.channels))].filter((name) => channels.includes(name));
  if (hear.length === 0) return 0;
  await insertNotice(
    tx,
    { key: what.key, route: routes[0]?.path ?? root.path, reason: "change", status: "information", severity: "WARNING", title: told.title, createdAt: nowMs, drill: false, labels: told.labels, firing: 0, resolved: 0, alerts: [], notes: told.details, alertIds: [] },
    hear,
  );
  return hear.length;
}
