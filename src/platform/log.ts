import { type Logger, type LoggerOptions, pino } from "pino";
import { isoMillis } from "./clock.ts";
import { redact } from "./redact.ts";

export type { Logger } from "pino";

export interface LogOptions {
  level?: "trace" | "debug" | "info" | "warn" | "error" | "fatal" | "silent";
  /** Where lines go; stderr when not given, since stdout belongs to what a command answers. */
  write?: (line: string) => void;
  /** For people's eyes; true when stderr is a terminal. */
  pretty?: boolean;
}

/** NDJSON, one object per line: `level`, `ts`, what was bound, `msg`. Whatever looks like a secret is masked on the way out. */
export function createLog(options: LogOptions = {}): Logger {
  const settings: LoggerOptions = {
    level: options.level ?? "info",
    base: null,
    messageKey: "msg",
    errorKey: "error",
    timestamp: () => `,"ts":"${isoMillis(Date.now())}"`,
    formatters: { level: (label) => ({ level: label }) },
    hooks: { streamWrite: redact },
  };
  const pretty = options.pretty ?? (options.write === undefined && process.stderr.isTTY);
  const write = options.write ?? ((line: string) => void process.stderr.write(line));
  return pino(settings, { write: pretty ? (line) => write(prettyLine(line)) : write });
}

const COLOUR: Readonly<Record<string, string>> = { trace: "\u001B[90m", debug: "\u001B[90m", info: "\u001B[32m", warn: "\u001B[33m", error: "\u001B[31m", fatal: "\u001B[35m" };
const PLAIN = "\u001B[0m";

/** `18:25:24.123 WARN  message key=value`; what is no JSON stays as it is. */
export function prettyLine(line: string): string {
  let record: Record<string, unknown>;
  try {
    record = JSON.parse(line) as Record<string, unknown>;
  } catch {
    return line;
  }
  const { level, ts, msg, error, ...rest } = record;
  const name = String(level);
  const values = Object.entries(rest).map(([key, value]) => ` ${key}=${typeof value === "string" && /^[^\s"]+$/.test(value) ? value : JSON.stringify(value)}`);
  const head = `${String(ts).slice(11, 23)} ${COLOUR[name] ?? ""}${name.toUpperCase().padEnd(5)}${PLAIN} ${typeof msg === "string" ? msg : ""}`;
  return `${head}${values.join("")}${errorLines(error)}\n`;
}

function errorLines(error: unknown): string {
  if (error === undefined) return "";
  if (typeof error !== "object" || error === null) return ` error=${JSON.stringify(error)}`;
  const text = "stack" in error ? error.stack : "message" in error ? error.message : JSON.stringify(error);
  return `\n    ${String(text).replaceAll("\n", "\n    ")}`;
}
