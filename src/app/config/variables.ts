import { z } from "zod";
import { dashboardKeyTrouble } from "../../access/index.ts";
import { type Binding, Secret } from "../../platform/index.ts";

/** What is configured by the environment: what stands above a key of the file, and what never stands in a file. */

export const bindings: readonly Binding[] = [
  { variable: "PORT", path: "server.port", as: "integer" },
  { variable: "HOST", path: "server.host", as: "text" },
  { variable: "STRIPE_MODE", path: "stripe.mode", as: "text" },
  { variable: "STRIPE_API_BASE", path: "stripe.api_base", as: "text" },
  { variable: "DATA_DIR", path: "storage.data_dir", as: "text" },
  { variable: "LOG_DIR", path: "storage.log_dir", as: "text" },
];

const dashboardKey = z.string().transform((key, context) => {
  const trouble = dashboardKeyTrouble(key);
  if (trouble === null) return new Secret(key);
  context.issues.push({ code: "custom", message: trouble.text, input: key });
  return z.NEVER;
});

export type StripeMode = "test" | "live";

/** What is wrong with a Stripe key for this mode, in words that hold nothing of it; null when it is right. */
function stripeKeyTrouble(key: string, mode: StripeMode): string | null {
  const variable = mode === "live" ? "STRIPE_SECRET_LIVE" : "STRIPE_SECRET_KEY";
  const right = `${variable} takes a ${mode} mode secret key (sk_${mode}_… or, better, a restricted rk_${mode}_…)`;
  if (key.startsWith("pk_")) return `this is a publishable key (pk_…), which is meant for browsers and can do nothing here; ${right}`;
  if (key.startsWith("whsec_")) return `this is a webhook signing secret, which belongs into STRIPE_WEBHOOK_SECRET; ${right}`;
  const other = mode === "live" ? "test" : "live";
  if (new RegExp(`^[sr]k_${other}_`).test(key)) return `this is a ${other} mode key; ${right}`;
  if (!new RegExp(`^[sr]k_${mode}_[A-Za-z0-9_]{1,250}$`).test(key)) return `this does not look like a key of Stripe; ${right}`;
  return null;
}

function stripeKey(mode: StripeMode) {
  return z.string().transform((key, context) => {
    const trouble = stripeKeyTrouble(key, mode);
    if (trouble === null) return new Secret(key);
    context.issues.push({ code: "custom", message: trouble, input: key });
    return z.NEVER;
  });
}

/** A signing secret, and the name of the endpoint it belongs to. Several with one name: a secret that is being rolled. */
export interface WebhookSecret {
  endpoint: string;
  secret: Secret;
}

const MAX_WEBHOOK_SECRETS = 20;

function webhookSecretTrouble(parts: readonly string[]): string | null {
  const right = "give whsec_…, or several separated by commas, each with the endpoint's name before it if there is more than one endpoint (shop=whsec_…,connect=whsec_…)";
  if (parts.length > MAX_WEBHOOK_SECRETS) return `more than ${MAX_WEBHOOK_SECRETS} secrets; remove those that are no longer used`;
  for (const [index, part] of parts.entries()) {
    const secret = part.replace(/^[a-z0-9][a-z0-9_-]{0,39}=(?=.)/i, "");
    const which = parts.length === 1 ? "it" : `number ${index + 1}`;
    if (part === "") return `${which} is empty; ${right}`;
    if (/^[sprk]{2}_/.test(secret)) return `${which} is an API key, not a webhook signing secret; ${right}`;
    if (!/^whsec_[\x21-\x2b\x2d-\x7e]{1,250}$/.test(secret)) return `${which} is not a webhook signing secret; ${right}`;
  }
  const secrets = parts.map((part) => part.slice(part.indexOf("whsec_")));
  return new Set(secrets).size < secrets.length ? "the same secret stands there twice; name each once" : null;
}

const webhookSecrets = z.string().transform((list, context): WebhookSecret[] => {
  const parts = list.split(",").map((part) => part.trim());
  const trouble = webhookSecretTrouble(parts);
  if (trouble !== null) {
    context.issues.push({ code: "custom", message: trouble, input: list });
    return z.NEVER;
  }
  return parts.map((part) => {
    const at = part.indexOf("whsec_");
    return { endpoint: at === 0 ? "default" : part.slice(0, at - 1), secret: new Secret(part.slice(at)) };
  });
});

/** Where PostgreSQL is; the `schema` of the address is ours and not sent to it. */
interface PostgresAddress {
  url: Secret;
  schema: string;
}

const DATABASE_URL_RIGHT = "give postgres://user:password@host:5432/database, with ?schema=name behind it for a schema other than public, or unset it for the embedded database";

const databaseUrl = z.string().transform((given, context): PostgresAddress => {
  const refuse = (message: string): never => {
    context.issues.push({ code: "custom", message: `${message}; ${DATABASE_URL_RIGHT}`, input: given });
    return z.NEVER;
  };
  const url = URL.parse(given);
  if (url === null) return refuse("it is no address");
  if (url.protocol !== "postgres:" && url.protocol !== "postgresql:") return refuse(`a ${url.protocol}// database is not supported`);
  const schema = url.searchParams.get("schema");
  // 8 less than PostgreSQL allows, so that the sandbox's own schema has a name too.
  if (schema !== null && !/^[a-z_][a-z0-9_]{0,54}$/.test(schema)) return refuse("the schema's name must be of small letters, digits and _, at most 55");
  if (schema?.startsWith("pg_")) return refuse("schemas named pg_… belong to PostgreSQL");
  url.searchParams.delete("schema");
  return { url: new Secret(schema === null ? given : url.href), schema: schema ?? "public" };
});

/** Whoever knows it can make a dead service look alive: a secret. */
const watchdogUrl = z.string().transform((given, context) => {
  const url = URL.parse(given.trim());
  if (url !== null && (url.protocol === "https:" || url.protocol === "http:") && url.search === "" && url.hash === "") return new Secret(url.href);
  context.issues.push({ code: "custom", message: "it is no address to ping; give one such as https://hc-ping.com/<id>, without query or fragment", input: given });
  return z.NEVER;
});

/** Those of Amazon's own tools, which may be there for something else: looked at only when backup.s3 is. */
const amazonSecret = z
  .string()
  .trim()
  .max(4096)
  .transform((value) => (value === "" ? null : new Secret(value)))
  .optional();

export const variablesSchema = z.object({
  DASHBOARD_KEY: dashboardKey.optional(),
  STRIPE_SECRET_KEY: stripeKey("test").optional(),
  STRIPE_SECRET_LIVE: stripeKey("live").optional(),
  STRIPE_WEBHOOK_SECRET: webhookSecrets.optional(),
  FORWARD_SECRET: webhookSecrets.optional(),
  DATABASE_URL: databaseUrl.optional(),
  WATCHDOG_URL: watchdogUrl.optional(),
  SMTP_PASSWORD: z
    .string()
    .min(1, { error: "it is empty; give the password of the mail server, or unset it" })
    .max(1000)
    .transform((password) => new Secret(password))
    .optional(),
  PRICING_WORDS_KEY: z
    .string()
    .regex(/^[!-~]{8,1000}$/, { error: "it is no key of a language model's endpoint; give 8 to 1000 characters without blanks, or unset it where none is asked for" })
    .transform((key) => new Secret(key))
    .optional(),
  BACKUP_KEY: z
    .string()
    .min(16, { error: "it is shorter than 16 characters; make one with: openssl rand -base64 32" })
    .max(1000)
    .transform((key) => new Secret(key))
    .optional(),
  AWS_ACCESS_KEY_ID: amazonSecret,
  AWS_SECRET_ACCESS_KEY: amazonSecret,
  AWS_SESSION_TOKEN: amazonSecret,
});

export type Variables = z.output<typeof variablesSchema>;

export const secretVariables: readonly string[] = Object.keys(variablesSchema.shape);
