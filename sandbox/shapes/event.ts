import type { Thing } from "./thing.ts";
import { seconds } from "./thing.ts";
import type { Legacy } from "./version.ts";
import { inVersion } from "./version.ts";

export interface StripeEvent extends Thing {
  object: "event";
  api_version: string;
  created: number;
  data: { object: Thing; previous_attributes?: Record<string, unknown> };
  livemode: boolean;
  pending_webhooks: number;
  request: { id: string | null; idempotency_key: string | null };
  type: string;
  /** Only on events of a connected account. */
  account?: string;
}

/** One thing that happened, before a version and a receiver are chosen for it. */
export interface Happening {
  id: string;
  type: string;
  atMs: number;
  /** In the current shape. */
  object: Thing;
  legacy: Legacy;
  previous: Record<string, unknown> | null;
  request: { id: string | null; idempotency_key: string | null };
  livemode: boolean;
  account: string | null;
}

export function eventShape(happening: Happening, version: string, pendingWebhooks: number): StripeEvent {
  const object = inVersion(happening.object, happening.legacy, version);
  const event: StripeEvent = {
    id: happening.id,
    object: "event",
    api_version: version,
    created: seconds(happening.atMs),
    data: happening.previous === null ? { object } : { object, previous_attributes: happening.previous },
    livemode: happening.livemode,
    pending_webhooks: pendingWebhooks,
    request: happening.request,
    type: happening.type,
  };
  if (happening.account !== null) event.account = happening.account;
  return event;
}

/** Fields of `before` that `after` shows differently, with their old values; null when nothing differs. */
export function previousAttributes(before: Thing, after: Thing): Record<string, unknown> | null {
  const previous: Record<string, unknown> = {};
  let any = false;
  for (const field of Object.keys(after)) {
    const old = before[field];
    if (old === after[field]) continue;
    if (typeof old === "object" && JSON.stringify(old) === JSON.stringify(after[field])) continue;
    previous[field] = old ?? null;
    any = true;
  }
  return any ? previous : null;
}
