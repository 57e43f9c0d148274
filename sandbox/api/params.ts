import type { Metadata } from "../shapes/thing.ts";
import type { Range } from "../state/objects.ts";
import { badParam } from "./problem.ts";

/**
 * The parameters of a request, read one by one. What was never read is unknown, and refused by `done()` in the
 * API's words. An empty text means "unset" where unsetting is possible, and is refused elsewhere: it is never "omitted".
 */
export class Params {
  private readonly raw: Record<string, unknown>;
  private readonly prefix: string;
  private readonly seen = new Set<string>();
  private readonly nested: Params[] = [];

  constructor(raw: Record<string, unknown>, prefix = "") {
    this.raw = raw;
    this.prefix = prefix;
  }

  name(field: string): string {
    return this.prefix === "" ? field : `${this.prefix}[${field}]`;
  }

  has(field: string): boolean {
    return this.raw[field] !== undefined;
  }

  /** Known to the real API and without effect here. */
  ignore(...fields: string[]): this {
    for (const field of fields) this.seen.add(field);
    return this;
  }

  text(field: string): string | undefined {
    const value = this.take(field);
    if (value === undefined) return undefined;
    if (typeof value !== "string") throw badParam(`Invalid string: ${JSON.stringify(value)}`, "parameter_invalid_string", this.name(field));
    if (value === "") throw this.empty(field);
    return value;
  }

  /** null when an empty text asks to unset it. */
  textOrUnset(field: string): string | null | undefined {
    if (this.raw[field] !== "") return this.text(field);
    this.seen.add(field);
    return null;
  }

  requiredText(field: string): string {
    const value = this.text(field);
    if (value === undefined) throw this.absent(field);
    return value;
  }

  integer(field: string, minimum?: number): number | undefined {
    const value = this.text(field);
    if (value === undefined) return undefined;
    if (!/^-?\d{1,15}$/.test(value)) throw badParam(`Invalid integer: ${value}`, "parameter_invalid_integer", this.name(field));
    const number = Number(value);
    if (minimum !== undefined && number < minimum) {
      throw badParam(`This value must be greater than or equal to ${minimum}.`, "parameter_invalid_integer", this.name(field));
    }
    return number;
  }

  requiredInteger(field: string, minimum?: number): number {
    const value = this.integer(field, minimum);
    if (value === undefined) throw this.absent(field);
    return value;
  }

  flag(field: string): boolean | undefined {
    const value = this.text(field);
    if (value === undefined) return undefined;
    if (value !== "true" && value !== "false") throw badParam(`Invalid boolean: ${value}`, "parameter_invalid_boolean", this.name(field));
    return value === "true";
  }

  choice<T extends string>(field: string, choices: readonly T[]): T | undefined {
    const value = this.text(field);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      const list = choices.length === 1 ? choices[0] : `${choices.slice(0, -1).join(", ")}, or ${choices.at(-1)}`;
      throw badParam(`Invalid ${field}: must be one of ${list}`, "parameter_invalid_string", this.name(field));
    }
    return found;
  }

  texts(field: string): string[] | undefined {
    const value = this.take(field);
    if (value === undefined) return undefined;
    if (value === "") return [];
    const list = Array.isArray(value) ? value : typeof value === "object" && value !== null ? Object.values(value) : null;
    if (list === null || list.some((one) => typeof one !== "string")) throw badParam("Invalid array", "parameter_invalid_string", this.name(field));
    return list as string[];
  }

  child(field: string): Params | undefined {
    const value = this.take(field);
    if (value === undefined || value === "") return undefined;
    if (typeof value !== "object" || value === null || Array.isArray(value)) throw badParam("Invalid object", "parameter_invalid_string", this.name(field));
    return this.nest(value as Record<string, unknown>, this.name(field));
  }

  children(field: string): Params[] {
    const value = this.take(field);
    if (value === undefined || value === "") return [];
    const list = Array.isArray(value) ? value : Object.values(value as object);
    return list.map((one, index) => this.nest(one as Record<string, unknown>, `${this.name(field)}[${index}]`));
  }

  /** Merged over what was there: an empty value removes a key, an empty text all of them. */
  metadata(before: Metadata = {}): Metadata {
    const value = this.take("metadata");
    if (value === undefined) return before;
    if (value === "") return {};
    if (typeof value !== "object" || value === null) throw badParam("Metadata should be a hash", "parameter_invalid_string", this.name("metadata"));
    const merged = { ...before };
    for (const [key, one] of Object.entries(value)) {
      if (one === "") delete merged[key];
      else merged[key] = String(one);
    }
    return merged;
  }

  /** `created=5`, or `created[gte]=5`. */
  range(field: string): Range {
    const value = this.raw[field];
    if (typeof value === "string") {
      const exact = this.integer(field) ?? 0;
      return { gte: exact, lte: exact };
    }
    const bounds = this.child(field);
    const range: Range = {};
    for (const bound of ["gt", "gte", "lt", "lte"] as const) {
      const limit = bounds?.integer(bound);
      if (limit !== undefined) range[bound] = limit;
    }
    return range;
  }

  /** @throws the API's 400 when something was sent that nothing has read */
  done(): void {
    for (const field of Object.keys(this.raw)) {
      if (!this.seen.has(field)) throw badParam(`Received unknown parameter: ${this.name(field)}`, "parameter_unknown", this.name(field));
    }
    for (const nested of this.nested) nested.done();
  }

  absent(field: string): Error {
    return badParam(`Missing required param: ${this.name(field)}.`, "parameter_missing", this.name(field));
  }

  private empty(field: string): Error {
    const name = this.name(field);
    return badParam(
      `You passed an empty string for '${name}'. We assume empty values are an attempt to unset a parameter; however '${name}' cannot be unset. You should remove '${name}' from your request or supply a non-empty value.`,
      "parameter_invalid_empty",
      name,
    );
  }

  private take(field: string): unknown {
    this.seen.add(field);
    return this.raw[field];
  }

  private nest(raw: Record<string, unknown>, name: string): Params {
    const nested = new Params(raw, name);
    this.nested.push(nested);
    return nested;
  }
}
