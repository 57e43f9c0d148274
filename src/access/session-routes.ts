import { z } from "zod";
import { type Http, isoSeconds, noQuery } from "../platform/index.ts";
import type { Access } from "./access.ts";
import { giveCookie, refuseForgery, takeCookie } from "./cookie.ts";
import { principalOf, refusal, requireRole } from "./guard.ts";
import { KEY_LENGTH_MAX } from "./key.ts";
import { ROLES } from "./role.ts";
import { sessionEnd } from "./session.ts";
import { readOpenSessions } from "./session-store.ts";
import { signIn, signOut } from "./sign-in.ts";

const OK = z.literal(true);

const SESSION_SHAPE = z.object({
  id: z.string(),
  created_at: z.string(),
  last_used_at: z.string(),
  ends_at: z.string().describe("Unless it is used before"),
  client: z.string(),
  address: z.string(),
  current: z.boolean(),
});

/** `/api/session`: sign in and out; `/api/sessions`: where this key is signed in, and out of everywhere. */
export function sessionRoutes(http: Http, access: Access): void {
  const viewer = requireRole(access, "viewer");
  http.post(
    "/api/session",
    {
      // The body is the proof, so nothing is asked before it is read: a key, at most half a kilobyte.
      bodyLimit: 4096,
      schema: {
        summary: "Sign in: exchange a key for a session cookie",
        tags: ["access"],
        security: [],
        querystring: noQuery,
        body: z.strictObject({ key: z.string().min(1).max(KEY_LENGTH_MAX) }),
        response: { 201: z.object({ ok: OK, data: z.object({ key_id: z.string(), name: z.string(), role: z.enum(ROLES), ends_at: z.string() }) }) },
      },
      onRequest: async (request) => refuseForgery(request),
    },
    async (request, reply) => {
      const outcome = await signIn(access, request.body.key, request);
      if (outcome.kind !== "signed_in") {
        if (outcome.kind === "blocked") void reply.header("retry-after", String(outcome.retryAfterS));
        throw refusal(outcome);
      }
      giveCookie(request, reply, access.tls, outcome.token);
      const { keyId, name, role } = outcome.principal;
      return await reply.code(201).send({ ok: true as const, data: { key_id: keyId, name, role, ends_at: isoSeconds(sessionEnd(outcome.session)) } });
    },
  );
  http.delete(
    "/api/session",
    { onRequest: viewer, schema: { summary: "Sign out here", tags: ["access"], querystring: noQuery, response: { 200: z.object({ ok: OK, ended: z.number() }) } } },
    async (request, reply) => {
      const ended = request.sessionId === null ? 0 : await signOut(access, principalOf(request), request.sessionId, request.id);
      takeCookie(request, reply, access.tls);
      return { ok: true as const, ended };
    },
  );
  http.get(
    "/api/sessions",
    { onRequest: viewer, schema: { summary: "Where this key is signed in", tags: ["access"], querystring: noQuery, response: { 200: z.object({ ok: OK, count: z.number(), data: z.array(SESSION_SHAPE) }) } } },
    async (request) => {
      const sessions = await readOpenSessions(access.db.read, principalOf(request).keyId, access.clock.now());
      const data = sessions.map((session) => ({
        id: session.id,
        created_at: isoSeconds(session.createdAt),
        last_used_at: isoSeconds(session.lastUsedAt),
        ends_at: isoSeconds(sessionEnd(session)),
        client: session.client,
        address: session.address,
        current: session.id === request.sessionId,
      }));
      return { ok: true as const, count: data.length, data };
    },
  );
  http.delete(
    "/api/sessions",
    { onRequest: viewer, schema: { summary: "Sign out everywhere: ends every session of this key", tags: ["access"], querystring: noQuery, response: { 200: z.object({ ok: OK, ended: z.number() }) } } },
    async (request, reply) => {
      const ended = await signOut(access, principalOf(request), undefined, request.id);
      takeCookie(request, reply, access.tls);
      return { ok: true as const, ended };
    },
  );
}
