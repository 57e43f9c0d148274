import { parseArgs } from "node:util";
import { isVersion } from "./shapes/version.ts";
import type { SandboxOptions } from "./sandbox.ts";

export const HELP = `A stand-in for Stripe's HTTP API, with traffic and signed webhooks.

  node sandbox/main.ts --port 12111 --rate 30 --webhook-url http://127.0.0.1:5000/webhooks/stripe --webhook-secret whsec_local

  --port N              port to listen on; 0 is any free one (12111)
  --host HOST           address to listen on (127.0.0.1)
  --state FILE|memory   where the state is kept (memory)
  --seed N              seed of ids, traffic and faults (1)
  --rate N              new payments a minute, averaged over a day; none when absent
  --flat                every hour as busy as the others
  --day SECONDS         a day's shape and waits pass in this time (86400)
  --utc-offset MINUTES  of the merchant's time zone, for the day's shape (0)
  --history HOURS       this much traffic has already happened at the start (0)
  --decline-rate N      of card attempts, 0 to 1 (0.032)
  --live                traffic is live-mode traffic
  --webhook-url URL     an endpoint that hears of everything; may be repeated
  --webhook-secret S    its secret, one per URL in the same order
  --webhook-version V   the API version the endpoints are pinned to
  --api-version V       the account's API version
  --haste N             waits between delivery attempts are divided by this (1)
  --delivery-timeout MS how long an endpoint may take to answer (10000)
  --connections N       deliveries at once (32)
  --rate-limit N        API requests a second before 429; 0 is no limit (0)
  --check-balance       refuse refunds beyond the available balance
  --restricted-key K=P  a key rk_… and its permissions, comma-separated; may be repeated
  --exit-with-parent    end when standard input closes
  --help

Each can also be set as SANDBOX_<NAME>, e.g. SANDBOX_WEBHOOK_URL. When ready, one line of JSON is printed:
{"event":"ready","url":"http://127.0.0.1:12111","port":12111}. The log is NDJSON on standard error.
`;

export interface CommandLine {
  sandbox: SandboxOptions;
  exitWithParent: boolean;
}

/** A wrong flag or value, told in words. */
export class UsageError extends Error {}

const text = { type: "string" } as const;
const list = { type: "string", multiple: true } as const;
const flag = { type: "boolean" } as const;
const FLAGS = {
  port: text, host: text, state: text, seed: text, rate: text, flat: flag, day: text, "utc-offset": text, history: text, "decline-rate": text, live: flag,
  "webhook-url": list, "webhook-secret": list, "webhook-version": text, "api-version": text, haste: text, "delivery-timeout": text, connections: text,
  "rate-limit": text, "check-balance": flag, "restricted-key": list, "exit-with-parent": flag, help: flag,
};

type Values = Readonly<Record<string, string | boolean | string[] | undefined>>;

/** @throws UsageError @returns null when help was asked for */
export function readCommandLine(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): CommandLine | null {
  const values = { ...fromEnvironment(env), ...fromFlags(argv) };
  if (values["help"] === true) return null;
  const rate = numberOf(values, "rate", 0);
  const decline = numberOf(values, "decline-rate", 0, 1);
  const sandbox: SandboxOptions = {
    port: numberOf(values, "port", 0, 65_535) ?? 12_111,
    host: textOf(values, "host") ?? "127.0.0.1",
    state: textOf(values, "state") ?? "memory",
    seed: textOf(values, "seed") ?? 1,
    webhooks: webhooksOf(values),
    settings: settingsOf(values),
    restrictedKeys: Object.fromEntries(listOf(values, "restricted-key").map(restrictedKey)),
  };
  if (rate !== undefined) {
    sandbox.traffic = {
      ratePerMinute: rate,
      flat: values["flat"] === true,
      dayMs: (numberOf(values, "day", 1) ?? 86_400) * 1000,
      utcOffsetMinutes: numberOf(values, "utc-offset", -1440, 1440) ?? 0,
      historyMs: (numberOf(values, "history", 0) ?? 0) * 3_600_000,
      livemode: values["live"] === true,
      ...(decline === undefined ? {} : { mix: { declineRate: decline } }),
    };
  }
  return { sandbox, exitWithParent: values["exit-with-parent"] === true };
}

function settingsOf(values: Values): NonNullable<SandboxOptions["settings"]> {
  const version = textOf(values, "api-version");
  if (version !== undefined && !isVersion(version)) throw new UsageError(`--api-version is ${version}; it has to look like 2026-10-28.endive or 2020-08-27`);
  const known = {
    apiVersion: version,
    haste: numberOf(values, "haste", 0.001),
    deliveryTimeoutMs: numberOf(values, "delivery-timeout", 1),
    connections: numberOf(values, "connections", 1),
    rateLimit: numberOf(values, "rate-limit", 0),
    checkBalance: values["check-balance"] === true ? true : undefined,
  };
  return Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
}

function webhooksOf(values: Values): NonNullable<SandboxOptions["webhooks"]> {
  const urls = listOf(values, "webhook-url");
  const secrets = listOf(values, "webhook-secret");
  if (urls.length !== secrets.length) throw new UsageError(`there are ${urls.length} --webhook-url and ${secrets.length} --webhook-secret; each URL needs its secret`);
  const version = textOf(values, "webhook-version");
  if (version !== undefined && !isVersion(version)) throw new UsageError(`--webhook-version is ${version}; it has to look like 2026-10-28.endive or 2020-08-27`);
  return urls.map((url, index) => {
    if (!URL.canParse(url)) throw new UsageError(`--webhook-url is ${url}, which is no URL`);
    return { url, secret: secrets[index] ?? "", apiVersion: version ?? null };
  });
}

function restrictedKey(value: string): [string, string[]] {
  const [key = "", permissions = ""] = value.split("=", 2);
  if (!/^rk_(test|live)_/.test(key)) throw new UsageError("--restricted-key has to be rk_test_…=permission,permission or rk_live_…=…");
  return [key, permissions.split(",").filter((one) => one !== "")];
}

function fromFlags(argv: readonly string[]): Values {
  try {
    return parseArgs({ args: [...argv], options: FLAGS, strict: true }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function fromEnvironment(env: Readonly<Record<string, string | undefined>>): Values {
  const values: Record<string, string | boolean | string[]> = {};
  for (const [name, kind] of Object.entries(FLAGS)) {
    const value = env[`SANDBOX_${name.replaceAll("-", "_").toUpperCase()}`];
    if (value === undefined || value === "") continue;
    values[name] = kind === flag ? value === "1" || value === "true" : kind === list ? value.split(" ") : value;
  }
  return values;
}

function textOf(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === "string" ? value : undefined;
}

function listOf(values: Values, name: string): string[] {
  const value = values[name];
  return Array.isArray(value) ? value : [];
}

function numberOf(values: Values, name: string, low: number, high = Infinity): number | undefined {
  const value = textOf(values, name);
  if (value === undefined) return undefined;
  const number = Number(value);
  if (value.trim() === "" || !Number.isFinite(number) || number < low || number > high) {
    throw new UsageError(`--${name} is ${value}; it has to be a number ${high === Infinity ? `of at least ${low}` : `from ${low} to ${high}`}`);
  }
  return number;
}
