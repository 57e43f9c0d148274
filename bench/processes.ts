import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";

/** Resident memory of a process in MB; 0 when it is gone. */
export function residentMb(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
  } catch {
    return 0;
  }
}

export interface Running {
  readonly child: ChildProcess;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts a process of the project's Node.js and waits until it answers at the address. Answers how long that took (ms). */
export async function startAndWait(argv: readonly string[], env: Record<string, string>, readyUrl: string): Promise<Running & { readonly readyMs: number }> {
  const began = performance.now();
  const child = spawn(process.execPath, ["--max-semi-space-size=8", "--disable-warning=ExperimentalWarning", ...argv], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "ignore", process.env["BENCH_VERBOSE"] === undefined ? "ignore" : "inherit"],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`could not start ${argv.join(" ")}`);
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${argv.join(" ")} ended with ${child.exitCode}; BENCH_VERBOSE=1 shows why`);
    const answer = await fetch(readyUrl).catch(() => null);
    await answer?.arrayBuffer();
    if (answer?.ok === true) break;
    if (performance.now() - began > 60_000) throw new Error(`${argv.join(" ")} was not ready within a minute`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return {
    child,
    pid,
    readyMs: Math.round(performance.now() - began),
    stop: async () => {
      const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.kill("SIGTERM");
      await gone;
    },
  };
}

/** The load generator: a Debian package, installed when that is possible. */
export function requireWrk(): void {
  const has = (): boolean => {
    try {
      execFileSync("sh", ["-c", "command -v wrk"], { stdio: "ignore" });
      return true;
    } catch {
      return false;
    }
  };
  if (has()) return;
  if (process.getuid?.() === 0) execFileSync("sh", ["-c", "apt-get update -qq && apt-get install -y -qq wrk"], { stdio: "ignore" });
  if (!has()) throw new Error("the load generator wrk is missing; install it (Debian, Ubuntu: apt-get install wrk) and run again");
}

export interface Load {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly notOk: number;
  readonly total: number;
}

function milliseconds(text: string): number {
  const match = /^([\d.]+)(us|ms|s)$/.exec(text);
  const unit = { us: 0.001, ms: 1, s: 1000 }[match?.[2] ?? "ms"] ?? 1;
  return Number(match?.[1] ?? Number.NaN) * unit;
}

/** Drives prepared requests at a server with 64 connections for some seconds. Loopback only. */
export async function load(port: number, path: string, seconds: number, requests: string, script: string): Promise<Load> {
  const child = spawn("wrk", ["-t1", "-c64", `-d${seconds}s`, "--latency", "-s", script, `http://127.0.0.1:${port}${path}`], {
    env: { PATH: process.env["PATH"] ?? "", BENCH_REQUESTS: requests },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await new Promise((resolve) => child.once("close", resolve));
  const number = (pattern: RegExp): number => Number(pattern.exec(output)?.[1] ?? 0);
  return {
    requestsPerSecond: Math.round(number(/Requests\/sec:\s+([\d.]+)/)),
    p50Ms: milliseconds(/^\s+50%\s+(\S+)/m.exec(output)?.[1] ?? ""),
    p99Ms: milliseconds(/^\s+99%\s+(\S+)/m.exec(output)?.[1] ?? ""),
    notOk: number(/Non-2xx or 3xx responses: (\d+)/),
    total: number(/(\d+) requests in/),
  };
}
