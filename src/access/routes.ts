import { z } from "zod";
import { type Http, limitField, noQuery } from "../platform/index.ts";
import type { Access } from "./access.ts";
import { principalOf, requireRole } from "./guard.ts";
import { issueKey } from "./issue.ts";
import { listKeys } from "./list.ts";
import { AUDIT_SHAPE, KEY_SHAPE, showAudit, showKey, SHOWN_ENVIRONMENT_KEY } from "./present.ts";
import { revokeKey } from "./revoke.ts";
import { ROLES } from "./role.ts";
import { sessionRoutes } from "./session-routes.ts";
import { readAudit } from "./trail.ts";

const OK = z.literal(true);
const FILTER = z.string().min(1).max(300).optional();

function keyRoutes(http: Http, access: Access): void {
  const admin = requireRole(access, "admin");
  http.get(
    "/api/keys",
    { onRequest: admin, schema: { summary: "Keys that open the API, and the hundred revoked last", tags: ["access"], querystring: noQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(KEY_SHAPE) }) } } },
    async () => {
      const nowMs = access.clock.now();
      const keys = (await listKeys(access.db.read)).map((key) => showKey(key, nowMs));
      const data = access.hasEnvironmentKey ? [SHOWN_ENVIRONMENT_KEY, ...keys] : keys;
      return { ok: true as const, count: data.length, data };
    },
  );
  http.post(
    "/api/keys",
    {
      onRequest: admin,
      schema: {
        summary: "Make a key; the answer shows it, and nothing ever shows it again",
        tags: ["access"],
        querystring: noQuery,
        body: z.strictObject({ name: z.string().max(200), role: z.enum(ROLES), expires_at: z.iso.datetime({ offset: true }).nullish() }),
        response: { 201: z.object({ ok: OK, key: z.string(), data: KEY_SHAPE }) },
      },
    },
    async (request, reply) => {
      const { name, role, expires_at } = request.body;
      const { key, stored } = await issueKey(access, { name, role, expiresAt: expires_at ? Date.parse(expires_at) : null }, principalOf(request), request.id);
      return await reply.code(201).send({ ok: true as const, key, data: showKey(stored, access.clock.now()) });
    },
  );
  http.delete(
    "/api/keys/:id",
    {
      onRequest: admin,
      schema: { summary: "Revoke a key; the last admin key cannot be", tags: ["access"], params: z.object({ id: z.string().min(1).max(64) }), querystring: noQuery, response: { 200: z.object({ ok: OK, data: KEY_SHAPE }) } },
    },
    async (request) => {
      const revoked = await revokeKey(access, request.params.id, principalOf(request), request.id);
      return { ok: true as const, data: showKey(revoked, access.clock.now()) };
    },
  );
}

function auditRoute(http: Http, access: Access): void {
  http.get(
    "/api/audit",
    {
      onRequest: requireRole(access, "admin"),
      schema: {
        summary: "The audit trail, newest first",
        tags: ["access"],
        querystring: z.strictObject({
          limit: limitField({ absent: 50, most: 100 }),
          cursor: z.string().regex(/^\d{1,15}$/, "must be the next_cursor of the page before").optional(),
          action: FILTER,
          actor: FILTER.describe("Id of a key"),
          subject: FILTER,
          outcome: z.enum(["ok", "refused", "failed"]).optional(),
          since: z.iso.datetime({ offset: true }).optional(),
          until: z.iso.datetime({ offset: true }).optional(),
        }),
        response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(AUDIT_SHAPE), next_cursor: z.string().nullable() }) },
      },
    },
    async (request) => {
      const { limit, cursor, action, actor, subject, outcome, since, until } = request.query;
      const time = (text: string | undefined): number | undefined => (text === undefined ? undefined : Date.parse(text));
      const page = await readAudit(access.db.read, { action, actor, subject, outcome, sinceMs: time(since), untilMs: time(until), before: cursor === undefined ? undefined : Number(cursor), limit });
      return { ok: true as const, count: page.rows.length, data: page.rows.map(showAudit), next_cursor: page.next === null ? null : String(page.next) };
    },
  );
}

/** `/api/whoami`, `/api/session`, `/api/sessions`, `/api/keys`, `/api/audit`. */
export function accessRoutes(http: Http, access: Access): void {
  http.decorateRequest("principal", null);
  http.decorateRequest("entrance", null);
  http.decorateRequest("sessionId", null);
  http.get(
    "/api/whoami",
    {
      onRequest: requireRole(access, "viewer"),
      schema: { summary: "Which key this is", tags: ["access"], querystring: noQuery, response: { 200: z.object({ ok: OK, data: z.object({ key_id: z.string(), name: z.string(), role: z.enum(ROLES) }) }) } },
    },
    (request) => {
      const { keyId, name, role } = principalOf(request);
      return { ok: true as const, data: { key_id: keyId, name, role } };
    },
  );
  sessionRoutes(http, access);
  keyRoutes(http, access);
  auditRoute(http, access);
}
