import { randomBytes } from "node:crypto";
import type { IncomingMessage } from "node:http";

const SANE = /^[A-Za-z0-9._-]{8,64}$/;

/**
 * Makes the id of each request: the caller's own `X-Request-Id` when it is sane, else one of ours. Random is only the
 * prefix, once per server: an id must be unique, not secret, and 48 random bits per request cost more than the rest of
 * the routing.
 */
export function requestIds(prefix = randomBytes(6).toString("hex")): (request: IncomingMessage) => string {
  let count = 0;
  return (request) => {
    const given = request.headers["x-request-id"];
    if (typeof given === "string" && SANE.test(given)) return given;
    count += 1;
    return `${prefix}-${count.toString(36)}`;
  };
}
