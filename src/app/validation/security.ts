import { isIP } from "node:net";
import { listKeys } from "../../access/index.ts";
import type { Validated, Validation } from "../../health/index.ts";
import { DAY_MS } from "../../platform/index.ts";
import { fail, pass, type ValidationParts, warn } from "./parts.ts";

/** Secrets, keys, and the way in. */

/**
 * Bits that somebody who knows how the secret was written would have to guess: its length times what one of its
 * characters says by Shannon's entropy. An upper bound: words and dates are easier still.
 */
export function guessBits(secret: string): number {
  const counts = new Map<string, number>();
  let length = 0;
  for (const character of secret) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
    length += 1;
  }
  let bits = 0;
  for (const count of counts.values()) bits -= (count / length) * Math.log2(count / length);
  return bits * length;
}

/** 24 random characters of hex; nobody guesses that online. */
const STRONG_BITS = 80;

function weak(secret: string): string | null {
  if (guessBits(secret) < STRONG_BITS) return "few different characters for its length, or short";
  return /(password|secret|admin|dashboard|changeme|tillwatch|qwerty|12345)/i.test(secret) ? "contains a word that is tried first" : null;
}

function dashboardKey({ config }: ValidationParts): Validated {
  if (config.dashboardKey === null) return pass("DASHBOARD_KEY is not set: the key was made at first start, 256 random bits, stored as a hash");
  const trouble = weak(config.dashboardKey.reveal());
  return trouble === null ? pass("DASHBOARD_KEY is long and irregular enough that nobody guesses it") : warn(`DASHBOARD_KEY could be guessed: ${trouble}`, "Set DASHBOARD_KEY to the output of `openssl rand -hex 24`");
}

function signingSecrets({ config }: ValidationParts): Validated {
  const all = [...config.stripe.webhookSecrets.map(({ endpoint, secret }) => ({ name: `STRIPE_WEBHOOK_SECRET (${endpoint})`, secret })), ...config.stripe.forwardSecrets.map(({ endpoint, secret }) => ({ name: `FORWARD_SECRET (${endpoint})`, secret }))];
  const trouble = all.flatMap(({ name, secret }) => {
    const why = weak(secret.reveal().replace("whsec_", ""));
    return why === null ? [] : [`${name}: ${why}`];
  });
  if (trouble.length > 0) return warn(`${trouble.length} of ${all.length} signing secrets could be guessed; who guesses one can make up payments`, ...trouble, "Take the secret that Stripe shows for the endpoint, or `openssl rand -hex 32` behind whsec_ for your own");
  return all.length === 0 ? pass("none is configured") : pass(`${all.length} signing secret(s), none that could be guessed`);
}

const OLD_DAYS = 365;

async function accessKeys({ db, clock }: ValidationParts): Promise<Validated> {
  const now = clock.now();
  const active = (await listKeys(db.read)).filter((key) => key.revokedAt === null && (key.expiresAt === null || key.expiresAt > now));
  const idle = active.filter((key) => now - (key.lastUsedAt ?? key.createdAt) > 90 * DAY_MS);
  const old = active.filter((key) => key.role === "admin" && key.expiresAt === null && now - key.createdAt > OLD_DAYS * DAY_MS);
  const names = (keys: readonly { name: string }[]): string => keys.slice(0, 5).map(({ name }) => name).join(", ");
  if (idle.length > 0) return warn(`${idle.length} key(s) not used for 90 days still open the door: ${names(idle)}`, "Revoke those nobody misses: `tillwatch keys list`, `tillwatch keys revoke ID`");
  if (old.length > 0) return warn(`${old.length} admin key(s) older than a year: ${names(old)}`, "Make new ones (`tillwatch keys create`) and revoke the old");
  return pass(`${active.length} active key(s), all in use`);
}

function isLocal(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function tls({ config }: ValidationParts): Validated {
  const { host, publicUrl, trustedProxies } = config.server;
  const live = config.stripe.mode === "live";
  if (publicUrl?.startsWith("https://") === true) {
    if (!isLocal(host) && trustedProxies.length === 0) return warn(`people come by ${publicUrl}, and the port is open beside it (${host}), where keys cross the network readable`, "Let only the proxy reach the port: HOST=127.0.0.1, or a firewall; and name the proxy in server.trusted_proxies");
    if (trustedProxies.length === 0) return warn("behind a proxy that is not named: limits count all clients as one", "Name the proxy in server.trusted_proxies, such as 127.0.0.1");
    return pass(`HTTPS by a proxy at ${publicUrl}; browsers are told to keep to it`);
  }
  if (publicUrl !== null) return (live ? fail : warn)(`server.public_url is ${publicUrl}: keys cross the network readable`, "Put a proxy with a certificate before it (Caddy, nginx, a load balancer), and set server.public_url to its https:// address");
  if (isLocal(host)) return warn("only this machine can reach the service, and no public address is configured: Stripe cannot deliver, and notices cannot link here", "Put a proxy with a certificate before it, and set server.public_url to its https:// address");
  return (live ? fail : warn)(`it listens on ${host} without TLS: keys cross the network readable`, "Set HOST=127.0.0.1 and put a proxy with a certificate before it; set server.public_url");
}

/** Calls the address under which people and Stripe come. */
async function publicAddress({ config }: ValidationParts, signal: AbortSignal): Promise<Validated> {
  const { publicUrl } = config.server;
  if (publicUrl === null) return warn("server.public_url is not set, so it cannot be called", "Set it to the address under which people and Stripe reach the service");
  try {
    const response = await fetch(`${publicUrl}/healthz`, { signal, redirect: "manual", headers: { "user-agent": "Tillwatch validation" } });
    const text = (await response.text()).slice(0, 200);
    if (response.ok && text.includes('"ok":true')) return pass(`${publicUrl}/healthz answers${publicUrl.startsWith("https:") ? ", and its certificate is good" : ""}`);
    return warn(`${publicUrl}/healthz answers ${response.status}, and not as Tillwatch does`, "See where the proxy sends /healthz, /api and /webhooks/stripe; a redirect counts as a failed delivery at Stripe");
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error && "code" in error.cause ? String(error.cause.code) : "no answer in time";
    return warn(`${publicUrl} cannot be reached from this machine (${cause})`, "See DNS, firewall and certificate; if it can only be reached from outside, check it from there");
  }
}

export function securityValidations(parts: ValidationParts): Validation[] {
  const area = "Security";
  return [
    { name: "dashboard_key", area, title: "Admin key", timeoutMs: 1000, run: async () => dashboardKey(parts) },
    { name: "signing_secrets", area, title: "Signing secrets", timeoutMs: 1000, run: async () => signingSecrets(parts) },
    { name: "access_keys", area, title: "Further keys", timeoutMs: 5000, run: () => accessKeys(parts) },
    { name: "tls", area, title: "TLS or proxy", timeoutMs: 1000, run: async () => tls(parts) },
    { name: "public_address", area, title: "Public address answers", timeoutMs: 6000, run: (signal) => publicAddress(parts, signal) },
  ];
}
