import { spawn } from "node:child_process";
import { constants, setPriority } from "node:os";
import { fileURLToPath } from "node:url";

export interface BesideOptions {
  /** Ends the process: first asked to (SIGTERM), and after `graceMs` made to. */
  readonly signal: AbortSignal;
  readonly graceMs?: number;
  /** What it may print on stdout, bytes; more ends it. */
  readonly outputMost?: number;
}

const OUTPUT_MOST = 32 * 1024 * 1024;
const GRACE_MS = 5000;
const ERRORS_KEPT = 4000;

/**
 * Runs a command of ours in a process of its own, at low priority: nothing long may run on the thread that takes
 * webhooks. It is the same as a person would run. Answers what it printed on stdout.
 *
 * @throws Error that ends with what it said on stderr, when it fails, is ended, or prints too much.
 */
export async function commandBeside(args: readonly string[], options: BesideOptions): Promise<Buffer> {
  const { signal, graceMs = GRACE_MS, outputMost = OUTPUT_MOST } = options;
  signal.throwIfAborted();
  const main = fileURLToPath(new URL(`../cli/main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  try {
    // Webhooks go first.
    if (child.pid !== undefined) setPriority(child.pid, constants.priority.PRIORITY_LOW);
  } catch {
    // Gone already, or not allowed: then it is as quick as everything else.
  }
  const end = (): void => {
    child.kill("SIGTERM");
    setTimeout(() => child.kill("SIGKILL"), graceMs).unref();
  };
  signal.addEventListener("abort", end, { once: true });
  const chunks: Buffer[] = [];
  let [bytes, errors] = [0, ""];
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > outputMost) child.kill("SIGKILL");
    else chunks.push(chunk);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors = `${errors}${chunk.toString()}`.slice(-ERRORS_KEPT);
  });
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  child.once("error", reject);
  child.once("close", (code, by) => {
    signal.removeEventListener("abort", end);
    if (code === 0) resolve(Buffer.concat(chunks));
    else reject(new Error(`\`tillwatch ${args.slice(0, 2).join(" ")}\` ended with ${code ?? by}: ${errors.trim()}`));
  });
  return await promise;
}
