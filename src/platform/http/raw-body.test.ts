import { describe, expect, it } from "vitest";
import { type Http, rawBodyScope } from "./index.ts";
import { rawRequest } from "./testing/raw.ts";
import { echo, failure, json, serve } from "./testing/serve.ts";

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
    const answer = await rawRequest(port, `POST /hook HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\nc8\r\n${"x".repeat(200)}\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(seen).toEqual([]);
  });
});
