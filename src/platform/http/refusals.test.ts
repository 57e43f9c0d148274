import { describe, expect, it } from "vitest";
import { echo, failure, json, serve } from "./testing/serve.ts";

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
    expect(await error("/api/echo", json({ name: "a", amount: true }))).toBe("amount: must be a number or must be text (given true)");
  });

  it("never repeats a value that may be a secret", async () => {
    const { url } = await serve(echo);
    const bySecretName = await failure(await fetch(`${url}/api/echo`, json({ name: "a", secret: "hunter2" })));
    expect(bySecretName.error).toBe("secret: must have at most 3 characters (given: hidden)");
    const byValue = await failure(await fetch(`${url}/api/echo`, json({ name: "sk_live_abcdef123" })));
    expect(byValue.error).toBe("name: must have at most 5 characters (given: hidden)");
  });

  it("says how large a body may be where the route says another size", async () => {
    const { url } = await serve((http) => void http.post("/api/small", { bodyLimit: 10 }, () => ({ ok: true })));
    expect(await failure(await fetch(`${url}/api/small`, json({ a: "123456789" })))).toMatchObject({ status: 413, error: "the body is larger than 10 bytes" });
  });
});
