import { type IncomingMessage, STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import swagger from "@fastify/swagger";
import { fastify, type RouteOptions } from "fastify";
import { serializerCompiler, type ZodTypeProvider } from "fastify-type-provider-zod";
import type { $ZodType } from "zod/v4/core";
import type { Clock } from "../clock.ts";
import { parseTrustedProxies } from "./client.ts";
import { drain } from "./close.ts";
import { securityHeaders } from "./headers.ts";
import type { Http, HttpLog, HttpOptions, HttpReply, HttpRequest } from "./http.ts";
import { DEFAULT_LIMITS, type HttpLimits } from "./limits.ts";
import { routeMethods } from "./methods.ts";
import { openapiOptions } from "./openapi.ts";
import { connectionProblem, methodNotAllowed, NOT_FOUND, type Problem, problemBody, problemOf, URL_TOO_LONG } from "./problem.ts";
import { requestIds } from "./request-id.ts";
import { compileValidator } from "./validation.ts";

type Headers = Readonly<Record<string, string>>;

function answerProblem(reply: HttpReply, problem: Problem): void {
  void reply.code(problem.status).header("content-type", "application/json; charset=utf-8").send(problemBody(problem, reply.request.id));
}

/** Answers on the bare socket, for what never became a request. */
function onClientError(headers: Headers, nextId: () => string) {
  return (error: { code?: string }, socket: Socket): void => {
    if (error.code === "ECONNRESET" || socket.destroyed) return;
    if (socket.writable) {
      const id = nextId();
      const problem = connectionProblem(error.code);
      const body = problemBody(problem, id);
      const lines = Object.entries({ ...headers, "x-request-id": id, "content-type": "application/json; charset=utf-8", "content-length": String(Buffer.byteLength(body)), connection: "close" });
      socket.write(`HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`);
    }
    socket.destroySoon();
  };
}

/** One line per request: no headers, no query, and the route's pattern instead of the path, which may hold anything. */
function logRequest(log: HttpLog, clock: Clock) {
  return (request: HttpRequest, reply: HttpReply, done: () => void): void => {
    log.info({ request_id: request.id, method: request.method, route: request.routeOptions.url ?? null, status: reply.statusCode, ms: clock.now() - request.startedAt, ip: request.ip }, "request");
    done();
  };
}

function onError(log: HttpLog | undefined, limits: HttpLimits) {
  return (error: unknown, request: HttpRequest, reply: HttpReply): void => {
    // The client is gone: nobody to answer, nothing of ours failed.
    if (request.raw.destroyed && !request.raw.complete) {
      answerProblem(reply, connectionProblem(undefined));
      return;
    }
    const problem = problemOf(error);
    if (problem.log) log?.error({ request_id: request.id, method: request.method, route: request.routeOptions.url ?? null, status: problem.status, err: error }, "request failed");
    const limit = request.routeOptions.bodyLimit ?? limits.bodyBytes;
    answerProblem(reply, problem.status === 413 && problem.text === "the body is too large" ? { ...problem, text: `the body is larger than ${limit} bytes` } : problem);
  };
}

/** What each route gets besides what it says itself. */
function prepareRoute(route: RouteOptions, options: HttpOptions, limits: HttpLimits): void {
  if (route.config?.quiet) return;
  route.handlerTimeout ??= limits.handlerMs;
  if (options.log) route.onResponse = [logRequest(options.log, options.clock), ...[route.onResponse ?? []].flat()];
}

function makeServer(options: HttpOptions, limits: HttpLimits, headers: Headers): Http {
  const ids = requestIds();
  return fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    // A drained server still answers what comes on open connections; the batch that holds it is still there.
    return503OnClosing: false,
    genReqId: ids,
    trustProxy: options.trustedProxies && options.trustedProxies.length > 0 ? parseTrustedProxies(options.trustedProxies) : false,
    routerOptions: { maxParamLength: limits.paramLength },
    http: { headersTimeout: limits.headersMs, requestTimeout: limits.requestMs, connectionsCheckingInterval: limits.checkEveryMs, maxHeaderSize: limits.headerBytes },
    clientErrorHandler: onClientError(headers, () => ids({ headers: {} } as IncomingMessage)),
    frameworkErrors: (error, request, reply) => {
      void reply.headers(headers).header("x-request-id", request.id);
      answerProblem(reply, problemOf(error));
    },
  }).withTypeProvider<ZodTypeProvider>();
}

/**
 * Makes the shell. Add routes, then `listen`; `close` takes no new connection, waits for the requests under way (at most
 * `drainMs`), then resolves.
 */
export async function createHttp(options: HttpOptions): Promise<Http> {
  const limits: HttpLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const headers = securityHeaders(options.tls ?? false);
  const methods = routeMethods();
  const http = makeServer(options, limits, headers);
  http.server.maxConnections = limits.connections;
  http.removeContentTypeParser("text/plain");
  http.setValidatorCompiler<$ZodType>(({ schema, httpPart }) => compileValidator(schema, httpPart ?? "input"));
  http.setSerializerCompiler(serializerCompiler);
  http.setErrorHandler(onError(options.log, limits));
  http.setNotFoundHandler((_request, reply) => answerProblem(reply, NOT_FOUND));
  http.decorateRequest("startedAt", 0);

  http.addHook("onRoute", (route) => {
    methods.add(route.url, [route.method].flat());
    prepareRoute(route, options, limits);
  });
  http.addHook("onRequest", (request, reply, done) => {
    request.startedAt = options.clock.now();
    void reply.headers(headers);
    void reply.header("x-request-id", request.id);
    const url = request.raw.url ?? "/";
    if (url.length > limits.urlBytes) answerProblem(reply, URL_TOO_LONG(limits.urlBytes));
    else if (request.is404) refuse(request, reply, url);
    else done();
  });
  // Before the body is read: an address that does not exist takes no megabyte first.
  const refuse = (request: HttpRequest, reply: HttpReply, url: string): void => {
    if (options.fallback?.(request, reply) === true) return;
    const allowed = methods.at(url.split("?", 1)[0] ?? "/");
    const problem = allowed.length === 0 ? NOT_FOUND : methodNotAllowed(request.method, allowed);
    if (allowed.length > 0) void reply.header("allow", allowed.join(", "));
    options.log?.info({ request_id: request.id, method: request.method, route: null, status: problem.status, ip: request.ip }, "request");
    answerProblem(reply, problem);
  };

  let drained = (): void => {};
  http.addHook("preClose", (done) => {
    drained = drain(http.server, limits.drainMs);
    done();
  });
  http.addHook("onClose", async () => drained());
  await http.register(swagger, openapiOptions(options.version));
  return http;
}
