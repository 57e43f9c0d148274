import { describe, expect, it } from "vitest";
import { z } from "zod";
import { AppError } from "../errors.ts";
import { type Http, openapiRoute } from "./index.ts";
import { echo, failure, serve } from "./testing/serve.ts";

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
      security: [{ dashKey: [] }, { session: [] }],
      paths: {
        "/api/list": { get: { parameters: expect.arrayContaining([expect.objectContaining({ name: "limit", in: "query" })]) } },
        "/api/echo": { post: { requestBody: { content: { "application/json": { schema: { properties: { name: { type: "string", maxLength: 5 } } } } } } } },
        "/api/things/{id}": { get: { parameters: [{ name: "id", in: "path" }] } },
      },
    });
    expect(JSON.stringify(document["paths"]?.["/api/list"])).toContain("Names the request in our log.");
  });
});
