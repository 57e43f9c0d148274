import { lookup as callbackLookup } from "node:dns";
import { lookup as dnsLookup } from "node:dns/promises";
import { request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { BlockList, isIP, type LookupFunction } from "node:net";
import { performance } from "node:perf_hooks";

/** A request to an address that somebody configured. */
export interface Outgoing {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** From the first look-up to the last byte, ms. */
  readonly timeoutMs: number;
  /** Loopback, private and link-local addresses are asked too. Else they are not, lest a configured URL reach what only this machine may. */
  readonly allowPrivate: boolean;
}

export type Answered =
  /** `body`: the first bytes of it as text. */
  | { readonly kind: "answered"; readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string }
  /** Nobody there, or too slow: may work later. */
  | { readonly kind: "away"; readonly reason: string }
  /** The address is one that is not to be asked. */
  | { readonly kind: "forbidden"; readonly reason: string };

/** More of an answer than this is not read. */
const MOST_BODY = 16 * 1024;

/** What the outside cannot be: RFC 6890's special-purpose networks. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [["0.0.0.0", 8], ["10.0.0.0", 8], ["100.64.0.0", 10], ["127.0.0.0", 8], ["169.254.0.0", 16], ["172.16.0.0", 12], ["192.0.0.0", 24], ["192.168.0.0", 16], ["198.18.0.0", 15], ["224.0.0.0", 4], ["240.0.0.0", 4]] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [["::", 128], ["::1", 128], ["64:ff9b:1::", 48], ["fc00::", 7], ["fe80::", 10], ["ff00::", 8]] as const) {
  PRIVATE.addSubnet(network, prefix, "ipv6");
}

const EMBEDDED = [/^::ffff:(\d+\.\d+\.\d+\.\d+)$/i, /^64:ff9b::(\d+\.\d+\.\d+\.\d+)$/i];
/** The same written in hexadecimal. */
const EMBEDDED_HEX = /^(?:::ffff:|64:ff9b::)([0-9a-f]{1,4}):([0-9a-f]{1,4})$/i;

/** True for an address inside this machine or its networks; one of IPv4 within IPv6 is judged as what it is. */
export function isPrivateAddress(address: string): boolean {
  if (isIP(address) === 4) return PRIVATE.check(address, "ipv4");
  const dotted = EMBEDDED.map((look) => look.exec(address)?.[1]).find((found) => found !== undefined);
  if (dotted !== undefined) return PRIVATE.check(dotted, "ipv4");
  const [, high, low] = EMBEDDED_HEX.exec(address) ?? [];
  if (high !== undefined && low !== undefined) {
    const [upper, lower] = [Number.parseInt(high, 16), Number.parseInt(low, 16)];
    return PRIVATE.check(`${upper >> 8}.${upper & 255}.${lower >> 8}.${lower & 255}`, "ipv4");
  }
  return PRIVATE.check(address, "ipv6");
}

async function addressOf(hostname: string): Promise<{ address: string; family: number } | null> {
  const bare = hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
  const family = isIP(bare);
  if (family !== 0) return { address: bare, family };
  try {
    return await dnsLookup(bare);
  } catch {
    return null;
  }
}

function within<T>(work: Promise<T>, ms: number): Promise<T | null> {
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), ms);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

/**
 * For the agents of a library that asks by itself: looks a name up, and answers none of this machine or its networks
 * unless they are allowed. A host that is an address is not looked up: judge it by `isPrivateAddress` first.
 */
export function guardedLookup(allowPrivate: boolean): LookupFunction {
  return (hostname, options, done) => {
    callbackLookup(hostname, { ...options, all: true }, (error, found) => {
      const [first] = found ?? [];
      if (error !== null || first === undefined) return done(error ?? new Error("its name cannot be looked up"), "", 0);
      if (!allowPrivate && found.some(({ address }) => isPrivateAddress(address))) return done(Object.assign(new Error("the address is inside this machine or its networks"), { code: "EPRIVATE" }), "", 0);
      return options.all === true ? done(null, found) : done(null, first.address, first.family);
    });
  };
}

/**
 * Asks an address that somebody configured: its name is looked up once and that very address is asked (what is checked
 * is what is used), no redirect is followed, no proxy or cookie used, time and size are bounded. Never throws; no text
 * it answers with holds the URL.
 */
export async function askOutside({ method, url, headers, body, timeoutMs, allowPrivate }: Outgoing): Promise<Answered> {
  const began = performance.now();
  const { protocol, hostname, port, pathname, search, host } = new URL(url);
  if (protocol !== "https:" && protocol !== "http:") return { kind: "forbidden", reason: "the address is neither http:// nor https://" };
  const found = await within(addressOf(hostname), timeoutMs);
  if (found === null) return { kind: "away", reason: "its name cannot be looked up" };
  if (!allowPrivate && isPrivateAddress(found.address)) return { kind: "forbidden", reason: "the address is inside this machine or its networks; set allow_private: true if that is meant" };
  const { promise, resolve } = Promise.withResolvers<Answered>();
  const options = {
    method,
    host: found.address,
    family: found.family,
    port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port),
    path: `${pathname}${search}`,
    ...(isIP(hostname) === 0 ? { servername: hostname } : {}),
    headers: { ...headers, host, "user-agent": "Tillwatch", ...(body === null ? {} : { "content-length": String(Buffer.byteLength(body)) }) },
    agent: false,
  } as const;
  const outgoing = (protocol === "https:" ? tlsRequest : plainRequest)(options, (response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const end = (): void => {
      const flat = Object.entries(response.headers).map(([name, value]): [string, string] => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]);
      resolve({ kind: "answered", status: response.statusCode ?? 0, headers: Object.fromEntries(flat), body: Buffer.concat(chunks).toString("utf8").slice(0, MOST_BODY) });
      outgoing.destroy();
    };
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MOST_BODY) end();
    });
    response.on("end", end);
    response.on("error", () => resolve({ kind: "away", reason: "the connection broke" }));
  });
  const timer = setTimeout(() => {
    resolve({ kind: "away", reason: `no answer within ${timeoutMs} ms` });
    outgoing.destroy();
  }, Math.max(1, timeoutMs - (performance.now() - began)));
  outgoing.on("error", (error) => {
    const code = "code" in error && typeof error.code === "string" ? error.code : "";
    resolve({ kind: "away", reason: /CERT|SSL|TLS|SELF_SIGNED/.test(code) ? `its certificate is not accepted (${code})` : `cannot be reached${/^[A-Z_]{3,40}$/.test(code) ? ` (${code})` : ""}` });
  });
  outgoing.end(body ?? undefined);
  const answered = await promise;
  clearTimeout(timer);
  return answered;
}
