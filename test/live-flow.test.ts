import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openBrowser } from "./chromium.ts";
import { temporaryDirectory } from "./databases.ts";
import { DASHBOARD_KEY, eventually, runCommand, startService } from "./service.ts";

async function curl(...argv: string[]): Promise<Record<string, unknown> & { data?: unknown }> {
  const text = await new Promise<string>((resolve, reject) => {
    execFile("curl", ["-sS", "--max-time", "60", "-H", `X-Dash-Key: ${DASHBOARD_KEY}`, ...argv], (error, stdout, stderr) => (error === null ? resolve(stdout) : reject(new Error(stderr))));
  });
  return JSON.parse(text) as Record<string, unknown>;
}

const post = (url: string, body: object) => curl("-H", "content-type: application/json", "-d", JSON.stringify(body), url);

async function linesOf(file: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => (line === "" ? [] : [JSON.parse(line) as Record<string, unknown>]));
}

/** Pays on the hosted page as a customer does. */
async function payInBrowser(url: string): Promise<string> {
  const page = await (await openBrowser()).newPage();
  await page.goto(url);
  await page.getByLabel("Card number").fill("4242 4242 4242 4242");
  await page.getByLabel("Expiry").fill("12 / 34");
  await page.getByLabel("CVC").fill("123");
  await page.getByRole("button", { name: /Pay/ }).click();
  return (await page.locator("[data-status]").textContent()) ?? "";
}

/** The older system's live test flow, in its order, against the real service, with curl and a real browser. */
it("invoice, payment on the hosted page, webhook, event list, refund, charge.refunded, refunds.ndjson", async () => {
  const dir = temporaryDirectory();
  // A webhook secret of one's own keeps the sandbox's traffic away, so that only this flow is in the logs.
  const env = { PATH: process.env["PATH"] ?? "", DASHBOARD_KEY, DATA_DIR: dir, LOG_DIR: join(dir, "logs"), STRIPE_WEBHOOK_SECRET: "whsec_0123456789abcdef0123" };
  const service = await startService(env);
  const deliveries = () => linesOf(join(dir, "logs", "stripe_webhooks.ndjson"));

  const invoice = await post(`${service.url}/api/payments/create-invoice`, { amount: 0.5, email: "ops@example.com", description: "Live test" });
  expect(invoice).toMatchObject({ ok: true, invoice_id: expect.stringMatching(/^in_/), hosted_invoice_url: expect.stringMatching(/^http/), amount_due: 0.5, customer_email: "ops@example.com" });

  expect(await payInBrowser(String(invoice["hosted_invoice_url"]))).toContain("paid");

  const seen = await eventually(deliveries, (lines) => ["charge.succeeded", "invoice.paid"].every((type) => lines.some((line) => line["event_type"] === type)));
  expect(seen).toEqual(expect.arrayContaining([expect.objectContaining({ event_type: "charge.succeeded", ok: true, mode: "test", status: 200 }), expect.objectContaining({ event_type: "invoice.paid", ok: true })]));

  const listed = await eventually(() => curl(`${service.url}/api/payments/events?limit=10`), (answer) => JSON.stringify(answer).includes("payment_intent.succeeded"));
  expect(listed).toMatchObject({ ok: true, count: 10 });
  const payments = await eventually(() => curl(`${service.url}/api/payments?status=succeeded`), (answer) => answer["count"] === 1);
  const [payment] = payments.data as { id: string }[];
  expect(payment?.id).toMatch(/^pi_/);

  const refund = await post(`${service.url}/api/payments/refund`, { payment_id: payment?.id, amount: 0.5 });
  expect(refund).toMatchObject({ ok: true, data: { id: expect.stringMatching(/^re_/), status: "succeeded", amount: 0.5, mode: "test" } });
  const { id, operation } = refund.data as { id: string; operation: string };

  expect(await eventually(deliveries, (lines) => lines.some((line) => line["event_type"] === "charge.refunded"))).toEqual(expect.arrayContaining([expect.objectContaining({ event_type: "charge.refunded", ok: true })]));
  const lines = await eventually(() => linesOf(join(dir, "logs", "refunds.ndjson")), (found) => found.length > 0);
  expect(lines).toEqual([expect.objectContaining({ id, payment_id: payment?.id, amount: 0.5, status: "succeeded", mode: "test", source: "tillwatch" })]);
  expect(await eventually(() => curl(`${service.url}/api/operations/${operation}`), (answer) => (answer.data as { state?: string }).state === "confirmed")).toMatchObject({ data: { state: "confirmed" } });

  // The command line finds the running sandbox; the hosted address stands in no log.
  const { code, stderr } = await runCommand(env, "refund", payment?.id ?? "", "--yes");
  expect([code, stderr]).toEqual([1, expect.stringContaining("nothing is left")]);
  const secret = new URL(String(invoice["hosted_invoice_url"])).pathname;
  expect(service.output()).not.toContain(secret);
  expect(JSON.stringify([await deliveries(), lines])).not.toContain(secret);
});

it("a command without a running service says to start it", async () => {
  const dir = temporaryDirectory();
  const { code, stderr } = await runCommand({ PATH: process.env["PATH"] ?? "", DATA_DIR: dir, LOG_DIR: "off" }, "refund", "pi_1", "--yes");
  expect([code, stderr]).toEqual([1, expect.stringContaining("start the service")]);
});
