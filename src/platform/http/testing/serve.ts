import { expect, onTestFinished } from "vitest";
import { z } from "zod";
import { virtualClock } from "../../clock.ts";
import { createHttp, type Http, type HttpOptions } from "../index.ts";

export interface Line {
  level: "info" | "error";
  fields: Record<string, unknown>;
}

/** A server on a free port that closes with the test, and what it logged. */
export async function serve(routes: (http: Http, lines: Line[]) => void | Promise<void>, options: Partial<HttpOptions> = {}) {
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

/** A POST of JSON, or of text that claims to be JSON. */
export const json = (body: unknown): RequestInit => ({ method: "POST", headers: { "content-type": "application/json" }, body: typeof body === "string" ? body : JSON.stringify(body) });

/** The body of a failure, once it has the shape and the headers that every failure has. */
export async function failure(response: Response): Promise<{ status: number; error: string; code: string }> {
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toEqual({ ok: false, error: expect.any(String), code: expect.any(String), request_id: response.headers.get("x-request-id") });
  expect(response.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  return { status: response.status, error: String(body["error"]), code: String(body["code"]) };
}

const ECHO = z.object({ name: z.string().max(5), secret: z.string().max(3).optional(), amount: z.union([z.number(), z.string()]).optional() });

/** Three routes with a body, a query and a parameter. */
export const echo = (http: Http): void => {
  http.post("/api/echo", { schema: { body: ECHO } }, (request) => ({ ok: true, name: request.body.name }));
  http.get("/api/list", { schema: { querystring: z.object({ limit: z.coerce.number().int().min(1).default(10), mode: z.enum(["live", "test"]).optional() }) } }, (request) => ({ ok: true, limit: request.query.limit }));
  http.get("/api/things/:id", { schema: { params: z.object({ id: z.string() }) } }, (request) => ({ ok: true, id: request.params.id }));
};
