import { z } from "zod";
import { type Database, type Guard, type Http, type HttpRequest, isoSeconds, limitField, noQuery } from "../platform/index.ts";
import { type BackupRecord, type Drill, lastBackup, readBackups, readDrills } from "./store.ts";

export interface BackupRoutes {
  readonly db: Database;
  readonly viewer: Guard;
  readonly admin: Guard;
  /** Where backups are kept, by their labels. */
  readonly targets: readonly string[];
  /** `BACKUP_KEY` is set. */
  readonly encrypted: boolean;
  /** Begins the task of this name for who asks. */
  begin(task: "backup" | "drill", request: HttpRequest): Promise<{ readonly id: number; readonly startedAt: number }>;
}

const OK = z.literal(true);
const PAGE = z.strictObject({ limit: limitField({ absent: 20, most: 100 }), cursor: z.string().regex(/^\d{1,15}$/, "must be the next_cursor of the page before").optional() });

const BACKUP_SHAPE = z.object({
  no: z.number(),
  id: z.string().nullable(),
  target: z.string(),
  outcome: z.enum(["ok", "failed"]),
  snapshot_at: z.string(),
  finished_at: z.string(),
  bytes: z.number().nullable(),
  encrypted: z.boolean(),
  /** False once rotation has let it go. */
  kept: z.boolean(),
  error: z.string().nullable(),
});

const TARGET_SHAPE = z.object({ target: z.string(), newest_at: z.string().nullable(), newest_id: z.string().nullable() });

/** As the API and `--json` show them. */
export const DRILL_SHAPE = z.object({
  no: z.number(),
  outcome: z.enum(["verified", "failed", "inconclusive"]),
  backup_id: z.string().nullable(),
  target: z.string(),
  started_at: z.string(),
  finished_at: z.string(),
  recovery_time_ms: z.number().nullable(),
  recovery_point_ms: z.number().nullable(),
  steps: z.array(z.object({ step: z.string(), result: z.enum(["ok", "failed", "inconclusive", "skipped"]), text: z.string(), ms: z.number() })),
});

const RUN_SHAPE = z.object({ ok: OK, data: z.object({ task: z.string(), run_id: z.number(), started_at: z.string() }) });

function showBackup(record: BackupRecord): z.infer<typeof BACKUP_SHAPE> {
  return {
    no: record.no,
    id: record.backupId,
    target: record.target,
    outcome: record.outcome,
    snapshot_at: isoSeconds(record.snapshotAt),
    finished_at: isoSeconds(record.finishedAt),
    bytes: record.bytes,
    encrypted: record.encrypted,
    kept: record.outcome === "ok" && record.removedAt === null,
    error: record.error,
  };
}

export function showDrill(drill: Drill): z.infer<typeof DRILL_SHAPE> {
  return {
    no: drill.no,
    outcome: drill.outcome,
    backup_id: drill.backupId,
    target: drill.target,
    started_at: isoSeconds(drill.startedAt),
    finished_at: isoSeconds(drill.finishedAt),
    recovery_time_ms: drill.recoveryTimeMs,
    recovery_point_ms: drill.recoveryPointMs,
    steps: drill.steps.map((step) => ({ ...step })),
  };
}

/** A page and the number that the next one begins behind. */
function paged<Item extends { readonly no: number }>(rows: readonly Item[], limit: number): { page: readonly Item[]; next: string | null } {
  const page = rows.slice(0, limit);
  return { page, next: rows.length > limit ? String(page.at(-1)?.no) : null };
}

/** `/api/backups`, `/api/drills`, and starting either. */
export function backupRoutes(http: Http, deps: BackupRoutes): void {
  const { db, viewer, admin } = deps;
  http.get(
    "/api/backups",
    {
      onRequest: viewer,
      schema: {
        summary: "Backups, newest first, one row per place they are kept in; and the newest of each place",
        tags: ["backups"],
        querystring: PAGE,
        response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(BACKUP_SHAPE), next_cursor: z.string().nullable(), targets: z.array(TARGET_SHAPE), encryption: z.boolean() }) },
      },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const { page, next } = paged(await readBackups(db.read, { limit: limit + 1, ...(cursor === undefined ? {} : { beforeNo: Number(cursor) }) }), limit);
      const targets = await Promise.all(
        deps.targets.map(async (target) => {
          const newest = await lastBackup(db.read, target, "ok");
          return { target, newest_at: newest === null ? null : isoSeconds(newest.snapshotAt), newest_id: newest?.backupId ?? null };
        }),
      );
      return { ok: true as const, count: page.length, data: page.map(showBackup), next_cursor: next, targets, encryption: deps.encrypted };
    },
  );
  http.get(
    "/api/drills",
    {
      onRequest: viewer,
      schema: { summary: "Restore drills, newest first, with what each step found", tags: ["backups"], querystring: PAGE, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(DRILL_SHAPE), next_cursor: z.string().nullable() }) } },
    },
    async (request) => {
      const { limit, cursor } = request.query;
      const { page, next } = paged(await readDrills(db.read, { limit: limit + 1, ...(cursor === undefined ? {} : { beforeNo: Number(cursor) }) }), limit);
      return { ok: true as const, count: page.length, data: page.map(showDrill), next_cursor: next };
    },
  );
  const start = (address: string, task: "backup" | "drill", summary: string): void => {
    http.post(address, { onRequest: admin, schema: { summary, tags: ["backups"], querystring: noQuery, response: { 202: RUN_SHAPE } } }, async (request, reply) => {
      const { id, startedAt } = await deps.begin(task, request);
      return await reply.code(202).send({ ok: true as const, data: { task, run_id: id, started_at: isoSeconds(startedAt) } });
    });
  };
  start("/api/backups", "backup", "Make a backup now; answers as soon as it has begun, GET /api/tasks/backup/runs tells how it went");
  start("/api/drills/restore", "drill", "Restore the newest backup into a scratch place and prove it; answers as soon as it has begun, GET /api/drills tells how it went");
}
