import { MINUTE_MS } from "../clock.ts";

/** What one client may cost us at the most. All times in milliseconds, all sizes in bytes. */
export interface HttpLimits {
  /** Body of a request; a route may say another with `bodyLimit`. */
  bodyBytes: number;
  /** All header lines together, the request line included. */
  headerBytes: number;
  /** Path and query string. */
  urlBytes: number;
  /** One `:parameter` of a path. */
  paramLength: number;
  /** From the first byte of a request to the last of its headers. */
  headersMs: number;
  /** From the first byte of a request to the last of its body. */
  requestMs: number;
  /** How often the two above are looked at. */
  checkEveryMs: number;
  /** A connection without a request; above the 60 s of common load balancers, which would else reuse a closed one. */
  keepAliveMs: number;
  /** From the request to the answer; a route may say another with `handlerTimeout`, and a quiet one has none. */
  handlerMs: number;
  connections: number;
  /** How long `close` waits for requests under way before it cuts them. */
  drainMs: number;
}

export const DEFAULT_LIMITS: HttpLimits = {
  bodyBytes: 1024 * 1024,
  headerBytes: 16 * 1024,
  urlBytes: 4096,
  paramLength: 200,
  headersMs: 10_000,
  requestMs: 30_000,
  checkEveryMs: 2000,
  keepAliveMs: 65_000,
  handlerMs: MINUTE_MS,
  connections: 10_000,
  drainMs: 10_000,
};
