import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { FastifyBaseLogger, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ZodTypeProvider } from "fastify-type-provider-zod";
import type { Clock } from "../clock.ts";
import type { HttpLimits } from "./limits.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** No line in the log per request, and no time limit on the handler: for the hot path. */
    quiet?: boolean;
  }
  interface FastifyRequest {
    startedAt: number;
  }
}

/** The shell that rooms hang their routes on: `http.get("/api/…", { onRequest: guard, schema }, handler)`. */
export type Http = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, ZodTypeProvider>;
export type HttpRequest = FastifyRequest;
export type HttpReply = FastifyReply;
/** Lets a request through or throws; runs before the body is read. */
export type Guard = (request: HttpRequest, reply: HttpReply) => Promise<void>;

/** As much of a structured logger as the shell needs; pino fits. */
export interface HttpLog {
  info(fields: object, text: string): void;
  error(fields: object, text: string): void;
}

export interface HttpOptions {
  clock: Clock;
  version: string;
  log?: HttpLog;
  limits?: Partial<HttpLimits>;
  /** The outside reaches us by HTTPS only: sends HSTS. */
  tls?: boolean;
  /** Answers an address that is no route, if it wants to: true when it did. A browser is given a page there. */
  fallback?: (request: HttpRequest, reply: HttpReply) => boolean;
  /** Addresses and CIDR ranges whose `X-Forwarded-For` is believed; none by default. */
  trustedProxies?: readonly string[];
}
