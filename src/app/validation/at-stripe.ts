import type { Validated, Validation } from "../../health/index.ts";
import { judgeEndpoints, type Finding, type FindingKind, NONE_UNDELIVERED } from "../../ingest/index.ts";
import { PERMISSIONS, type Permission, probePermission, webhookEndpoints } from "../../stripe/index.ts";
import { wantedEndpoint } from "../guard.ts";
import { fail, pass, type ValidationParts, warn } from "./parts.ts";

/** What only Stripe can say: what the key may, and how the endpoint stands. */

const TIMEOUT_MS = 12_000;

function key({ config }: ValidationParts): Validated {
  const secret = config.stripe.secretKey?.reveal();
  if (secret === undefined) return warn("no Stripe key: this runs on the built-in sandbox, and says nothing of your account", "Set STRIPE_SECRET_KEY (or STRIPE_SECRET_LIVE with STRIPE_MODE=live) to a restricted key");
  if (secret.startsWith("sk_")) return warn(`the ${config.stripe.mode} mode key is a full secret key, which may do anything to the account`, "Make a restricted key (rk_…) with the boxes named below at Stripe (Developers, API keys), and set it instead");
  return pass(`a restricted key of ${config.stripe.mode} mode`);
}

function permission(parts: ValidationParts, one: Permission): Validation {
  return {
    name: `permission_${one.id}`,
    area: "Stripe",
    title: `May: ${one.box}, ${one.access}`,
    timeoutMs: TIMEOUT_MS,
    run: async () => {
      const probed = await probePermission(await parts.stripe(), one);
      switch (probed.kind) {
        case "allowed":
          return pass(one.access === "Write" ? "allowed; asked with an id that does not exist, so that nothing was changed" : "allowed; Stripe answered");
        case "denied": {
          const told = `${probed.text}; without it ${one.without}`;
          const tick = `At Stripe (Developers, API keys, the key) set "${one.box}" to ${one.access}`;
          return one.essential ? fail(told, tick) : warn(told, tick);
        }
        case "unknown":
          return one.essential ? fail(`not found out: ${probed.text}`, "See whether Stripe can be reached and knows the key") : warn(`not found out: ${probed.text}`);
      }
    },
  };
}

/** One question to Stripe for all that is said of the endpoint. */
function endpointFindings(parts: ValidationParts): () => Promise<readonly Finding[]> {
  let asked: Promise<readonly Finding[]> | null = null;
  return () => {
    asked ??= (async () => {
      const endpoints = await webhookEndpoints(await parts.stripe()).list();
      return judgeEndpoints({ endpoints, undelivered: NONE_UNDELIVERED, before: null }, wantedEndpoint(parts.config), parts.clock.now());
    })();
    return asked;
  };
}

function endpoint(findings: () => Promise<readonly Finding[]>, name: string, title: string, kind: FindingKind, found: string): Validation {
  return {
    name,
    area: "Webhook endpoint",
    title,
    timeoutMs: TIMEOUT_MS,
    run: async () => {
      const all = await findings();
      const missing = all.find((one) => one.kind === "missing");
      if (missing !== undefined) return fail(missing.text, "Run `tillwatch setup webhook`");
      const of = all.find((one) => one.kind === kind);
      if (of === undefined) return pass(found);
      return of.severity === "critical" ? fail(of.text) : warn(of.text);
    },
  };
}

function webhookSecret({ config }: ValidationParts): Validated {
  const { webhookSecrets } = config.stripe;
  if (config.sandbox && webhookSecrets.length === 0) return pass("the sandbox signs with a secret of its own, made at each start");
  if (webhookSecrets.length === 0) return fail("none: every delivery is refused", "Set STRIPE_WEBHOOK_SECRET to the whsec_… of the endpoint");
  return pass(`${webhookSecrets.length} signing secret(s)`);
}

export function stripeValidations(parts: ValidationParts): Validation[] {
  const findings = endpointFindings(parts);
  return [
    { name: "stripe_key", area: "Stripe", title: "Key", timeoutMs: 1000, run: async () => key(parts) },
    ...PERMISSIONS.map((one) => permission(parts, one)),
    endpoint(findings, "endpoint_registered", "Registered at Stripe", "missing", "Stripe has an endpoint that sends here"),
    endpoint(findings, "endpoint_enabled", "Enabled", "disabled", "Stripe sends to it"),
    endpoint(findings, "endpoint_events", "Listens for the right events", "events_missing", "everything that the books need"),
    endpoint(findings, "endpoint_version", "Pinned API version", "version_differs", "pinned to the version that Tillwatch asks in"),
    { name: "webhook_secret", area: "Webhook endpoint", title: "Signing secret", timeoutMs: 1000, run: async () => webhookSecret(parts) },
  ];
}
