import { type $ZodType, type $ZodRawIssue, safeParse } from "zod/v4/core";
import { AppError } from "../errors.ts";
import { redact } from "../redact.ts";

const SHOWN_LENGTH = 40;
const SHOWN_ISSUES = 3;
const SECRET_NAME = /key|secret|token|passw|authorization|signature|credential/i;

/** The value as the client gave it, shortened; never one that could be a secret. */
function shown(value: unknown, path: readonly PropertyKey[]): string {
  if (path.some((part) => typeof part === "string" && SECRET_NAME.test(part))) return "given: hidden";
  if (Array.isArray(value)) return `given a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "given an object";
  if (typeof value !== "string") return `given ${String(value)}`;
  if (redact(value) !== value) return "given: hidden";
  return `given ${JSON.stringify(value.length > SHOWN_LENGTH ? `${value.slice(0, SHOWN_LENGTH)}…` : value)}`;
}

const UNITS: Record<string, string> = { string: "characters", array: "items", set: "items", map: "entries", file: "bytes" };
const TYPES: Record<string, string> = { string: "text", int: "a whole number", number: "a number", boolean: "true or false", array: "a list", object: "an object", record: "an object", null: "null", date: "a date" };
const FORMATS: Record<string, string> = { email: "an e-mail address", url: "a URL", uuid: "a UUID", datetime: "a time as 2025-10-20T18:25:24Z", date: "a date as 2025-10-20", ipv4: "an IPv4 address", ipv6: "an IPv6 address" };

function bound(issue: { origin: string; inclusive?: boolean | undefined; exact?: boolean | undefined }, limit: number | bigint, least: boolean): string {
  const unit = UNITS[issue.origin];
  if (issue.exact) return unit ? `must have exactly ${limit} ${unit}` : `must be ${limit}`;
  if (unit) return `must have at ${least ? "least" : "most"} ${limit} ${unit}`;
  if (issue.inclusive === false) return `must be ${least ? "greater" : "less"} than ${limit}`;
  return `must be at ${least ? "least" : "most"} ${limit}`;
}

/** What would be right, for issues whose schema does not say it itself. */
function right(issue: $ZodRawIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return issue.values.length === 1 ? `must be ${String(issue.values[0])}` : `must be one of ${issue.values.map(String).join(", ")}`;
    case "too_small":
      return bound(issue, issue.minimum, true);
    case "too_big":
      return bound(issue, issue.maximum, false);
    case "not_multiple_of":
      return `must be a multiple of ${issue.divisor}`;
    case "invalid_format":
      return FORMATS[issue.format] ? `must be ${FORMATS[issue.format]}` : `must have the format ${issue.pattern ?? issue.format}`;
    case "unrecognized_keys":
      return `does not know ${issue.keys.slice(0, SHOWN_ISSUES).map((key) => JSON.stringify(key.slice(0, SHOWN_LENGTH))).join(", ")}; leave it out`;
    case "invalid_union":
      return [...new Set(issue.errors.map((branch) => branch[0]?.message ?? "is not valid"))].join(" or ") || "is not valid";
    case "invalid_key":
    case "invalid_element":
    case "custom":
    default:
      return "is not valid";
  }
}

/** What was given at a path; read from the input itself, since a coercing schema reports what it made of it. */
function given(input: unknown, path: readonly PropertyKey[]): unknown {
  let value = input;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<PropertyKey, unknown>)[part];
  }
  return value;
}

/** `limit: must be a whole number (given "abc")`. */
function sentence(input: unknown, part: string, path: readonly PropertyKey[], message: string, unknownKeys: boolean): string {
  const name = path.length === 0 ? part : path.map((step) => String(step).slice(0, SHOWN_LENGTH)).join(".");
  const value = given(input, path);
  if (value === undefined) return `${name}: is missing; ${message}`;
  return unknownKeys ? `${name}: ${message}` : `${name}: ${message} (${shown(value, path)})`;
}

/**
 * Compiles a zod schema for one part of a request. A failure is an AppError `invalid` that names key, value and what
 * would be right; its code is `invalid_input`, or the `params.code` that a refinement of the schema gave.
 */
export function compileValidator(schema: $ZodType, part: string): (input: unknown) => { value: unknown } | { error: AppError } {
  return (input) => {
    const result = safeParse(schema, input, { error: right });
    if (result.success) return { value: result.data };
    const { issues } = result.error;
    const sentences = issues.slice(0, SHOWN_ISSUES).map((issue) => sentence(input, part, issue.path, issue.message, issue.code === "unrecognized_keys"));
    if (issues.length > SHOWN_ISSUES) sentences.push(`and ${issues.length - SHOWN_ISSUES} more`);
    const code: unknown = issues.find((issue) => issue.code === "custom")?.params?.["code"];
    return { error: new AppError("invalid", sentences.join("; "), { code: typeof code === "string" ? code : "invalid_input" }) };
  };
}
