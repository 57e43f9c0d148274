import { sign, someEvents } from "../../sandbox/index.ts";
import { eventually } from "../service.ts";
import type { Stage } from "./dashboard.ts";

/** Events of the shop's last hours. */
const EVENTS = 240;

interface Listed {
  readonly id: string;
  readonly amount: number;
}

/** Pays the newest invoice's page as its form does; no window is needed for that. */
export async function payInvoice(url: string): Promise<void> {
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/x-www-form-urlencoded" }, body: new URLSearchParams({ number: "4242 4242 4242 4242", expiry: "12 / 34", cvc: "123" }), redirect: "manual" });
  if (answer.status !== 303) throw new Error(`paying answered ${answer.status}: ${(await answer.text()).slice(0, 300)}`);
}

/** An invoice of the sandbox, paid by a customer: a payment that can be refunded. Answers its id once it is derived. */
export async function paidInvoice(stage: Stage, amount: number, email: string): Promise<string> {
  const invoice = await stage.ask("/api/payments/create-invoice", { amount, email, description: "A pot of tea" });
  await payInvoice(String(invoice["hosted_invoice_url"]));
  const list = await eventually(
    async () => (await stage.ask(`/api/payments?status=succeeded&q=${encodeURIComponent(email)}`))["data"] as Listed[],
    (payments) => payments.some((payment) => payment.amount === amount),
  );
  const found = list.find((payment) => payment.amount === amount);
  if (found === undefined) throw new Error(`no payment of ${amount} by ${email} came in`);
  return found.id;
}

/** Authentic deliveries that cannot be read, more than three: an alert, which fires when this returns. */
export async function failWebhooks(stage: Stage): Promise<void> {
  const secret = stage.env["STRIPE_WEBHOOK_SECRET"] ?? "";
  for (let count = 0; count < 5; count += 1) await fetch(`${stage.service.url}/webhooks/stripe`, { method: "POST", headers: { "content-type": "application/json", "stripe-signature": sign("no json", secret, Math.floor(Date.now() / 1000)) }, body: "no json" });
  await eventually(
    async () => (await stage.ask("/api/alerts?state=open"))["data"] as { rule: string; state: string }[],
    (alerts) => alerts.some(({ rule, state }) => rule === "webhook_failures" && state === "firing"),
  );
}

/**
 * A day of a shop: some hundreds of events of the last hours, a payment that was paid here and refunded in part, an alert
 * that fires. What a page shows of each is found by its list.
 */
export async function fill(stage: Stage): Promise<void> {
  const events = someEvents(EVENTS, { startMs: Date.now() - 3 * 3_600_000, ratePerMinute: EVENTS / 4 / 160, flat: true });
  const wrong = (await Promise.all(events.filter(({ created }) => created * 1000 <= Date.now()).map((event) => stage.send(JSON.stringify(event, null, 2))))).filter((sent) => sent.kind !== "answered" || sent.status !== 200);
  if (wrong.length > 0) throw new Error(`not all events were taken: ${JSON.stringify(wrong[0])}`);
  const payment = await paidInvoice(stage, 12.5, "ada@example.com");
  await stage.ask("/api/payments/refund", { payment_id: payment, amount: 2.5 });
  await failWebhooks(stage);
}
