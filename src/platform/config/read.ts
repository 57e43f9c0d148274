import { z } from "zod";
import { redact } from "../redact.ts";
import { type ConfigFile, readConfigFile } from "./file.ts";
import { type ConfigProblem, didYouMean } from "./problem.ts";

/** A variable that stands above a key of the file. */
export interface Binding {
  variable: string;
  /** Dotted path of the key. */
  path: string;
  /** An integer in a variable is text; everything else stays text. */
  as: "text" | "integer";
}

export interface ConfigSource<File extends z.ZodType, Variables extends z.ZodObject> {
  /** What the YAML file may hold; strict objects, so that an unknown key is an error. */
  file: File;
  /** What stands in the environment only: secrets, above all. */
  variables: Variables;
  /** Variables of the second kind whose value must not be shown in a problem. */
  secret: readonly string[];
  bindings: readonly Binding[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigReading<File extends z.ZodType, Variables extends z.ZodObject> {
  /** Null when the file's part has problems. */
  file: z.output<File> | null;
  /** Null when the environment's part has problems. */
  variables: z.output<Variables> | null;
  problems: ConfigProblem[];
}

/**
 * Reads the environment over the file and reports every problem, not only the first. A variable that is set but empty
 * counts as unset, but for those named in `keepEmpty`, where empty is a mistake worth telling.
 */
export function readConfig<File extends z.ZodType, Variables extends z.ZodObject>(
  source: ConfigSource<File, Variables>,
  env: Environment,
  path: string | null,
  keepEmpty: readonly string[] = [],
): ConfigReading<File, Variables> {
  const read = path === null ? { file: null } : readConfigFile(path);
  const problems: ConfigProblem[] = "problems" in read ? [...read.problems] : [];
  const file = "problems" in read ? null : read.file;
  // A section whose keys are all commented out is an empty section.
  const tree = Object.fromEntries(Object.entries(structuredClone(file?.tree ?? {})).filter(([, section]) => section !== null));
  const bound = new Map<string, string>();
  for (const binding of source.bindings) {
    const text = valueOf(env, binding.variable);
    if (text === undefined) continue;
    put(tree, binding.path.split("."), binding.as === "integer" && /^-?\d{1,15}$/.test(text) ? Number(text) : text);
    bound.set(binding.path, binding.variable);
  }
  const parsed = source.file.safeParse(tree);
  if (!parsed.success) {
    const known = z.toJSONSchema(source.file, { io: "input", unrepresentable: "any" });
    problems.push(...parsed.error.issues.flatMap((issue) => fileProblems(issue, tree, file, bound, known)));
  }
  const given: Record<string, string> = {};
  for (const name of Object.keys(source.variables.shape)) {
    const text = valueOf(env, name) ?? (keepEmpty.includes(name) && env[name] !== undefined ? "" : undefined);
    if (text !== undefined) given[name] = text;
  }
  const variables = source.variables.safeParse(given);
  if (!variables.success) problems.push(...variables.error.issues.map((issue) => variableProblem(issue, given, source.secret)));
  // Without the file nothing of its part can be judged: what it says would only be the defaults.
  return {
    file: parsed.success && problems.length === 0 ? parsed.data : null,
    variables: variables.success ? variables.data : null,
    problems,
  };
}

function valueOf(env: Environment, variable: string): string | undefined {
  const text = env[variable]?.trim();
  return text === "" ? undefined : text;
}

function put(tree: Record<string, unknown>, path: readonly string[], value: unknown): void {
  let at = tree;
  for (const key of path.slice(0, -1)) {
    const next = at[key];
    // A section that is missing or empty (`server:`) is made; one that is no section at all stays, for the schema to refuse.
    if (next === undefined || next === null) at[key] = {};
    else if (typeof next !== "object") return;
    at = at[key] as Record<string, unknown>;
  }
  at[path.at(-1) ?? ""] = value;
}

function get(tree: unknown, path: readonly PropertyKey[]): unknown {
  let at = tree;
  for (const key of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

/** What was given, as short text; null when nothing was. */
function shown(value: unknown): string | null {
  if (value === undefined) return null;
  const text = redact(JSON.stringify(value) ?? "something that is no value");
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

function fileProblems(
  issue: z.core.$ZodIssue,
  tree: unknown,
  file: ConfigFile | null,
  bound: ReadonlyMap<string, string>,
  schema: z.core.JSONSchema.BaseSchema,
): ConfigProblem[] {
  if (issue.code === "unrecognized_keys") {
    const known = keysAt(schema, issue.path);
    return issue.keys.map((key) => {
      const meant = didYouMean(key, known);
      const right = meant === null ? `known here: ${known.toSorted().join(", ")}` : `did you mean "${meant}"?`;
      return { key: [...issue.path, key].map(String).join("."), given: null, text: `unknown key; ${right}`, file: file?.path ?? null, line: file?.lineOf([...issue.path, key]) ?? null };
    });
  }
  const path = issue.path.map(String).join(".");
  const variable = bound.get(path);
  const given = shown(get(tree, issue.path));
  if (variable !== undefined) return [{ key: variable, given, text: rightText(issue), file: null, line: null }];
  return [{ key: path === "" ? "the file" : path, given, text: rightText(issue), file: file?.path ?? null, line: file?.lineOf(issue.path) ?? null }];
}

function variableProblem(issue: z.core.$ZodIssue, given: Record<string, string>, secret: readonly string[]): ConfigProblem {
  const key = String(issue.path[0] ?? "");
  const value = given[key];
  const masked = value === undefined ? null : secret.includes(key) ? (value === "" ? '""' : "***") : shown(value);
  return { key, given: masked, text: rightText(issue), file: null, line: null };
}

/** Our schemas say themselves what would be right; what zod says is kept for the rest. */
function rightText(issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") return `expected ${issue.values.map(String).join(" or ")}`;
  return issue.message.replace(/^Invalid input: /, "").replace(/^(Too (?:small|big)): expected \w+ to/, "expected it to");
}

/** The keys that the schema knows at a path, over every alternative. */
function keysAt(schema: z.core.JSONSchema.BaseSchema, path: readonly PropertyKey[]): string[] {
  let at: z.core.JSONSchema.BaseSchema[] = alternatives(schema);
  for (const key of path) {
    at = at.flatMap((here) => {
      const next = typeof key === "number" ? here.items : (here.properties?.[String(key)] ?? here.additionalProperties);
      return typeof next === "object" && !Array.isArray(next) ? alternatives(next) : [];
    });
  }
  return [...new Set(at.flatMap((here) => Object.keys(here.properties ?? {})))];
}

function alternatives(schema: z.core.JSONSchema.BaseSchema): z.core.JSONSchema.BaseSchema[] {
  const inner = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])];
  return [schema, ...inner.flatMap((one) => (typeof one === "object" ? alternatives(one) : []))];
}
