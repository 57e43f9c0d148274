import { isIP, SocketAddress } from "node:net";
import { AppError } from "../errors.ts";

const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i;

/**
 * What a limit counts by: an IPv4 address as it is, an IPv6 address by its /64, which one customer of a provider has to
 * himself. `unknown` for what is no address (a broken `X-Forwarded-For` of a trusted proxy, a Unix socket).
 *
 * @param ip `request.ip`: the socket's address, or what trusted proxies say.
 */
export function clientGroup(ip: string | undefined): string {
  if (ip === undefined) return "unknown";
  const mapped = MAPPED.exec(ip)?.[1];
  if (mapped !== undefined && isIP(mapped) === 4) return mapped;
  switch (isIP(ip)) {
    case 4:
      return ip;
    case 6: {
      const [head = "", tail] = new SocketAddress({ address: ip, family: "ipv6" }).address.split("::");
      const left = head === "" ? [] : head.split(":");
      const right = tail === undefined || tail === "" ? [] : tail.split(":");
      const all = tail === undefined ? left : [...left, ...Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => "0"), ...right];
      return `${all.slice(0, 4).join(":")}::/64`;
    }
    default:
      return "unknown";
  }
}

/** Checks the configured proxies: addresses and CIDR ranges, nothing else. */
export function parseTrustedProxies(proxies: readonly string[]): string[] {
  for (const proxy of proxies) {
    const [address = "", bits] = proxy.split("/");
    const family = isIP(address);
    const most = family === 4 ? 32 : 128;
    if (family === 0 || (bits !== undefined && (!/^\d{1,3}$/.test(bits) || Number(bits) > most))) {
      throw new AppError("invalid", `trusted proxies: ${JSON.stringify(proxy.slice(0, 60))} is neither an address nor a range; give e.g. 10.0.0.5 or 10.0.0.0/8`, { code: "trusted_proxy_invalid" });
    }
  }
  return [...proxies];
}
