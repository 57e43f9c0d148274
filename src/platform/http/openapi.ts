import type { FastifyDynamicSwaggerOptions, SwaggerTransform } from "@fastify/swagger";
import { jsonSchemaTransform, jsonSchemaTransformObject } from "fastify-type-provider-zod";
import type { Guard, Http } from "./http.ts";

const FAILURE = {
  type: "object",
  required: ["ok", "error", "code", "request_id"],
  properties: {
    ok: { const: false },
    error: { type: "string", description: "What was wrong and what would be right." },
    code: { type: "string", description: "Stable and machine-readable." },
    request_id: { type: "string", description: "Names the request in our log." },
  },
};

/** Every operation may fail, and every failure has one shape: said here once instead of in each route. */
const withFailure: SwaggerTransform = (document) => {
  const { schema, url } = jsonSchemaTransform(document);
  if (schema?.hide) return { schema, url };
  const response = (schema?.response ?? { 200: { type: "object" } }) as Record<string, unknown>;
  return { schema: { ...schema, response: { ...response, default: { description: "Failure", content: { "application/json": { schema: FAILURE } } } } }, url };
};

/** OpenAPI 3.1 from the same schemas that check the requests. Routes without a key say `security: []` in their schema. */
export function openapiOptions(version: string): FastifyDynamicSwaggerOptions {
  return {
    openapi: {
      openapi: "3.1.0",
      info: { title: "Tillwatch", version, description: "Payments operations for teams on Stripe." },
      components: { securitySchemes: { dashKey: { type: "apiKey", in: "header", name: "X-Dash-Key" }, session: { type: "apiKey", in: "cookie", name: "tillwatch" } } },
      security: [{ dashKey: [] }, { session: [] }],
    },
    convertConstToEnum: false,
    transform: withFailure,
    transformObject: jsonSchemaTransformObject,
  };
}

/** `GET /api/openapi.json`, behind a key like all of `/api`. The document is made once, when first asked for. */
export function openapiRoute(http: Http, guard: Guard): void {
  let document: string | null = null;
  http.get("/api/openapi.json", { onRequest: guard, schema: { summary: "This document", tags: ["service"] } }, (_request, reply) => {
    document ??= JSON.stringify(http.swagger());
    void reply.type("application/json; charset=utf-8").send(document);
  });
}
