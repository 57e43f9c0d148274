import { undertake } from "../api/undertake.ts";
import { formatAmount } from "../currency.ts";
import { Desk } from "../desk.ts";
import { newId } from "../random.ts";
import type { CheckoutSession } from "../shapes/checkout-session.ts";
import { seconds } from "../shapes/thing.ts";
import { intentOfSession } from "../work/checkout.ts";
import { confirmIntent } from "../work/payment.ts";
import type { World } from "../world.ts";
import { scopeOf } from "../world.ts";
import { cardForm, methodOfForm } from "./card-form.ts";
import { html, page } from "./html.ts";
import type { PageAnswer } from "./invoice-page.ts";

function open(world: World, id: string): { desk: Desk; session: CheckoutSession } | null {
  const desk = new Desk(world, scopeOf(world.settings.account, id.startsWith("cs_live_")), { id: newId(world.random, "req"), idempotency_key: null });
  const session = desk.peek(id);
  return session?.object === "checkout.session" ? { desk, session: session as CheckoutSession } : null;
}

export function showCheckout(world: World, id: string): PageAnswer {
  const found = open(world, id);
  if (found === null) return { status: 404, html: page("Not found", html`<h1>There is no such checkout.</h1>`) };
  return { status: 200, html: checkoutPage(found.desk, found.session, null) };
}

/** Pays with the card of the form; then the page links to where the merchant wanted the customer to go. */
export function payCheckout(world: World, id: string, form: Readonly<Record<string, unknown>>): PageAnswer {
  const found = open(world, id);
  if (found === null) return showCheckout(world, id);
  const { desk, session } = found;
  if (statusOf(desk, session) !== "open") return { status: 303, html: "", location: `/c/pay/${id}` };
  const done = undertake(desk, () => {
    const method = methodOfForm(desk, form, session.customer_email);
    return confirmIntent(desk, intentOfSession(desk, session), method, { offSession: false, returnUrl: `${world.settings.url}/c/pay/${id}` });
  });
  if (done.kind === "refused") return { status: 402, html: checkoutPage(desk, desk.find<CheckoutSession>("checkout.session", id), done.problem.message) };
  return { status: 303, html: "", location: done.value.status === "requires_action" ? `/authenticate/${done.value.id}` : `/c/pay/${id}` };
}

/** A session expires by the passing of time alone. */
function statusOf(desk: Desk, session: CheckoutSession): CheckoutSession["status"] {
  return session.status === "open" && session.expires_at <= seconds(desk.nowMs) ? "expired" : session.status;
}

function checkoutPage(desk: Desk, session: CheckoutSession, problem: string | null): string {
  const amount = formatAmount(session.amount_total, session.currency);
  const status = statusOf(desk, session);
  const next = session.success_url?.replaceAll("{CHECKOUT_SESSION_ID}", session.id) ?? null;
  const body = status === "open" ? cardForm(amount) : status === "complete" ? html`<p class="paid" data-status="paid">Paid. Thank you.</p>${next === null ? "" : html`<p><a href="${next}">Back to the shop</a></p>`}` : html`<p data-status="expired">This checkout has expired.</p>`;
  return page(`Pay ${desk.merchant.name}`, html`<h1>Pay ${desk.merchant.name}</h1>
<p class="amount">${amount}</p>
${problem === null ? "" : html`<p role="alert">${problem}</p>`}
${body}`);
}
