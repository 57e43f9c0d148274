import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { Agent, request } from "node:http";
import { onTestFinished } from "vitest";
import { sign } from "../sandbox/index.ts";
import { freePort } from "./postgres.ts";

const TILLWATCH = join(import.meta.dirname, "..", "bin", "tillwatch");

export const DASHBOARD_KEY = "test-key-0123456789abcdef";
export const WEBHOOK_SECRET = "whsec_test_0123456789abcdef";

export type Environment = Record<string, string>;

/** The environment of a service with a Stripe key and a webhook secret, so without the sandbox. */
export function serviceEnvironment(more: Environment): Environment {
  const data = more["DATA_DIR"];
  if (data === undefined) throw new Error("DATA_DIR is missing");
  return {
    PATH: process.env["PATH"] ?? "",
    DASHBOARD_KEY,
    STRIPE_SECRET_KEY: "sk_test_0123456789",
    // Nothing listens there: a test that would call Stripe fails at once.
    STRIPE_API_BASE: "http://127.0.0.1:9",
    STRIPE_WEBHOOK_SECRET: WEBHOOK_SECRET,
    LOG_DIR: join(data, "logs"),
    ...more,
  };
}

export interface Service {
  readonly url: string;
  readonly pid: number;
  /** Everything it wrote to stderr and stdout so far. */
  output(): string;
  kill(signal: "SIGKILL" | "SIGTERM"): Promise<number | null>;
  get(path: string, headers?: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }>;
}

function ended(child: ChildProcess): Promise<number | null> {
  return child.exitCode !== null || child.signalCode !== null ? Promise.resolve(child.exitCode) : new Promise((resolve) => child.once("exit", (code) => resolve(code)));
}

/** Who is told what must be done at the end: of the test, unless a file shares what was started. */
export type AtEnd = (clean: () => Promise<void>) => void;

/** Starts `tillwatch serve` as a process of its own and waits until it says that it is ready. */
export async function startService(env: Environment, wrapper: readonly string[] = [], atEnd: AtEnd = onTestFinished): Promise<Service> {
  const port = env["PORT"] ?? String(await freePort());
  const argv = [...wrapper, TILLWATCH, "serve"];
  const child = spawn(argv[0] ?? TILLWATCH, argv.slice(1), { env: { ...env, PORT: port }, cwd: env["DATA_DIR"], stdio: ["ignore", "pipe", "pipe"] });
  atEnd(async () => {
    child.kill("SIGKILL");
    await ended(child);
  });
  let output = "";
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      output += `${line}\n`;
      if (line.includes('"msg":"ready"')) ready.resolve();
    });
  }
  void ended(child).then((code) => ready.reject(new Error(`the service ended with ${code}:\n${output}`)));
  await ready.promise;
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    pid: child.pid ?? 0,
    output: () => output,
    kill: async (signal) => {
      child.kill(signal);
      return await ended(child);
    },
    get: async (path, headers = { "x-dash-key": DASHBOARD_KEY }) => {
      const response = await fetch(url + path, { headers });
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line to its end, in its data directory. */
export async function runCommand(env: Environment, ...argv: string[]): Promise<Ran> {
  return await runInside(env["DATA_DIR"] ?? ".", env, ...argv);
}

export async function runInside(cwd: string, env: Environment, ...argv: string[]): Promise<Ran> {
  return await new Promise((resolve) => {
    execFile(TILLWATCH, argv, { env, cwd, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

export type Sent = { kind: "answered"; status: number; body: string } | { kind: "broken" };

/** A sender with connections that stay open, like Stripe's. `broken` is a connection that ended without an answer. */
export function sender(url: string, secret = WEBHOOK_SECRET): { send(body: string, header?: string): Promise<Sent>; end(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  return {
    end: () => agent.destroy(),
    send: (body, header = sign(body, secret, Math.floor(Date.now() / 1000))) =>
      new Promise((resolve) => {
        const outgoing = request(`${url}/webhooks/stripe`, { method: "POST", agent, headers: { "content-type": "application/json; charset=utf-8", "stripe-signature": header } }, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => resolve({ kind: "answered", status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
          response.on("error", () => resolve({ kind: "broken" }));
        });
        outgoing.on("error", () => resolve({ kind: "broken" }));
        outgoing.end(body);
      }),
  };
}

/** Asks until the answer is right: for what happens a moment later in another process. Gives up with the last answer. */
export async function eventually<T>(ask: () => Promise<T>, right: (answer: T) => boolean, withinMs = 20_000): Promise<T> {
  const until = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (right(answer) || Date.now() > until) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
