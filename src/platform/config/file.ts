import { readFileSync, statSync } from "node:fs";
import { isMap, isPair, isScalar, LineCounter, parseDocument, visit, type Document } from "yaml";
import { redact } from "../redact.ts";
import type { ConfigProblem } from "./problem.ts";

/** A YAML file as a plain tree, and where in it each key stands. */
export interface ConfigFile {
  path: string;
  tree: Record<string, unknown>;
  /** The line of the key at this path, or of the nearest one above it that is there. */
  lineOf(path: readonly PropertyKey[]): number | null;
}

/** Longer than any real configuration, short enough to be parsed at once. */
const MAX_BYTES = 1024 * 1024;

export function readConfigFile(path: string): { file: ConfigFile } | { problems: ConfigProblem[] } {
  const problem = (text: string, line: number | null = null): ConfigProblem => ({ key: path, given: null, text, file: line === null ? null : path, line });
  let text: string;
  try {
    const size = statSync(path).size;
    if (size > MAX_BYTES) return { problems: [problem(`the file has ${size} bytes; at most ${MAX_BYTES} are read`)] };
    text = readFileSync(path, "utf8");
  } catch (error) {
    return { problems: [problem(`${unreadable(error)}; give the path of a readable YAML file, or unset TILLWATCH_CONFIG`)] };
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, strict: true, uniqueKeys: true });
  const faults = [...document.errors, ...document.warnings].map((fault) => ({
    key: "YAML",
    given: null,
    text: redact(fault.message),
    file: path,
    line: lines.linePos(fault.pos[0]).line,
  }));
  if (faults.length > 0) return { problems: faults };
  const anchor = firstAlias(document);
  // An alias may stand for a tree that grows a hundredfold at each step; no configuration needs one.
  if (anchor !== null) return { problems: [problem("aliases (*name) are not read; write the value out", lines.linePos(anchor).line)] };
  const tree: unknown = document.toJS();
  if (tree === null) return { file: { path, tree: {}, lineOf: () => null } };
  if (!isMap(document.contents)) return { problems: [problem("the file must hold keys and values, like `server: { port: 5000 }`", 1)] };
  return { file: { path, tree: tree as Record<string, unknown>, lineOf: (keys) => lineOf(document, lines, keys) } };
}

function unreadable(error: unknown): string {
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown reason";
  switch (code) {
    case "ENOENT":
      return "there is no such file";
    case "EACCES":
    case "EPERM":
      return "the file may not be read by this user";
    case "EISDIR":
      return "this is a directory";
    default:
      return `the file cannot be read (${code})`;
  }
}

function firstAlias(document: Document): number | null {
  let found: number | null = null;
  visit(document, {
    Alias: (_, node) => {
      found = node.range?.[0] ?? 0;
      return visit.BREAK;
    },
  });
  return found;
}

function lineOf(document: Document, lines: LineCounter, path: readonly PropertyKey[]): number | null {
  for (let length = path.length; length > 0; length -= 1) {
    const parent = length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true);
    const key = path[length - 1];
    if (isMap(parent)) {
      const pair = parent.items.find((item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
      if (pair !== undefined && isScalar(pair.key) && pair.key.range) return lines.linePos(pair.key.range[0]).line;
    } else {
      const node = document.getIn(path.slice(0, length), true);
      if (isScalar(node) && node.range) return lines.linePos(node.range[0]).line;
    }
  }
  return null;
}
