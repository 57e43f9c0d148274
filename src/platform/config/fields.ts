import { isIP } from "node:net";
import { z } from "zod";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../clock.ts";

/** Kinds of values that configuration is made of. Each says what would be right, so that a problem can. */

export function integer(min: number, max: number): z.ZodNumber {
  const error = `expected a whole number from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function fraction(min: number, max: number): z.ZodNumber {
  const error = `expected a number from ${min} to ${max}, where 0.05 means 5 %`;
  return z.number({ error }).min(min, { error }).max(max, { error });
}

export function text(maxLength: number): z.ZodString {
  return z.string({ error: `expected a text of 1 to ${maxLength} characters` }).trim().min(1, { error: "expected a text that is not empty" }).max(maxLength, { error: `expected at most ${maxLength} characters` });
}

/** `on`, `off`, true or false; YAML 1.2 reads the first two as text. */
export function onOff(fallback: boolean) {
  return z
    .union([z.boolean(), z.enum(["on", "off"])], { error: "expected on or off" })
    .default(fallback)
    .transform((value) => value === true || value === "on");
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS };

/** `90s`, `5m`, `2h`, `1d` as milliseconds. */
export function duration(minMs: number, maxMs: number) {
  const error = `expected a duration from ${durationText(minMs)} to ${durationText(maxMs)}, written like 30s, 5m, 2h or 1d`;
  return z
    .string({ error })
    .regex(/^\d{1,9}(ms|s|m|h|d)$/, { error })
    .transform((given, context) => {
      const ms = durationMs(given);
      if (ms >= minMs && ms <= maxMs) return ms;
      context.issues.push({ code: "custom", message: error, input: given });
      return z.NEVER;
    });
}

function durationMs(given: string): number {
  const unit = given.replace(/^\d+/, "");
  return Number.parseInt(given, 10) * (UNIT_MS[unit] ?? Number.NaN);
}

function durationText(ms: number): string {
  for (const unit of ["d", "h", "m", "s"]) {
    const size = UNIT_MS[unit] ?? 1;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** Bytes, as a number or like `512kb`, `1mb`. */
export function bytes(min: number, max: number) {
  const error = `expected a size from ${min} to ${max} bytes, written like 512kb, 1mb or as a number of bytes`;
  return z
    .union([z.int(), z.string().regex(/^\d{1,9}\s*(b|kb|mb)?$/i)], { error })
    .transform((given, context) => {
      const unit = typeof given === "number" ? "" : given.replace(/^\d+\s*/, "").toLowerCase();
      const size = (typeof given === "number" ? given : Number.parseInt(given, 10)) * (unit === "mb" ? 1024 * 1024 : unit === "kb" ? 1024 : 1);
      if (size >= min && size <= max) return size;
      context.issues.push({ code: "custom", message: error, input: given });
      return z.NEVER;
    });
}

/** A name of the IANA time zone database, as it is written there. */
export function timeZone() {
  const error = "expected an IANA time zone such as UTC, Europe/Berlin or America/New_York";
  return z.string({ error }).refine(isTimeZone, { error });
}

/** Offsets like `+02:00` are no time zones: they know no daylight saving. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

/** One address, or a network like `10.0.0.0/8`. */
export function network() {
  const error = "expected an IP address or a network such as 10.0.0.0/8";
  return z.string({ error }).refine(isNetwork, { error });
}

function isNetwork(given: string): boolean {
  const [address = "", prefix, ...rest] = given.split("/");
  const version = isIP(address);
  if (version === 0 || rest.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

/** An http(s) address without user, query or fragment; the slash at its end is taken off. */
export function webAddress() {
  const error = "expected an address such as https://tillwatch.example.com, without user, query or fragment";
  return z
    .string({ error })
    .refine(isWebAddress, { error })
    .transform((given) => given.replace(/\/+$/, ""));
}

function isWebAddress(given: string): boolean {
  const url = URL.parse(given);
  return url !== null && (url.protocol === "https:" || url.protocol === "http:") && url.username === "" && url.password === "" && url.search === "" && url.hash === "";
}
