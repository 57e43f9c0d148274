import type { Migration } from "../../platform/index.ts";

/**
 * `slo_count`: what no other bucket holds, per minute and hour. `slo_day`: attainment of each of the merchant's days and
 * of the period that ended with it, kept for ever. `slo_state`: the last measurement.
 */
const objectives: Migration = {
  name: "slo/0001_objectives",
  statements: (ddl) => [
    `create table slo_count (
      indicator text not null,
      grain text not null,
      start ${ddl.int} not null,
      good ${ddl.int} not null,
      bad ${ddl.int} not null,
      primary key (indicator, grain, start)
    )${ddl.withoutRowid}`,
    `create table slo_day (
      slo text not null,
      start ${ddl.int} not null,
      end_at ${ddl.int} not null,
      objective_ppm ${ddl.int} not null,
      good ${ddl.int} not null,
      total ${ddl.int} not null,
      period_good ${ddl.int} not null,
      period_total ${ddl.int} not null,
      updated_at ${ddl.int} not null,
      primary key (slo, start)
    )${ddl.withoutRowid}`,
    `create table slo_state (slo text primary key, measured_at ${ddl.int} not null, state text not null)`,
  ],
};

/** `slo_history`: the one row is the last time in which what was derived from was history. */
const history: Migration = {
  name: "slo/0002_history",
  statements: (ddl) => [`create table slo_history (id ${ddl.int} primary key, from_at ${ddl.int} not null, until_at ${ddl.int} not null)`],
};

export const sloMigrations: readonly Migration[] = [objectives, history];
