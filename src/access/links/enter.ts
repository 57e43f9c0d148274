import { AppError, type Guard, type HttpRequest, MINUTE_MS } from "../../platform/index.ts";
import type { Access } from "../access.ts";
import { requireRole } from "../guard.ts";
import type { Role } from "../role.ts";
import { type LinkParams, linkState, openToken } from "./link.ts";
import { markLinkUsed, readLink, readSigningSecret } from "./store.ts";

/** How somebody came to a page that may be public. */
export type Entrance =
  /** With a key (or a session): sees everything, asks for what they like. */
  | { readonly kind: "key" }
  /** By a signed link: sees the public version of what the link was made for. */
  | { readonly kind: "link"; readonly id: string; readonly params: LinkParams }
  /** By nothing, since the page is public: sees the public version. */
  | { readonly kind: "public" };

declare module "fastify" {
  interface FastifyRequest {
    /** How the request came in; null on routes without `requireEntrance`. */
    entrance: Entrance | null;
  }
}

export interface PageDoor {
  readonly access: Access;
  /** Stable name of the page; a link made for one page opens no other. */
  readonly page: string;
  /** What a key must have. */
  readonly role: Role;
  /** True: nobody needs a key. */
  readonly isPublic: boolean;
}

const LINK_UNKNOWN = "this link is not known here; ask who gave it to you for another";

function wrongLink(code: string, text: string): AppError {
  return new AppError("unauthenticated", text, { code });
}

/** @throws AppError `unauthenticated` that says whether it is wrong, revoked or expired. */
async function byLink({ access, page }: PageDoor, token: string): Promise<Entrance> {
  const secret = await readSigningSecret(access.db.read);
  const id = secret === null ? null : openToken(secret, page, token);
  // From here on it is one that we signed: whoever has it may know what became of it.
  const link = id === null ? null : await readLink(access.db.read, id);
  if (link === null || link.page !== page) throw wrongLink("link_wrong", LINK_UNKNOWN);
  const nowMs = access.clock.now();
  const state = linkState(link, nowMs);
  if (state === "revoked") throw wrongLink("link_revoked", "this link was revoked; ask who gave it to you for another");
  if (state === "expired") throw wrongLink("link_expired", `this link ended on ${new Date(link.expiresAt).toISOString().slice(0, 10)}; ask who gave it to you for another`);
  if (link.lastUsedAt === null || link.lastUsedAt < nowMs - MINUTE_MS) await access.db.write((tx) => markLinkUsed(tx, link.id, nowMs, nowMs - MINUTE_MS));
  return { kind: "link", id: link.id, params: link.params };
}

function givenLink(request: HttpRequest): string | null {
  const { link } = request.query as { link?: unknown };
  if (link === undefined) return null;
  return typeof link === "string" ? link : "";
}

/**
 * Lets in who has a key of the role, who follows a signed link of the page, and everybody when the page is public; says
 * on the request which. A link stands above a key, so that who made one sees what others will see. A wrong key is
 * refused even where none is needed: who sends one wants more than the public version.
 *
 * Runs before the query is checked; the route's schema must know `link`.
 */
export function requireEntrance(door: PageDoor): Guard {
  const keyGuard = requireRole(door.access, door.role);
  return async (request, reply) => {
    const token = givenLink(request);
    if (token !== null) {
      request.entrance = await byLink(door, token);
      return;
    }
    try {
      await keyGuard(request, reply);
      request.entrance = { kind: "key" };
    } catch (error) {
      if (!door.isPublic || !(error instanceof AppError) || !["key_missing", "session_ended"].includes(error.code)) throw error;
      request.entrance = { kind: "public" };
    }
  };
}

/** How the request came in, on a route behind `requireEntrance`. */
export function entranceOf(request: HttpRequest): Entrance {
  if (!request.entrance) throw new AppError("internal", "a route asks how one came in without requireEntrance");
  return request.entrance;
}
