import { createHash } from "node:crypto";
import { AppError, type Guard, Html, html, type HttpRequest, MINUTE_MS } from "../../platform/index.ts";
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

const STYLE = "body{font:17px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1.2rem;color:#1a1f36;background:#fff}h1{font-size:1.3rem}@media(prefers-color-scheme:dark){body{background:#12141c;color:#e8eaf0}}";
const CSP = `default-src 'none'; style-src 'sha256-${createHash("sha256").update(STYLE).digest("base64")}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

const TITLES: Readonly<Record<string, string>> = { link_revoked: "This link was revoked", link_expired: "This link has ended" };

/** For who followed a link in a browser, and knows nothing of JSON. */
function pageOf({ code, message }: AppError): string {
  const title = TITLES[code] ?? "This link opens nothing";
  return html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex"><title>${title}</title><style>${new Html(STYLE)}</style></head><body><h1>${title}</h1><p>${message.charAt(0).toUpperCase()}${message.slice(1)}.</p></body></html>`.text;
}

function asksForPage({ headers }: HttpRequest): boolean {
  return /(^|,)\s*text\/html\b/.test(headers.accept ?? "");
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
      try {
        request.entrance = await byLink(door, token);
      } catch (error) {
        if (!(error instanceof AppError) || error.kind !== "unauthenticated" || !asksForPage(request)) throw error;
        await reply.code(401).header("content-security-policy", CSP).header("cache-control", "no-store").type("text/html; charset=utf-8").send(pageOf(error));
      }
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
