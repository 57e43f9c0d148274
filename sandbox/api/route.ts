import type { Desk } from "../desk.ts";
import type { Thing } from "../shapes/thing.ts";
import type { Filter, Page } from "../state/objects.ts";
import type { Params } from "./params.ts";
import { badParam, missing } from "./problem.ts";

/** One request, as a route sees it. */
export interface Call {
  desk: Desk;
  params: Params;
  /** The `:id` (and the like) of the path. */
  path: Readonly<Record<string, string>>;
  /** The API version asked for. */
  version: string;
}

/** A route is one synchronous piece of work in one transaction; what it throws undoes it, unless it says otherwise. */
export interface Route {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /** The part of `rak_…_read` or `rak_…_write` between the two. */
  permission: string;
  run: (call: Call) => Answer;
}

export type Answer = Thing | ListAnswer | Bare;

export interface ListAnswer {
  object: "list";
  data: readonly Thing[];
  has_more: boolean;
  url: string;
}

/** An object without an id: the balance. */
interface Bare {
  object: "balance";
  [field: string]: unknown;
}

export function route(method: Route["method"], path: string, permission: string, run: Route["run"]): Route {
  return { method, path, permission, run };
}

export function idOf(call: Call): string {
  return call.path["id"] ?? "";
}

/** `limit` (1 to 100, default 10) and the two cursors. */
export function pageOf(params: Params): Page {
  const limit = params.integer("limit", 1) ?? 10;
  const startingAfter = params.text("starting_after") ?? null;
  const endingBefore = params.text("ending_before") ?? null;
  if (limit > 100) throw badParam("This value must be less than or equal to 100.", "parameter_invalid_integer", "limit");
  return { limit, startingAfter, endingBefore };
}

/** One page of a kind, newest first. Reads the paging parameters and refuses unknown ones. */
export function listOf(call: Call, kind: string, url: string, filter: Filter): ListAnswer {
  const page = pageOf(call.params);
  call.params.done();
  const found = call.desk.world.objects.list(call.desk.scope, kind, filter, page);
  if (found === null) throw missing(kind, page.startingAfter ?? page.endingBefore ?? "", page.startingAfter === null ? "ending_before" : "starting_after");
  return { object: "list", data: found.things, has_more: found.hasMore, url };
}

/** The filters most lists share, taken from the request when they were sent. */
export function filterFrom(params: Params, ...fields: ("customer" | "payment_intent" | "charge" | "invoice" | "status")[]): Filter {
  const filter: Filter = { created: params.range("created") };
  for (const field of fields) {
    const value = params.text(field);
    if (value !== undefined) filter[field] = value;
  }
  return filter;
}
