import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { UsageError, readCommandLine } from "./options.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

function launch(...flags: string[]): ChildProcess {
  const child = spawn(process.execPath, ["sandbox/main.ts", "--port", "0", ...flags], { stdio: ["pipe", "pipe", "ignore"] });
  children.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<{ event: string; url: string; port: number }> {
  if (child.stdout === null) throw new Error("no standard output");
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return JSON.parse(line) as { event: string; url: string; port: number };
}

describe("the process", () => {
  it("says when it is ready, answers, and ends cleanly on SIGTERM", async () => {
    const child = launch("--rate", "5");
    const ready = await firstLine(child);
    expect(ready).toMatchObject({ event: "ready", url: `http://127.0.0.1:${ready.port}` });
    expect((await fetch(`${ready.url}/v1/events`, { headers: { authorization: "Bearer sk_test_x" } })).status).toBe(200);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });

  it("ends when its parent is gone", async () => {
    const child = launch("--exit-with-parent");
    await firstLine(child);
    child.stdin?.end();
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe("a killed process", () => {
  it("has lost nothing it had answered for", async () => {
    const folder = mkdtempSync(join(tmpdir(), "stand-in-"));
    const state = join(folder, "state.db");
    const ask = async (url: string, path: string, init: RequestInit = {}): Promise<{ data: { id: string }[]; id: string }> =>
      (await (await fetch(`${url}${path}`, { ...init, headers: { authorization: "Bearer sk_test_x" } })).json()) as { data: { id: string }[]; id: string };
    try {
      const first = launch("--state", state);
      const { url } = await firstLine(first);
      const made: string[] = [];
      for (let count = 0; count < 20; count++) made.push((await ask(url, "/v1/customers", { method: "POST", body: new URLSearchParams({ email: `${count}@example.com` }) })).id);
      first.kill("SIGKILL");
      await once(first, "exit");
      const again = await firstLine(launch("--state", state));
      const kept = await ask(again.url, "/v1/customers?limit=100");
      expect(kept.data.map((one) => one.id).reverse()).toEqual(made);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("the command line", () => {
  it("is read from flags over environment", () => {
    const command = readCommandLine(["--port", "0", "--rate", "30", "--webhook-url", "http://a.example", "--webhook-secret", "whsec_a"], { SANDBOX_PORT: "99", SANDBOX_SEED: "7" });
    expect(command?.sandbox).toMatchObject({ port: 0, seed: "7", traffic: { ratePerMinute: 30 }, webhooks: [{ url: "http://a.example", secret: "whsec_a" }] });
    expect(readCommandLine(["--help"], {})).toBeNull();
  });

  it.each([["--port", "abc"], ["--port", "70000"], ["--rate", "-1"], ["--nonsense"], ["--webhook-url", "http://a.example"], ["--api-version", "yesterday"], ["--restricted-key", "sk_test_a=x"]])("refuses %s %s", (...argv) => {
    expect(() => readCommandLine(argv, {})).toThrow(UsageError);
  });
});
