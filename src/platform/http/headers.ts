/** For answers that are data: nothing may be loaded, run or framed. A page sets its own policy over it. */
const API_CSP = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * The headers of every answer, names in lower case. A route may set another value; `cache-control` is strict for all, so
 * that forgetting it leaks nothing, and static files relax it.
 *
 * @param tls the outside reaches us by HTTPS only (here or at a proxy): then browsers are told to keep to it for a year.
 */
export function securityHeaders(tls: boolean): Readonly<Record<string, string>> {
  return {
    "content-security-policy": API_CSP,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
    ...(tls ? { "strict-transport-security": "max-age=31536000" } : {}),
  };
}
