import type { Desk } from "../desk.ts";
import { legacyOf } from "../legacy.ts";
import type { Thing } from "../shapes/thing.ts";
import { inVersion } from "../shapes/version.ts";
import type { WebhookEndpoint } from "../shapes/webhook-endpoint.ts";
import { shownEndpoint } from "../shapes/webhook-endpoint.ts";
import type { Answer } from "./route.ts";
import { badParam } from "./problem.ts";

type Value = Record<string, unknown>;

/** The answer as the asked version shows it, with `expand[]` followed. */
export function render(desk: Desk, answer: Answer, expand: readonly string[], version: string): Value {
  const shown = answer.object === "list" ? { ...answer, data: (answer["data"] as readonly Thing[]).map((one) => show(desk, one, version)) } : show(desk, answer as Thing, version);
  for (const path of expand) follow(desk, shown, path.split("."), path, version);
  return shown;
}

function show(desk: Desk, thing: Thing, version: string): Value {
  if (thing.object === "webhook_endpoint" && "connect" in thing) return shownEndpoint(thing as WebhookEndpoint, false);
  return typeof thing.id === "string" && version < "2025-03-31" ? inVersion(thing, legacyOf(desk, thing), version) : { ...thing };
}

/** Lists that are part of an object only when asked for. */
const INCLUDABLE: Readonly<Record<string, { kind: string; by: "charge" | "invoice" | "payment_intent"; url: (id: string) => string }>> = {
  "charge.refunds": { kind: "refund", by: "charge", url: (id) => `/v1/charges/${id}/refunds` },
  "invoice.payments": { kind: "invoice_payment", by: "invoice", url: (id) => `/v1/invoice_payments?invoice=${id}` },
};

/** Replaces the id at the path by the object, in place: `shown` belongs to this answer alone. */
function follow(desk: Desk, shown: Value, path: readonly string[], whole: string, version: string): void {
  const [field, ...rest] = path;
  if (field === undefined) return;
  const includable = INCLUDABLE[`${String(shown["object"])}.${field}`];
  if (includable !== undefined && shown[field] === undefined) {
    const id = String(shown["id"]);
    const data = desk.all(includable.kind, { [includable.by]: id }).reverse().map((one) => show(desk, one, version));
    shown[field] = { object: "list", data, has_more: false, total_count: data.length, url: includable.url(id) };
  }
  const value = shown[field];
  if (value === undefined) throw badParam(`This property cannot be expanded (${whole}).`, "parameter_unknown", "expand");
  if (typeof value === "string") {
    const found = desk.peek(value);
    if (found === null) throw badParam(`This property cannot be expanded (${whole}).`, "parameter_unknown", "expand");
    shown[field] = show(desk, found, version);
  }
  descend(desk, shown, field, rest, whole, version);
}

function descend(desk: Desk, shown: Value, field: string, rest: readonly string[], whole: string, version: string): void {
  const value = shown[field];
  if (rest.length === 0 || value === null || typeof value !== "object") return;
  if (!Array.isArray(value)) {
    const copy = { ...(value as Value) };
    shown[field] = copy;
    follow(desk, copy, rest, whole, version);
    return;
  }
  const copies = value.map((one) => ({ ...(one as Value) }));
  shown[field] = copies;
  for (const copy of copies) follow(desk, copy, rest, whole, version);
}
