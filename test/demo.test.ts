import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { temporaryDirectory } from "./databases.ts";
import { eventually, runInside } from "./service.ts";

const TILLWATCH = join(import.meta.dirname, "..", "bin", "tillwatch");

it("the demo shows something to pay and to refund, of its own shop, and ends on Ctrl-C", async () => {
  const folder = join(temporaryDirectory(), "demo");
  // What belongs to the real service must not reach the demo.
  const env = { PATH: process.env["PATH"] ?? "", STRIPE_SECRET_KEY: "sk_test_0123456789", STRIPE_API_BASE: "http://127.0.0.1:9", DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" };
  const child = spawn(TILLWATCH, ["demo", "--data", folder, "--port", "0"], { env, stdio: ["ignore", "pipe", "pipe"] });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await eventually(async () => output, (text) => text.includes("Ctrl-C ends"));
  const found = (look: RegExp): string => look.exec(output)?.[1] ?? `nothing like ${look} in: ${output}`;
  const [url, key, invoice, payment] = [found(/busy shop in it: (\S+)/), found(/X-Dash-Key\): (\S+)/), found(/any CVC:\s+(\S+)/), found(/"payment_id":"(pi_\w+)"/)];
  expect(await (await fetch(invoice)).text()).toContain("$0.50");
  const refund = await fetch(`${url}/api/payments/refund`, { method: "POST", headers: { "x-dash-key": key, "content-type": "application/json" }, body: JSON.stringify({ payment_id: payment, amount: 0.5 }) });
  expect(await refund.json()).toMatchObject({ ok: true, data: { amount: 0.5, payment_id: payment } });
  child.kill("SIGINT");
  expect(await ended).toBe(0);
});

it("the demo empties no folder but its own", async () => {
  const dir = temporaryDirectory();
  mkdirSync(join(dir, "data", "demo"), { recursive: true });
  const { code, stderr } = await runInside(dir, { PATH: process.env["PATH"] ?? "" }, "demo");
  expect([code, stderr]).toEqual([1, expect.stringContaining("is not the demo's")]);
});
