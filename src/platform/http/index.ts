/** The HTTP shell: one server, one shape of failure, limits on everything, and the OpenAPI document from the schemas. */
export { clientGroup } from "./client.ts";
export type { Guard, Http, HttpLog, HttpOptions, HttpReply, HttpRequest } from "./http.ts";
export { openapiRoute } from "./openapi.ts";
export { rawBodyScope } from "./raw-body.ts";
export { createHttp } from "./server.ts";
