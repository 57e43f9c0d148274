import { once } from "node:events";
import { connect } from "node:net";
import { setImmediate } from "node:timers/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { virtualClock } from "../clock.ts";
import { createHttp, type Http } from "./index.ts";
import { rawRequest } from "./testing/raw.ts";
import { echo, serve } from "./testing/serve.ts";

describe("clients", () => {
  const limits = { headersMs: 100, requestMs: 150, checkEveryMs: 20 };

  it("that send their headers too slowly are cut off with 408", async () => {
    const { port } = await serve(echo, { limits });
    const answer = await rawRequest(port, "POST /api/echo HTTP/1.1\r\nhost: a\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain('"code":"request_timeout"');
    expect(answer).toContain("x-content-type-options: nosniff");
  });

  it("that send their body too slowly are cut off", async () => {
    const { port } = await serve(echo, { limits });
    const answer = await rawRequest(port, 'POST /api/echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{"name"');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it("that send too many headers, or no HTTP, get the same shape", async () => {
    const { port } = await serve(echo);
    const large = await rawRequest(port, `GET /api/list HTTP/1.1\r\nhost: a\r\nx-large: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(large).toMatch(/^HTTP\/1\.1 431 /);
    expect(large).toContain('"code":"headers_too_large"');
    const nonsense = await rawRequest(port, "hello\r\n\r\n");
    expect(nonsense).toMatch(/^HTTP\/1\.1 400 /);
    const body = nonsense.slice(nonsense.indexOf("\r\n\r\n") + 4);
    expect(JSON.parse(body)).toEqual({ ok: false, error: "this is not a valid HTTP request", code: "invalid_http", request_id: expect.any(String) });
  });

  it("that go away in the middle of a body are no error of ours", async () => {
    const asked = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const { port, lines } = await serve((http) => {
      http.addHook("preParsing", async () => asked.resolve());
      http.addHook("onError", async () => gone.resolve());
      echo(http);
    });
    const socket = connect(port, "127.0.0.1");
    socket.write("POST /api/echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 50\r\n\r\n{");
    await asked.promise;
    // The parser listens to the body from the next turn on.
    await setImmediate();
    socket.destroy();
    await gone.promise;
    await setImmediate();
    expect(lines.filter((line) => line.level === "error")).toEqual([]);
  });

  it("beyond the limit of connections are turned away", async () => {
    const { port } = await serve(echo, { limits: { connections: 1 } });
    const first = connect(port, "127.0.0.1");
    onTestFinished(() => void first.destroy());
    first.write("GET /api/list HTTP/1.1\r\nhost: a\r\n\r\n");
    await once(first, "data");
    expect(await rawRequest(port, "GET /api/list HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").catch(() => "")).toBe("");
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
    const { http, url, port } = await serve(
      (http) =>
        void http.get("/api/work", async () => {
          started.resolve();
          await finish.promise;
          return { ok: true };
        }),
      // Longer than the test may take: what ends it is that the connection fell idle.
      { limits: { drainMs: 600_000 } },
    );
    // As a client with a pool does: it never closes first.
    const answer = rawRequest(port, "GET /api/work HTTP/1.1\r\nhost: a\r\n\r\n");
    await started.promise;
    const closed = http.close();
    while (http.server.listening) await setImmediate();
    finish.resolve();
    expect(await answer).toMatch(/^HTTP\/1\.1 200 /);
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
