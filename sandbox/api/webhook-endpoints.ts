import type { Desk } from "../desk.ts";
import { seconds } from "../shapes/thing.ts";
import type { WebhookEndpoint } from "../shapes/webhook-endpoint.ts";
import { shownEndpoint } from "../shapes/webhook-endpoint.ts";
import { isVersion } from "../shapes/version.ts";
import { unlessSent } from "./customers.ts";
import type { Params } from "./params.ts";
import { badParam } from "./problem.ts";
import type { Route } from "./route.ts";
import { idOf, listOf, route } from "./route.ts";

export const webhookEndpointRoutes: readonly Route[] = [
  route("POST", "/v1/webhook_endpoints", "webhook", ({ desk, params }) => {
    const version = params.text("api_version") ?? null;
    if (version !== null && !isVersion(version)) throw badParam(`Invalid API version: ${version}`, "parameter_invalid_string", "api_version");
    const endpoint: WebhookEndpoint = {
      id: desk.id("we"), object: "webhook_endpoint", api_version: version, application: null, created: seconds(desk.nowMs), description: params.textOrUnset("description") ?? null,
      enabled_events: typesFrom(params) ?? [], livemode: desk.merchant.livemode, metadata: params.metadata(), status: "enabled", url: urlFrom(params),
      secret: `whsec_${desk.world.random.alphanumeric(32)}`, connect: params.flag("connect") ?? false, failing_since: null,
    };
    if (endpoint.enabled_events.length === 0) throw params.absent("enabled_events");
    params.done();
    // Only this once the secret is told.
    return shownEndpoint(keep(desk, endpoint), true);
  }),
  route("GET", "/v1/webhook_endpoints", "webhook", (call) => listOf(call, "webhook_endpoint", "/v1/webhook_endpoints", {})),
  route("GET", "/v1/webhook_endpoints/:id", "webhook", (call) => call.desk.find<WebhookEndpoint>("webhook_endpoint", idOf(call))),
  route("POST", "/v1/webhook_endpoints/:id", "webhook", (call) => {
    const { desk, params } = call;
    const before = desk.find<WebhookEndpoint>("webhook_endpoint", idOf(call));
    const disabled = params.flag("disabled");
    const after: WebhookEndpoint = {
      ...before,
      description: unlessSent(params.textOrUnset("description"), before.description),
      enabled_events: typesFrom(params) ?? before.enabled_events,
      metadata: params.metadata(before.metadata),
      url: params.has("url") ? urlFrom(params) : before.url,
      status: disabled === undefined ? before.status : disabled ? "disabled" : "enabled",
      failing_since: disabled === false ? null : before.failing_since,
    };
    params.done();
    return keep(desk, after);
  }),
  route("DELETE", "/v1/webhook_endpoints/:id", "webhook", (call) => {
    call.params.done();
    const endpoint = call.desk.find<WebhookEndpoint>("webhook_endpoint", idOf(call));
    call.desk.world.objects.remove(call.desk.scope, endpoint.id);
    call.desk.world.endpoints.clear();
    return { id: endpoint.id, object: "webhook_endpoint", deleted: true };
  }),
];

/** Every change of an endpoint goes through here: the list of who hears of what is made anew. */
function keep(desk: Desk, endpoint: WebhookEndpoint): WebhookEndpoint {
  desk.world.endpoints.clear();
  return desk.save(endpoint);
}

function typesFrom(params: Params): string[] | undefined {
  return params.texts("enabled_events");
}

function urlFrom(params: Params): string {
  const url = params.requiredText("url");
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed === null || !["http:", "https:"].includes(parsed.protocol)) throw badParam("Invalid URL: URL must be http or https.", "url_invalid", "url");
  return url;
}
