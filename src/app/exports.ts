import { setImmediate } from "node:timers/promises";
import { Readable } from "node:stream";
import { z } from "zod";
import { readAudit, showAudit } from "../access/index.ts";
import { EVENT_STATUSES, searchEvents, showEvent, timeField } from "../ledger/index.ts";
import type { Currency } from "../money/index.ts";
import { listPayments, paymentFilterOf, paymentSearch, showListedPayment } from "../payments/index.ts";
import type { Database, Guard, Http, HttpReply } from "../platform/index.ts";
import { DERIVE } from "./derive.ts";

/** Rows of one export at the most; the file says when there were more. */
const ROWS_MAX = 100_000;
/** Rows read at a time; others have their turn in between. */
const PAGE = 500;

type Row = Readonly<Record<string, unknown>>;

/**
 * What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection): the four signs, their full-width forms,
 * which it reads alike, both also behind blanks, which an import may trim; and a tab or an end of line in front.
 */
const FORMULA = /^(?:[\t\r\n]|[\s\p{Cc}\p{Cf}]*[=+\-@＝＋－＠])/u;

/** A text that a spreadsheet would take for a formula is given as text. Numbers are ours and stay numbers. */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = typeof value === "string" ? value : JSON.stringify(value);
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Lines of a file from the pages of a list. */
export async function* exportLines(format: "csv" | "ndjson", columns: readonly string[], next: (cursor: string | null) => Promise<{ rows: readonly Row[]; cursor: string | null }>, most = ROWS_MAX): AsyncGenerator<string> {
  if (format === "csv") yield `${columns.join(",")}\r\n`;
  let cursor: string | null = null;
  let written = 0;
  do {
    const page: { rows: readonly Row[]; cursor: string | null } = await next(cursor);
    const rows = page.rows.slice(0, most - written);
    written += rows.length;
    yield rows.map((row) => (format === "csv" ? `${columns.map((column) => csvCell(row[column])).join(",")}\r\n` : `${JSON.stringify(row)}\n`)).join("");
    cursor = page.cursor;
    await setImmediate();
  } while (cursor !== null && written < most);
  if (cursor === null) return;
  const cut = `cut after ${most} rows; narrow the filter for the rest`;
  yield format === "csv" ? `${csvCell(cut)}\r\n` : `${JSON.stringify({ cut })}\n`;
}

async function send(reply: HttpReply, name: string, format: "csv" | "ndjson", body: AsyncGenerator<string>): Promise<HttpReply> {
  void reply.header("content-disposition", `attachment; filename="${name}.${format}"`);
  return await reply.type(format === "csv" ? "text/csv; charset=utf-8" : "application/x-ndjson; charset=utf-8").send(Readable.from(body));
}

const EVENT_COLUMNS = ["ts", "event_type", "event_id", "mode", "status", "created", "object_id", "account", "api_version", "source", "error"];
const PAYMENT_COLUMNS = ["id", "mode", "status", "currency", "amount", "captured", "refunded", "disputed", "email", "customer", "method", "brand", "country", "cause", "code", "created", "updated", "invoice", "account"];

/** All columns, the hash among them: with the detail as it was hashed, the chain can be followed in the file alone. */
export const AUDIT_COLUMNS = ["id", "ts", "at_ms", "actor_id", "actor", "action", "subject", "outcome", "request_id", "detail", "hash"];

export interface AuditChoice {
  readonly action?: string | undefined;
  readonly actor?: string | undefined;
  readonly subject?: string | undefined;
  readonly outcome?: "ok" | "refused" | "failed" | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

/** Pages of the audit trail, newest first, for `exportLines`. */
export function auditPages(db: Database, choice: AuditChoice) {
  return async (cursor: string | null): Promise<{ rows: readonly Row[]; cursor: string | null }> => {
    const page = await readAudit(db.read, { ...choice, limit: PAGE, before: cursor === null ? undefined : Number(cursor) });
    return { rows: page.rows.map((row) => ({ ...showAudit(row), at_ms: row.at, detail: row.detail })), cursor: page.next === null ? null : String(page.next) };
  };
}

const FORMAT = z.enum(["csv", "ndjson"]).default("csv");

/** `/api/exports/payments`, `/api/exports/events`: what the lists show under the same filters, as a file. */
export function exportRoutes(http: Http, { db, viewer, admin, currency }: { readonly db: Database; readonly viewer: Guard; readonly admin: Guard; readonly currency: Currency }): void {
  // A whole export takes longer than an answer may.
  const settings = { onRequest: viewer, handlerTimeout: 600_000 };
  http.get(
    "/api/exports/payments",
    { ...settings, schema: { summary: `Payments as CSV or NDJSON, at most ${ROWS_MAX} rows`, tags: ["payments"], querystring: z.strictObject({ ...paymentSearch, format: FORMAT }) } },
    async (request, reply) => {
      const { format, ...search } = request.query;
      const filter = paymentFilterOf(search, currency);
      const next = async (cursor: string | null) => {
        const page = await listPayments(db.read, filter, PAGE, cursor);
        return { rows: page.payments.map(showListedPayment), cursor: page.nextCursor };
      };
      return await send(reply, "payments", format, exportLines(format, PAYMENT_COLUMNS, next));
    },
  );
  http.get(
    "/api/exports/events",
    {
      ...settings,
      schema: {
        summary: `Events as CSV or NDJSON, at most ${ROWS_MAX} rows`,
        tags: ["events"],
        querystring: z.strictObject({ type: z.string().regex(/^[a-z0-9_.*]{1,100}$/i).optional(), status: z.enum(EVENT_STATUSES).optional(), since: timeField.optional(), until: timeField.optional(), format: FORMAT }),
      },
    },
    async (request, reply) => {
      const { format, type, status, since, until } = request.query;
      const next = async (cursor: string | null) => {
        const page = await searchEvents(db.read, DERIVE, { type, status, sinceMs: since, untilMs: until }, PAGE, cursor);
        return { rows: page.events.map(showEvent), cursor: page.nextCursor };
      };
      return await send(reply, "events", format, exportLines(format, EVENT_COLUMNS, next));
    },
  );
  const text = z.string().min(1).max(300).optional();
  http.get(
    "/api/exports/audit",
    {
      ...settings,
      onRequest: admin,
      schema: {
        summary: `The audit trail as CSV or NDJSON with its hashes, newest first, at most ${ROWS_MAX} rows`,
        tags: ["access"],
        querystring: z.strictObject({ action: text, actor: text, subject: text, outcome: z.enum(["ok", "refused", "failed"]).optional(), since: timeField.optional(), until: timeField.optional(), format: FORMAT }),
      },
    },
    async (request, reply) => {
      const { format, since, until, ...choice } = request.query;
      return await send(reply, "audit", format, exportLines(format, AUDIT_COLUMNS, auditPages(db, { ...choice, sinceMs: since, untilMs: until })));
    },
  );
}
