import type { Migration } from "../../platform/index.ts";
import { MEASURES } from "../measures.ts";

const DELIVERY_OUTCOMES = ["accepted", "duplicate", "variant", "malformed", "failed", "rejected"];

/**
 * Wide rows: one per grain (m, h, d), mode, account, slice and start that anything happened in. In the order of the key,
 * so that a window of one slice kind is one walk.
 */
const buckets: Migration = {
  name: "metrics/0001_buckets",
  statements: (ddl) => [
    `create table metric (
      grain text not null,
      live ${ddl.int} not null,
      account text not null,
      kind text not null,
      start ${ddl.int} not null,
      value text not null,
      ${MEASURES.map((measure) => `${measure} ${ddl.int} not null`).join(",\n      ")},
      primary key (grain, live, account, kind, start, value)
    )${ddl.withoutRowid}`,
    `create table delivery_metric (
      grain text not null,
      start ${ddl.int} not null,
      endpoint text not null,
      ${DELIVERY_OUTCOMES.map((outcome) => `${outcome} ${ddl.int} not null`).join(",\n      ")},
      primary key (grain, start, endpoint)
    )${ddl.withoutRowid}`,
    // The zone of the day buckets, and before which start the buckets of a grain are gone.
    "create table metric_setting (name text primary key, value text not null)",
  ],
};

export const metricsMigrations: readonly Migration[] = [buckets];
