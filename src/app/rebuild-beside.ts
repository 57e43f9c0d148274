import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Logger } from "../platform/index.ts";

/**
 * Rebuilds in a process of its own, since nothing long may run in this one: after the merchant's time zone changed, and
 * when a rebuild was broken off. Until it has ended, figures per day stand as before.
 *
 * @returns how to stop it; broken off, it begins anew at the next start.
 */
export function rebuildBeside(log: Logger): () => Promise<void> {
  const main = fileURLToPath(new URL(`../cli/main.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url));
  log.warn("the time zone changed, or a rebuild was broken off: deriving the figures anew");
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", main, "rebuild", "--json"], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const keep = (chunk: Buffer): void => {
    output = `${output}${chunk.toString()}`.slice(-4000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.once("exit", (code) => {
    if (code === 0) log.info("the figures are derived anew");
    else log.error({ code, output }, "deriving the figures anew did not succeed; `tillwatch rebuild` tries again");
  });
  return async () => {
    child.kill("SIGTERM");
    await gone;
  };
}
