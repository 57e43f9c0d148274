import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { AppError, type Logger } from "../platform/index.ts";

/** The sandbox in its own process, as the service starts it when there is no Stripe key. */
export interface SandboxProcess {
  /** Base URL of its API. */
  readonly url: string;
  stop(): Promise<void>;
}

export interface SandboxProcessOptions {
  readonly dataDir: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
  /** New payments a minute, averaged over a day; null: none by itself. */
  readonly ratePerMinute: number | null;
  readonly log: Logger;
  /** Further settings, as `SANDBOX_…` variables. */
  readonly settings?: Readonly<Record<string, string>>;
}

const READY_MS = 20_000;
const STOP_MS = 5000;

function entry(): string {
  const here = fileURLToPath(import.meta.url);
  const file = join(here, "..", "..", "..", "sandbox", here.endsWith(".ts") ? "main.ts" : "main.js");
  if (!existsSync(file)) throw new AppError("unavailable", `the sandbox is missing (${file}); set STRIPE_SECRET_KEY to run on Stripe instead`, { code: "sandbox_missing" });
  return file;
}

/** Settings go by environment, not by arguments: the secret must not stand in the list of processes. */
function environment(options: SandboxProcessOptions): Record<string, string> {
  return {
    PATH: process.env["PATH"] ?? "",
    SANDBOX_PORT: "0",
    SANDBOX_STATE: join(options.dataDir, "sandbox-stripe.db"),
    SANDBOX_SEED: "tillwatch",
    SANDBOX_WEBHOOK_URL: options.webhookUrl,
    SANDBOX_WEBHOOK_SECRET: options.webhookSecret,
    ...(options.ratePerMinute === null ? {} : { SANDBOX_RATE: String(options.ratePerMinute) }),
    ...options.settings,
  };
}

/** @param onDeath called when it ends without having been told to. */
export async function startSandboxProcess(options: SandboxProcessOptions, onDeath: (code: number | null) => void): Promise<SandboxProcess> {
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", entry(), "--exit-with-parent"], { env: environment(options), stdio: ["pipe", "pipe", "pipe"] });
  let stopping = false;
  let lastWords = "";
  child.on("exit", (code) => {
    if (!stopping) onDeath(code);
  });
  createInterface({ input: child.stderr }).on("line", (line) => {
    lastWords = line;
    options.log.debug({ line }, "sandbox");
  });
  const url = await new Promise<string>((resolve, reject) => {
    const late = setTimeout(() => reject(new AppError("unavailable", "the sandbox did not start in time", { code: "sandbox_not_started" })), READY_MS);
    child.on("exit", () => reject(new AppError("unavailable", `the sandbox did not start: ${lastWords}`, { code: "sandbox_not_started" })));
    createInterface({ input: child.stdout }).once("line", (line) => {
      clearTimeout(late);
      const ready = JSON.parse(line) as { url?: unknown };
      if (typeof ready.url === "string") resolve(ready.url);
      else reject(new AppError("internal", "the sandbox said something unexpected when it started"));
    });
  });
  return {
    url,
    stop: async () => {
      stopping = true;
      if (child.exitCode !== null) return;
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      const kill = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      child.kill("SIGTERM");
      await gone;
      clearTimeout(kill);
    },
  };
}
