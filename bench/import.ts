import { spawn } from "node:child_process";
import { createWriteStream, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { once } from "node:events";

export interface ImportFigures {
  readonly what: string;
  readonly lines: number;
  readonly megabytes: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Of the process with all its threads. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  readonly taken: number;
  readonly alreadyThere: number;
}

/** Twenty lines a second, up to a fixed end, so that the same arguments make the same file. */
const END_MS = Date.UTC(2026, 8, 1);

function timeOf(index: number, lines: number): Date {
  return new Date(END_MS - (lines - index) * 50);
}

const TYPES = ["charge.succeeded", "payment_intent.succeeded", "charge.failed", "invoice.paid", "customer.updated"] as const;

/** A line of the older system's log of webhooks; one in a hundred failed. */
function webhookLine(index: number, lines: number): string {
  const failed = index % 100 === 0;
  return JSON.stringify({ ts: timeOf(index, lines).toISOString().replace(/\.\d+Z$/, "Z"), event_type: TYPES[index % TYPES.length], event_id: stripeId("evt", index, lines), mode: "live", ok: !failed, status: failed ? 500 : 200 });
}

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

function base62(value: number, length: number): string {
  let text = "";
  for (let rest = value; text.length < length; rest = Math.floor(rest / 62)) text = `${DIGITS[rest % 62]}${text}`;
  return text;
}

/** As Stripe's ids are: the time, the account, and what no order is in. */
function stripeId(prefix: string, index: number, lines: number): string {
  return `${prefix}_3${base62(Math.floor(timeOf(index, lines).getTime() / 1000), 6)}LkdIwHu7ix${base62((index * 2_654_435_761) % 2 ** 45, 8)}`;
}

/** A line of its log of payments, with Stripe's id. */
function paymentLine(index: number, lines: number): string {
  return JSON.stringify({ ts: timeOf(index, lines).toISOString(), payment_id: stripeId("pi", index, lines), amount_usd: ((index % 50_000) + 50) / 100, email: `buyer${index % 1000}@example.com`, mode: "live", status: "succeeded" });
}

/** An event as Stripe's list gives it, of about the size of a charge's. */
function eventLine(index: number, lines: number): string {
  const created = Math.floor(timeOf(index, lines).getTime() / 1000);
  const id = stripeId("", index, lines).slice(1);
  const address = { city: "Dublin", country: "IE", line1: `${index % 300} Grand Canal Street`, line2: null, postal_code: "D02", state: null };
  const charge = {
    id: `ch_${id}`, object: "charge", amount: 50 + (index % 50_000), amount_captured: 50 + (index % 50_000), amount_refunded: 0, application: null, application_fee: null, application_fee_amount: null,
    balance_transaction: `txn_${id}`, billing_details: { address, email: `buyer${index % 1000}@example.com`, name: "A. Buyer", phone: null, tax_id: null }, calculated_statement_descriptor: "SHOP", captured: true, created,
    currency: "usd", customer: `cus_${id}`, description: null, destination: null, dispute: null, disputed: false, failure_balance_transaction: null, failure_code: null, failure_message: null, fraud_details: {}, livemode: true,
    metadata: { order: String(index), source: "web" }, on_behalf_of: null, outcome: { advice_code: null, network_advice_code: null, network_decline_code: null, network_status: "approved_by_network", reason: null, risk_level: "normal", risk_score: index % 60, seller_message: "Payment complete.", type: "authorized" },
    paid: true, payment_intent: `pi_${id}`, payment_method: `pm_${id}`,
    payment_method_details: { card: { amount_authorized: 50 + (index % 50_000), brand: "visa", checks: { address_line1_check: "pass", address_postal_code_check: "pass", cvc_check: "pass" }, country: "US", exp_month: 4, exp_year: 2030, fingerprint: `Xt5EWLLDS7F${index % 997}`, funding: "credit", last4: "4242", network: "visa", three_d_secure: null, wallet: null }, type: "card" },
    receipt_email: null, receipt_number: null, receipt_url: `https://pay.stripe.com/receipts/payment/${id}${id}${id}`, refunded: false, review: null, shipping: null, source_transfer: null, statement_descriptor: null, statement_descriptor_suffix: null, status: "succeeded", transfer_data: null, transfer_group: null,
  };
  return JSON.stringify({ id: `evt_${id}`, object: "event", api_version: "2026-10-28.endive", created, data: { object: charge }, livemode: true, pending_webhooks: 0, request: { id: `req_${id}`, idempotency_key: id }, type: "charge.succeeded" });
}

async function writeFile(path: string, lines: number, line: (index: number, lines: number) => string): Promise<number> {
  const out = createWriteStream(path);
  for (let from = 0; from < lines; from += 1000) {
    let text = "";
    for (let index = from; index < Math.min(lines, from + 1000); index += 1) text += `${line(index, lines)}\n`;
    if (!out.write(text)) await once(out, "drain");
  }
  out.end();
  await once(out, "close");
  return out.bytesWritten;
}

/** Clock ticks of a second, as Linux counts processor time in `/proc`. */
const TICKS = 100;

/** What a process took until now; null when it is gone. */
function spent(pid: number): { cpuSeconds: number; peakMb: number } | null {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /, "").split(" ");
    const peak = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
    return peak === undefined ? null : { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS, peakMb: Math.round(Number(peak) / 1024) };
  } catch {
    return null;
  }
}

/** Runs the command that a user runs, to its end. */
async function runImport(what: string, file: string, megabytes: number, directory: string): Promise<ImportFigures> {
  const began = performance.now();
  const child = spawn(join(import.meta.dirname, "..", "bin", "tillwatch"), ["import", "--until", "all", "--json", file], {
    env: { PATH: process.env["PATH"] ?? "", DATA_DIR: directory, LOG_DIR: "off", STRIPE_MODE: "live", STRIPE_SECRET_LIVE: "sk_live_bench", DASHBOARD_KEY: "a-key-for-the-benchmark" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  let last = { cpuSeconds: 0, peakMb: 0 };
  const looking = setInterval(() => {
    last = spent(child.pid ?? 0) ?? last;
  }, 50);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = (await once(child, "close")) as [number | null];
  clearInterval(looking);
  const seconds = (performance.now() - began) / 1000;
  if (code !== 0) throw new Error(`import ended with ${code}: ${output}`);
  const report = JSON.parse(output) as { lines: number; taken: number; already_there: number; bad: number };
  if (report.bad > 0) throw new Error(`${report.bad} lines of a file made for the benchmark are bad`);
  return { what, lines: report.lines, megabytes, seconds, perSecond: Math.round(report.lines / seconds), ...last, taken: report.taken, alreadyThere: report.already_there };
}

/**
 * `tillwatch import` of files of `lines` lines (Stripe's events: a quarter of that, as they are ten times as long), each
 * into an empty SQLite database and then a second time.
 */
export async function benchImport(lines: number, directory: string): Promise<ImportFigures[]> {
  const figures: ImportFigures[] = [];
  const kinds = [
    ["stripe_webhooks.ndjson", lines, webhookLine],
    ["payments_live.ndjson", lines, paymentLine],
    ["events.ndjson", Math.ceil(lines / 4), eventLine],
  ] as const;
  for (const [name, count, line] of kinds) {
    const file = join(directory, name);
    const megabytes = Math.round((await writeFile(file, count, line)) / 1e6);
    const data = join(directory, `import-${name}`);
    for (const run of ["", ", again"]) {
      const found = await runImport(`${name}${run}`, file, megabytes, data);
      if (found.taken !== (run === "" ? count : 0) || found.taken + found.alreadyThere !== count) throw new Error(`${found.what}: ${found.taken} taken, ${found.alreadyThere} already there`);
      process.stderr.write(`  ${found.what}: ${found.seconds.toFixed(1)} s\n`);
      figures.push(found);
    }
    rmSync(file);
    rmSync(data, { recursive: true });
  }
  return figures;
}
