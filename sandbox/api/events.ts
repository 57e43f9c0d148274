import { eventShape } from "../shapes/event.ts";
import type { Call, ListAnswer, Route } from "./route.ts";
import { idOf, pageOf, route } from "./route.ts";
import { badParam, missing } from "./problem.ts";

/** Stripe keeps events this long. */
export const EVENT_LIFE_MS = 30 * 86_400_000;

export const eventRoutes: readonly Route[] = [
  route("GET", "/v1/events", "event", list),
  route("GET", "/v1/events/:id", "event", (call) => {
    call.params.done();
    const found = call.desk.world.events.get(call.desk.scope, idOf(call));
    if (found === null || found.happening.atMs < call.desk.nowMs - EVENT_LIFE_MS) throw missing("event", idOf(call), "id");
    return eventShape(found.happening, call.desk.world.settings.apiVersion, found.pendingWebhooks);
  }),
];

function list({ desk, params }: Call): ListAnswer {
  const type = params.text("type");
  const types = params.texts("types") ?? [];
  if (type !== undefined && types.length > 0) throw badParam("You may only specify one of these parameters: type, types.", "parameter_invalid_string", "type");
  if (types.length > 20) throw badParam("You may specify at most 20 types.", "parameter_invalid_string", "types");
  const created = params.range("created");
  const success = params.flag("delivery_success") ?? null;
  const page = pageOf(params);
  params.done();
  const oldest = Math.floor((desk.nowMs - EVENT_LIFE_MS) / 1000);
  const filter = { types: type === undefined ? types : [type], created: { ...created, gte: Math.max(created.gte ?? 0, oldest) }, deliverySuccess: success };
  const found = desk.world.events.list(desk.scope, filter, page);
  if (found === null) throw missing("event", page.startingAfter ?? page.endingBefore ?? "", page.startingAfter === null ? "ending_before" : "starting_after");
  const version = desk.world.settings.apiVersion;
  return { object: "list", data: found.events.map((one) => eventShape(one.happening, version, one.pendingWebhooks)), has_more: found.hasMore, url: "/v1/events" };
}
