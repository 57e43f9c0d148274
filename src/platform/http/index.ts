/** The HTTP shell: one server, one shape of failure, limits on everything, and the OpenAPI document from the schemas. */
export { clientGroup } from "./client.ts";
export type { Guard, Http, HttpLog, HttpOptions, HttpReply, HttpRequest } from "./http.ts";
export { fastPath } from "./fast-path.ts";
export { openapiRoute } from "./openapi.ts";
export { type Answered, askOutside, guardedLookup, isPrivateAddress, type Outgoing } from "./outgoing.ts";
export { limitField, noQuery } from "./query.ts";
export { createHttp } from "./server.ts";
