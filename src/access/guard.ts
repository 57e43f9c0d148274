import { AppError, clientGroup, type Guard, type HttpRequest } from "../platform/index.ts";
import type { Access, Verdict } from "./access.ts";
import { refuseForgery, tokenOf } from "./cookie.ts";
import type { Principal } from "./key.ts";
import { type Role, roleReaches } from "./role.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who asks; null before (and on routes without) `requireRole`. */
    principal: Principal | null;
    /** The session that was used; null for who sent a key. */
    sessionId: string | null;
  }
}

const REFUSALS = {
  missing: { code: "key_missing", text: "no key; send one as X-Dash-Key" },
  wrong: { code: "key_wrong", text: "this key is not known; send a valid one as X-Dash-Key" },
  revoked: { code: "key_revoked", text: "this key was revoked; ask an admin for another" },
  expired: { code: "key_expired", text: "this key has expired; ask an admin for another" },
  signed_out: { code: "session_ended", text: "this session has ended; sign in again" },
};

export function refusal(verdict: Exclude<Verdict, { kind: "known" }>): AppError {
  if (verdict.kind === "blocked") {
    return new AppError("rate_limited", `too many wrong keys came from this address; try again in ${verdict.retryAfterS} s`, { code: "too_many_wrong_keys" });
  }
  const { code, text } = REFUSALS[verdict.kind];
  return new AppError("unauthenticated", text, { code });
}

/** A key, where one is sent, stands above the cookie: who sends one means it. */
async function judge(access: Pick<Access, "verify" | "verifySession" | "tls">, request: HttpRequest): Promise<Verdict> {
  const header = request.headers["x-dash-key"];
  const token = header === undefined ? tokenOf(request, access.tls) : null;
  if (token === null) return await access.verify(typeof header === "string" ? header : undefined, clientGroup(request.ip));
  refuseForgery(request);
  return await access.verifySession(token);
}

/** Lets in who has a key of this role or more, and says on the request who it is. Runs before the body is read. */
export function requireRole(access: Pick<Access, "verify" | "verifySession" | "tls">, needed: Role): Guard {
  return async (request, reply) => {
    const verdict = await judge(access, request);
    if (verdict.kind !== "known") {
      if (verdict.kind === "blocked") void reply.header("retry-after", String(verdict.retryAfterS));
      throw refusal(verdict);
    }
    if (!roleReaches(verdict.principal.role, needed)) {
      throw new AppError("forbidden", `this needs the role ${needed}; the key ${JSON.stringify(verdict.principal.name)} has ${verdict.principal.role}`, { code: "role_too_low" });
    }
    request.principal = verdict.principal;
    request.sessionId = verdict.sessionId;
  };
}

/** Who asks, on a route behind `requireRole`. */
export function principalOf(request: HttpRequest): Principal {
  if (!request.principal) throw new AppError("internal", "a route asks who is asking without requireRole");
  return request.principal;
}
