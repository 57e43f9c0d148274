import fastify from "fastify";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import qs from "qs";
import type { World } from "../world.ts";
import type { Gate, Outgoing } from "./handle.ts";
import { handle, unknownPath } from "./handle.ts";
import { apiRoutes } from "./routes.ts";
import type { Route } from "./route.ts";

const DEPTH = { arrayLimit: 1000, depth: 12, parameterLimit: 5000, plainObjects: true };

/** Nested brackets, as the SDKs and `curl -d 'metadata[a]=b'` send them. */
export function readForm(text: string): Record<string, unknown> {
  return qs.parse(text, DEPTH);
}

/** The web server with the whole API; pages and controls are added by whoever starts it. */
export function apiServer(world: World): FastifyInstance {
  const server = fastify({ logger: false, bodyLimit: 1_048_576, forceCloseConnections: true, routerOptions: { querystringParser: readForm, ignoreTrailingSlash: true } });
  server.removeAllContentTypeParsers();
  server.addContentTypeParser("application/json", { parseAs: "string" }, (_request, body, done) => {
    try {
      done(null, body === "" ? {} : JSON.parse(String(body)));
    } catch {
      done(Object.assign(new Error("The body is not JSON."), { statusCode: 400 }), undefined);
    }
  });
  // Anything else is read as a form: that is what the API's own clients send.
  server.addContentTypeParser("*", { parseAs: "string" }, (_request, body, done) => done(null, readForm(String(body))));
  const gate: Gate = { inUse: new Set(), overLimit: rateLimiter(world) };
  for (const route of apiRoutes) server.route({ method: route.method, url: route.path, handler: async (request, reply) => answerWith(reply, await handled(world, gate, route, request)) });
  server.setNotFoundHandler(async (request, reply) => answerWith(reply, unknownPath(world, request.method, request.url.split("?")[0] ?? "")));
  return server;
}

function handled(world: World, gate: Gate, route: Route, request: FastifyRequest): Promise<Outgoing> {
  const pathname = request.url.split("?")[0] ?? "";
  const query = request.query as Record<string, unknown>;
  const body = (request.body ?? {}) as Record<string, unknown>;
  const header = (name: string): string | undefined => {
    const value = request.headers[name];
    return Array.isArray(value) ? value[0] : value;
  };
  return handle(world, gate, route, {
    method: request.method, pathname, pathParams: request.params as Record<string, string>, raw: route.method === "POST" ? { ...query, ...body } : { ...body, ...query }, header,
  });
}

/** A bucket that refills with time. @returns whether the limit is passed */
function rateLimiter(world: World): () => boolean {
  let tokens = 0;
  let filledAtMs = -Infinity;
  return () => {
    const { rateLimit } = world.settings;
    if (rateLimit <= 0) return false;
    const now = world.nowMs();
    tokens = Math.min(rateLimit, tokens + ((now - filledAtMs) * rateLimit) / 1000);
    filledAtMs = now;
    if (tokens < 1) return true;
    tokens -= 1;
    return false;
  };
}

async function answerWith(reply: FastifyReply, outgoing: Outgoing): Promise<unknown> {
  switch (outgoing.kind) {
    case "answer":
      return reply.code(outgoing.status).headers(outgoing.headers).type("application/json").send(outgoing.body);
    case "drop":
      reply.hijack();
      reply.raw.socket?.destroy();
      return reply;
    case "hang": {
      reply.hijack();
      const socket = reply.raw.socket;
      const timer = setTimeout(() => socket?.destroy(), outgoing.holdMs);
      socket?.once("close", () => clearTimeout(timer));
      return reply;
    }
  }
  return reply;
}
