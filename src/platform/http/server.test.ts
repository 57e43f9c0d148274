import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { z } from "zod";
import { virtualClock } from "../clock.ts";
import { AppError } from "../errors.ts";
import { createHttp, type Http, type HttpOptions, openapiRoute, rawBodyScope } from "./index.ts";

interface Line {
  level: "info" | "error";
  fields: Record<string, unknown>;
}

async function serve(routes: (http: Http, lines: Line[]) => void | Promise<void>, options: Partial<HttpOptions> = {}) {
  const lines: Line[] = [];
  const log = {
    info: (fields: object) => void lines.push({ level: "info", fields: { ...fields } }),
    error: (fields: object) => void lines.push({ level: "error", fields: { ...fields } }),
  };
  const http = await createHttp({ clock: virtualClock(0), version: "1.2.3", log, ...options });
  await routes(http, lines);
  const url = await http.listen({ port: 0, host: "127.0.0.1" });
  onTestFinished(() => http.close());
  return { http, url, lines, port: Number(new URL(url).port) };
}

/** Sends bytes as they are and gives back what came until the server closed. */
async function raw(port: number, bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes);
  return await untilClosed(socket);
}

async function untilClosed(socket: Socket): Promise<string> {
  let text = "";
  socket.on("data", (chunk: Buffer) => {
    text += chunk.toString("latin1");
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.on("close", () => resolve());
  socket.on("error", reject);
  await promise;
  return text;
}

const json = (body: unknown): RequestInit => ({ method: "POST", headers: { "content-type": "application/json" }, body: typeof body === "string" ? body : JSON.stringify(body) });

async function failure(response: Response): Promise<{ status: number; error: string; code: string }> {
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toEqual({ ok: false, error: expect.any(String), code: expect.any(String), request_id: response.headers.get("x-request-id") });
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  return { status: response.status, error: String(body["error"]), code: String(body["code"]) };
}

const echo = (http: Http): void => {
  http.post("/api/echo", { schema: { body: z.object({ name: z.string().max(5), secret: z.string().max(3).optional() }) } }, (request) => ({ ok: true, name: request.body.name }));
  http.get("/api/list", { schema: { querystring: z.object({ limit: z.coerce.number().int().min(1).default(10), mode: z.enum(["live", "test"]).optional() }) } }, (request) => ({ ok: true, limit: request.query.limit }));
  http.get("/api/things/:id", { schema: { params: z.object({ id: z.string() }) } }, (request) => ({ ok: true, id: request.params.id }));
};

describe("the HTTP shell", () => {
  it("gives every answer the security headers and a request id of its own", async () => {
    const { url } = await serve(echo);
    const first = await fetch(`${url}/api/list`);
    expect(Object.fromEntries(first.headers)).toMatchObject({
      "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
      "x-content-type-options": "nosniff",
      "referrer-policy": "no-referrer",
      "cache-control": "no-store",
      "x-request-id": expect.stringMatching(/^[0-9a-f]{12}-1$/),
    });
    expect(first.headers.has("strict-transport-security")).toBe(false);
    const second = await fetch(`${url}/api/list`);
    expect(second.headers.get("x-request-id")).not.toBe(first.headers.get("x-request-id"));
  });

  it("takes a sane request id from the caller and no other", async () => {
    const { url } = await serve(echo);
    const idFor = async (id: string) => (await fetch(`${url}/api/list`, { headers: { "x-request-id": id } })).headers.get("x-request-id");
    expect(await idFor("trace-0123456789")).toBe("trace-0123456789");
    for (const bad of ["short", "a".repeat(65), "with space 12345", "<script>alert(1)"]) expect(await idFor(bad)).not.toBe(bad);
  });

  it("sends HSTS only where it was told that the outside uses HTTPS", async () => {
    const { url } = await serve(echo, { tls: true });
    expect((await fetch(`${url}/api/list`)).headers.get("strict-transport-security")).toBe("max-age=31536000");
  });

  it("lets a route relax a header", async () => {
    const { url } = await serve((http) => void http.get("/app.js", (_request, reply) => reply.header("cache-control", "max-age=60").send("1")));
    expect((await fetch(`${url}/app.js`)).headers.get("cache-control")).toBe("max-age=60");
  });
});

describe("refusals", () => {
  it.each([
    ["an unknown address", "/api/nothing", {}, 404, "not_found"],
    ["another method", "/api/list", { method: "DELETE" }, 405, "method_not_allowed"],
    ["a preflight", "/api/list", { method: "OPTIONS" }, 405, "method_not_allowed"],
    ["malformed JSON", "/api/echo", json('{"name":'), 400, "invalid_json"],
    ["an empty body", "/api/echo", json(""), 400, "invalid_json"],
    ["a prototype in JSON", "/api/echo", json('{"__proto__":{"a":1},"name":"x"}'), 400, "invalid_json"],
    ["another content type", "/api/echo", { method: "POST", headers: { "content-type": "text/plain" }, body: "{}" }, 415, "content_type"],
    ["a form", "/api/echo", { method: "POST", body: new URLSearchParams({ name: "x" }) }, 415, "content_type"],
    ["no object", "/api/echo", json("null"), 400, "invalid_input"],
    ["a missing key", "/api/echo", json({}), 400, "invalid_input"],
    ["a bad query", "/api/list?limit=abc", {}, 400, "invalid_input"],
    ["bad percent-encoding", "/api/things/%ZZ", {}, 400, "invalid_url"],
    ["a long parameter", `/api/things/${"a".repeat(201)}`, {}, 414, "url_too_long"],
    ["a long query", `/api/list?limit=${"1".repeat(5000)}`, {}, 414, "url_too_long"],
    ["a large body", "/api/echo", json({ name: "x".repeat(1024 * 1024) }), 413, "too_large"],
    ["a large body at an unknown address", "/api/nothing", json('{"name":'), 404, "not_found"],
  ])("%s", async (_what, path, init, status, code) => {
    const { url } = await serve(echo);
    expect(await failure(await fetch(url + path, init))).toMatchObject({ status, code });
  });

  it("says which methods an address knows", async () => {
    const { url } = await serve(echo);
    const response = await fetch(`${url}/api/things/7?x=1`, { method: "PUT" });
    expect(response.headers.get("allow")).toBe("GET, HEAD");
    expect((await failure(response)).error).toBe("PUT is not possible here; possible: GET, HEAD");
  });

  it("names key, value and what would be right", async () => {
    const { url } = await serve(echo);
    const error = async (path: string, init: RequestInit = {}) => (await failure(await fetch(url + path, init))).error;
    expect(await error("/api/list?limit=abc")).toBe('limit: must be a number (given "abc")');
    expect(await error("/api/list?limit=0")).toBe('limit: must be at least 1 (given "0")');
    expect(await error("/api/list?mode=prod")).toBe('mode: must be one of live, test (given "prod")');
    expect(await error("/api/echo", json({}))).toBe("name: is missing; must be text");
    expect(await error("/api/echo", json({ name: "x".repeat(1000) }))).toBe(`name: must have at most 5 characters (given "${"x".repeat(40)}…")`);
    expect(await error("/api/echo", json([]))).toBe("body: must be an object (given a list of 0)");
    expect(await error("/api/echo", json({ name: 5 }))).toBe("name: must be text (given 5)");
  });

  it("never repeats a value that may be a secret", async () => {
    const { url } = await serve(echo);
    const bySecretName = await failure(await fetch(`${url}/api/echo`, json({ name: "a", secret: "hunter2" })));
    expect(bySecretName.error).toBe("secret: must have at most 3 characters (given: hidden)");
    const byValue = await failure(await fetch(`${url}/api/echo`, json({ name: "sk_live_abc" })));
    expect(byValue.error).toBe("name: must have at most 5 characters (given: hidden)");
  });

  it("says how large a body may be where the route says another size", async () => {
    const { url } = await serve((http) => void http.post("/api/small", { bodyLimit: 10 }, () => ({ ok: true })));
    expect(await failure(await fetch(`${url}/api/small`, json({ a: "123456789" })))).toMatchObject({ status: 413, error: "the body is larger than 10 bytes" });
  });
});

describe("failures of a handler", () => {
  const failing = (error: unknown) => (http: Http) =>
    void http.get("/api/fail", () => {
      throw error;
    });

  it("shows an AppError with its status and code", async () => {
    const { url, lines } = await serve(failing(new AppError("conflict", "already refunded; nothing is left", { code: "nothing_left" })));
    expect(await failure(await fetch(`${url}/api/fail`))).toEqual({ status: 409, code: "nothing_left", error: "already refunded; nothing is left" });
    expect(lines.filter((line) => line.level === "error")).toEqual([]);
  });

  it("shows an unknown error as nothing more than that, and logs it whole with the request id", async () => {
    const error = new Error("select secret from vault");
    const { url, lines } = await serve(failing(error));
    const response = await fetch(`${url}/api/fail`);
    expect(await failure(response)).toEqual({ status: 500, code: "internal", error: "Internal error" });
    expect(lines.find((line) => line.level === "error")?.fields).toMatchObject({ err: error, request_id: response.headers.get("x-request-id"), route: "/api/fail" });
  });

  it("does not show an internal AppError either", async () => {
    const { url } = await serve(failing(new AppError("internal", "commit answered fewer results than items")));
    expect((await failure(await fetch(`${url}/api/fail`))).error).toBe("Internal error");
  });

  it("answers 503 when the database is away", async () => {
    const { url } = await serve(failing(Object.assign(new Error("connect ECONNREFUSED 10.1.2.3:5432"), { code: "ECONNREFUSED" })));
    expect(await failure(await fetch(`${url}/api/fail`))).toEqual({ status: 503, code: "unavailable", error: "the database cannot be reached" });
  });

  it("answers 503 when the handler takes too long", async () => {
    const { url } = await serve((http) => void http.get("/api/slow", () => new Promise(() => {})), { limits: { handlerMs: 20 } });
    expect(await failure(await fetch(`${url}/api/slow`))).toMatchObject({ status: 503, code: "handler_timeout" });
  });

  it("answers 500, not half a promise, when the answer does not fit its own schema", async () => {
    const { url } = await serve((http) => void http.get("/api/odd", { schema: { response: { 200: z.object({ count: z.number() }) } } }, () => ({ count: "three" }) as never));
    expect(await failure(await fetch(`${url}/api/odd`))).toMatchObject({ status: 500, error: "Internal error" });
  });
});

describe("the log", () => {
  it("has one line per request without headers and query", async () => {
    const { url, lines } = await serve(echo);
    await fetch(`${url}/api/list?limit=3&token=hunter2`, { headers: { "x-dash-key": "hunter2" } });
    await fetch(`${url}/api/list`, { method: "HEAD" });
    await fetch(`${url}/api/hunter2`);
    expect(lines.map(({ fields }) => [fields["method"], fields["route"], fields["status"], fields["ip"]])).toEqual([
      ["GET", "/api/list", 200, "127.0.0.1"],
      ["HEAD", "/api/list", 200, "127.0.0.1"],
      ["GET", null, 404, "127.0.0.1"],
    ]);
    expect(JSON.stringify(lines)).not.toContain("hunter2");
  });

  it("is silent for a quiet route", async () => {
    const { url, lines } = await serve((http) => void http.get("/hot", { config: { quiet: true } }, () => ({ ok: true })));
    await fetch(`${url}/hot`);
    expect(lines).toEqual([]);
  });
});

describe("a raw body", () => {
  const hooks = (seen: unknown[]) => (http: Http) =>
    rawBodyScope(http, 100, (scope) => {
      scope.post("/hook", { config: { quiet: true } }, (request) => {
        seen.push(request.body);
        return { ok: true };
      });
    });

  it.each(["application/json; charset=utf-8", "application/json", "text/plain", "application/octet-stream", undefined])("arrives byte by byte with content type %s", async (type) => {
    const seen: unknown[] = [];
    const { url } = await serve(hooks(seen));
    const bytes = Buffer.from([0x7b, 0x20, 0xff, 0x00, 0x0a, 0x7d]);
    const response = await fetch(`${url}/hook`, { method: "POST", body: bytes, headers: type === undefined ? {} : { "content-type": type } });
    expect(response.status).toBe(200);
    expect(seen).toEqual([bytes]);
  });

  it("has its own limit, and leaves the JSON routes as they are", async () => {
    const seen: unknown[] = [];
    const { url } = await serve(async (http) => {
      await hooks(seen)(http);
      echo(http);
    });
    expect(await failure(await fetch(`${url}/hook`, { method: "POST", body: "x".repeat(101) }))).toMatchObject({ status: 413, error: "the body is larger than 100 bytes" });
    expect(seen).toEqual([]);
    expect(await (await fetch(`${url}/api/echo`, json({ name: "a" }))).json()).toEqual({ ok: true, name: "a" });
  });

  it("is cut off at the limit when its length was not said", async () => {
    const seen: unknown[] = [];
    const { port } = await serve(hooks(seen));
    const answer = await raw(port, `POST /hook HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nc8\r\n${"x".repeat(200)}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(seen).toEqual([]);
  });
});

describe("clients", () => {
  const limits = { headersMs: 100, requestMs: 150, checkEveryMs: 20 };

  it("that send their headers too slowly are cut off with 408", async () => {
    const { port } = await serve(echo, { limits });
    const answer = await raw(port, "POST /api/echo HTTP/1.1\r\nhost: a\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
    expect(answer).toContain("x-content-type-options: nosniff");
  });

  it("that send their body too slowly are cut off", async () => {
    const { port } = await serve(echo, { limits });
    const answer = await raw(port, 'POST /api/echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"name"');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("that send too many headers, or no HTTP, get the same shape", async () => {
    const { port } = await serve(echo);
    const large = await raw(port, `GET /api/list HTTP/1.1\r\nhost: a\r\nx-large: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(large).toMatch(/^HTTP\/1\.1 431 /);
    expect(large).toContain('"code":"headers_too_large"');
    const nonsense = await raw(port, "hello\r\n\r\n");
    expect(nonsense).toMatch(/^HTTP\/1\.1 400 /);
    const body = nonsense.slice(nonsense.indexOf("\r\n\r\n") + 4);
    expect(JSON.parse(body)).toEqual({ ok: false, error: "this is not a valid HTTP request", code: "invalid_http", request_id: expect.any(String) });
  });

  it("that go away in the middle of a body are no error of ours", async () => {
    const { promise: asked, resolve: answer } = Promise.withResolvers<void>();
    const { port, lines, http } = await serve((http) => {
      http.addHook("onRequest", async () => answer());
      echo(http);
    });
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /api/echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{");
    await asked;
    socket.destroy();
    await http.close();
    expect(lines.filter((line) => line.level === "error")).toEqual([]);
  });

  it("are believed about another address only when they are a trusted proxy", async () => {
    const ip = (http: Http) => void http.get("/ip", (request) => ({ ip: request.ip }));
    const ask = async (url: string) => ((await (await fetch(`${url}/ip`, { headers: { "x-forwarded-for": "6.6.6.6, 203.0.113.9" } })).json()) as { ip: string }).ip;
    expect(await ask((await serve(ip)).url)).toBe("127.0.0.1");
    // The nearest address that is no proxy of ours; what stands before it, the client wrote himself.
    expect(await ask((await serve(ip, { trustedProxies: ["127.0.0.0/8"] })).url)).toBe("203.0.113.9");
    await expect(createHttp({ clock: virtualClock(0), version: "1", trustedProxies: ["proxy.local"] })).rejects.toMatchObject({ kind: "invalid", code: "trusted_proxy_invalid" });
  });
});

describe("close", () => {
  it("answers what is under way, then ends although the connection is kept alive", async () => {
    const started = Promise.withResolvers<void>();
    const finish = Promise.withResolvers<void>();
    const { http, url } = await serve(
      (http) =>
        void http.get("/api/work", async () => {
          started.resolve();
          await finish.promise;
          return { ok: true };
        }),
    );
    const answer = fetch(`${url}/api/work`);
    await started.promise;
    const closed = http.close();
    finish.resolve();
    expect((await answer).status).toBe(200);
    await closed;
    await expect(fetch(`${url}/api/work`)).rejects.toThrow();
  });

  it("cuts what does not end in time", async () => {
    const started = Promise.withResolvers<void>();
    const { http, url } = await serve(
      (http) =>
        void http.get("/api/work", () => {
          started.resolve();
          return new Promise(() => {});
        }),
      { limits: { drainMs: 20 } },
    );
    const answer = fetch(`${url}/api/work`).catch(() => "cut");
    await started.promise;
    await http.close();
    expect(await answer).toBe("cut");
  });
});

describe("the OpenAPI document", () => {
  it("is made from the schemas, and is behind its guard", async () => {
    const { url } = await serve((http) => {
      echo(http);
      openapiRoute(http, async (request) => {
        if (request.headers["x-dash-key"] !== "right") throw new AppError("unauthenticated", "no key");
      });
    });
    expect(await failure(await fetch(`${url}/api/openapi.json`))).toMatchObject({ status: 401 });
    const document = (await (await fetch(`${url}/api/openapi.json`, { headers: { "x-dash-key": "right" } })).json()) as Record<string, Record<string, Record<string, unknown>>>;
    expect(document).toMatchObject({
      openapi: "3.1.0",
      info: { version: "1.2.3" },
      security: [{ dashKey: [] }],
      paths: {
        "/api/list": { get: { parameters: expect.arrayContaining([expect.objectContaining({ name: "limit", in: "query" })]) } },
        "/api/echo": { post: { requestBody: { content: { "application/json": { schema: { properties: { name: { type: "string", maxLength: 5 } } } } } } } },
        "/api/things/{id}": { get: { parameters: [{ name: "id", in: "path" }] } },
      },
    });
    expect(JSON.stringify(document["paths"]?.["/api/list"])).toContain("Names the request in our log.");
  });
});
