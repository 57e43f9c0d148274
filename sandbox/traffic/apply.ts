import type { Moment } from "./stream.ts";
import type { Thing } from "../shapes/thing.ts";
import type { Scope } from "../state/objects.ts";
import type { World } from "../world.ts";
import { record } from "../world.ts";

/**
 * Enters a moment of the traffic into the state, so that the API can list, refund and dispute what traffic made.
 * A payment the API has changed belongs to the API from then on: the rest of its made-up story is left out.
 */
export function applyMoment(world: World, scope: Scope, moment: Moment): void {
  for (const thing of moment.silent) if (!isTaken(world, scope, thing)) world.objects.put(scope, thing, false);
  for (const happening of moment.happenings) {
    if (isTaken(world, scope, happening.object)) continue;
    world.objects.put(scope, happening.object, false);
    record(world, scope, happening);
  }
}

/** A thing is taken when it, or the payment it belongs to, was changed through the API. */
function isTaken(world: World, scope: Scope, thing: Thing): boolean {
  for (const id of [thing.id, thing["payment_intent"], thing["charge"], thing["source"], thing["latest_charge"], thing["invoice"]]) {
    if (typeof id === "string" && world.objects.isTouched(scope, id)) return true;
  }
  return false;
}
