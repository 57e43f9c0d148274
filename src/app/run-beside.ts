import { spawn } from "node:child_process";
import { setPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { AppError } from "../platform/index.ts";

const KEPT = 64 * 1024;
/** Deliveries go first. */
const NICENESS = 10;

/**
 * Runs a command of ours in a process of its own and answers the JSON document it prints.
 *
 * @param exits exit codes that mean it did its work.
 * @throws AppError `unavailable` with the last line of what it said, for any other exit code and when it was told to stop.
 */
export async function runBeside(argv: readonly string[], signal: AbortSignal, exits: readonly number[]): Promise<Record<string, unknown>> {
  const main = fileURLToPath(new URL(`../cli/main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, ...argv], { stdio: ["ignore", "pipe", "pipe"] });
  const stop = (): void => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    if (child.pid !== undefined) setPriority(child.pid, NICENESS);
  } catch {
    // It has ended already, or the system does not let us: it runs at our own priority then.
  }
  let [out, said] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out = `${out}${chunk.toString()}`.slice(-KEPT);
  });
  child.stderr.on("data", (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-4000);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  signal.removeEventListener("abort", stop);
  if (code === null || !exits.includes(code)) {
    const last = said.trim().split("\n").at(-1)?.replace(/^tillwatch: /, "") ?? "";
    throw new AppError("unavailable", last === "" ? `\`tillwatch ${argv.join(" ")}\` ended with ${code ?? "a signal"}` : last, { code: "command_failed" });
  }
  return JSON.parse(out.trim().split("\n").at(-1) ?? "") as Record<string, unknown>;
}
