import type { Migration } from "../../platform/index.ts";

/** `task` is what is kept between runs and who holds it now; `task_run` is the history. */
const tasks: Migration = {
  name: "tasks/0001_tasks",
  statements: (ddl) => [
    `create table task (
      name text primary key,
      anchor_at ${ddl.int} not null,
      cursor_at ${ddl.int},
      enabled ${ddl.int} not null,
      run_id ${ddl.int},
      owner text,
      lease_until ${ddl.int}
    )`,
    `create table task_run (
      id ${ddl.id},
      task text not null,
      cause text not null,
      attempt ${ddl.int} not null,
      due_at ${ddl.int} not null,
      started_at ${ddl.int} not null,
      finished_at ${ddl.int},
      duration_ms ${ddl.int},
      outcome text not null,
      late ${ddl.int} not null,
      missed ${ddl.int} not null,
      owner text not null,
      error text,
      evidence text
    )`,
    "create index task_run_task on task_run (task, id)",
    "create index task_run_finished on task_run (finished_at)",
  ],
};

/** The attempts at one time of a task are counted whenever a run begins, however long its history. */
const attempts: Migration = {
  name: "tasks/0002_attempts",
  statements: () => ["create index task_run_due on task_run (task, due_at, cause, attempt)"],
};

export const taskMigrations: readonly Migration[] = [tasks, attempts];
