import { parseCookie, stringifySetCookie } from "cookie";
import { AppError, type HttpReply, type HttpRequest } from "../platform/index.ts";
import { SESSION_LIFE_MS } from "./session.ts";

/** Under HTTPS the browser itself sees to it that no other host and no readable connection sets it (`__Host-`). */
const NAME = { open: "tillwatch", secure: "__Host-tillwatch" } as const;

/** Sent by the dashboard with everything that changes something. A page of another origin cannot set it unasked. */
const MARK = "x-tillwatch";

function isSecure(request: HttpRequest, tls: boolean): boolean {
  return tls || request.protocol === "https";
}

/**
 * The session token that came with the request; null when there is none. Under HTTPS only the protected name counts: the
 * other one a neighbouring host could have set.
 */
export function tokenOf(request: HttpRequest, tls: boolean): string | null {
  const header = request.headers.cookie;
  if (header === undefined) return null;
  return parseCookie(header)[isSecure(request, tls) ? NAME.secure : NAME.open] || null;
}

function setCookie(request: HttpRequest, reply: HttpReply, tls: boolean, value: string, maxAgeS: number): void {
  const secure = isSecure(request, tls);
  void reply.header("set-cookie", stringifySetCookie({ name: secure ? NAME.secure : NAME.open, value, httpOnly: true, sameSite: "strict", secure, path: "/", maxAge: maxAgeS }));
}

/** @param tls the outside reaches us by HTTPS only. */
export function giveCookie(request: HttpRequest, reply: HttpReply, tls: boolean, token: string): void {
  setCookie(request, reply, tls, token, SESSION_LIFE_MS / 1000);
}

export function takeCookie(request: HttpRequest, reply: HttpReply, tls: boolean): void {
  setCookie(request, reply, tls, "", 0);
}

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * A cookie travels whoever makes the browser ask. `SameSite=Strict` keeps other sites' requests without it; this is the
 * second lock: what changes something must carry a header that another origin cannot set, and the browser must not say
 * that it comes from elsewhere.
 *
 * @throws AppError `forbidden`.
 */
export function refuseForgery(request: HttpRequest): void {
  if (SAFE.has(request.method)) return;
  const site = request.headers["sec-fetch-site"];
  if (request.headers[MARK] === "1" && (site === undefined || site === "same-origin")) return;
  throw new AppError("forbidden", "a request that changes something with a session must come from the dashboard itself (header X-Tillwatch: 1); programs send a key as X-Dash-Key", { code: "forged" });
}
