import { expect, it } from "vitest";
import { temporaryDirectory } from "./databases.ts";
import { DASHBOARD_KEY, serviceEnvironment, startService } from "./service.ts";

interface OpenApi {
  openapi: string;
  paths: Record<string, Record<string, { security?: unknown[]; responses?: object }>>;
}

/** What the document says needs no key. */
const OPEN = new Set(["GET /healthz", "GET /readyz", "GET /metrics", "POST /api/session"]);

it("every address of the API asks for a key before anything else, and stands in the OpenAPI document", { timeout: 60_000 }, async () => {
  const service = await startService(serviceEnvironment({ DATA_DIR: temporaryDirectory() }));
  const { body } = await service.get("/api/openapi.json");
  const document = body as unknown as OpenApi;
  expect(document.openapi).toBe("3.1.0");
  const operations = Object.entries(document.paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })));
  expect(operations.length).toBeGreaterThan(15);
  const closed = operations.filter(({ method, path }) => !OPEN.has(`${method} ${path}`));
  const answers = await Promise.all(
    closed.map(async ({ method, path }) => {
      const response = await fetch(service.url + path.replaceAll(/\{\w+\}/g, "1"), { method, ...(method === "GET" ? {} : { body: "{", headers: { "content-type": "application/json" } }) });
      const { code } = (await response.json()) as { code?: string };
      return `${method} ${path} ${response.status} ${code}`;
    }),
  );
  expect(answers.filter((answer) => !answer.endsWith(" 401 key_missing"))).toEqual([]);
  expect(JSON.stringify(document)).not.toContain(DASHBOARD_KEY);
});
