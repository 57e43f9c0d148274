import type { Metadata, Thing } from "./thing.ts";

/** As stored: `secret` and `connect` are never shown again after creation. */
export interface WebhookEndpoint extends Thing {
  object: "webhook_endpoint";
  api_version: string | null;
  created: number;
  description: string | null;
  enabled_events: readonly string[];
  livemode: boolean;
  metadata: Metadata;
  status: "enabled" | "disabled";
  url: string;
  secret: string;
  connect: boolean;
  /** When the failing began that has not ended since; null while deliveries succeed. */
  failing_since: number | null;
}

export function shownEndpoint(endpoint: WebhookEndpoint, withSecret: boolean): Thing {
  const { secret, connect: _connect, failing_since: _failing, ...shown } = endpoint;
  return withSecret ? { ...shown, secret } : shown;
}
