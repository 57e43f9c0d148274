import { undertake } from "../api/undertake.ts";
import { formatAmount } from "../currency.ts";
import { Desk } from "../desk.ts";
import type { PaymentIntent } from "../shapes/payment-intent.ts";
import { answerChallenge } from "../work/payment.ts";
import type { World } from "../world.ts";
import { scopeOf } from "../world.ts";
import { html, page } from "./html.ts";
import type { PageAnswer } from "./invoice-page.ts";

/** The bank's question of 3-D Secure, with the two answers there are. */
export function showChallenge(world: World, id: string): PageAnswer {
  const found = intentAnywhere(world, id);
  if (found === null) return { status: 404, html: page("Not found", html`<h1>There is no such payment.</h1>`) };
  const { intent } = found;
  if (intent.status !== "requires_action") return { status: 200, html: page("Done", html`<h1>There is nothing to confirm.</h1><p data-status="${intent.status}">This payment is ${intent.status.replaceAll("_", " ")}.</p>`) };
  return {
    status: 200,
    html: page("Confirm your payment", html`<h1>Your bank asks: is it you?</h1><p class="amount">${formatAmount(intent.amount, intent.currency)}</p>
<form method="post"><button name="result" value="succeeded">Complete authentication</button><button class="quiet" name="result" value="failed">Fail authentication</button></form>`),
  };
}

export function answerOnPage(world: World, id: string, form: Readonly<Record<string, unknown>>): PageAnswer {
  const found = intentAnywhere(world, id);
  if (found === null) return showChallenge(world, id);
  const { desk, intent } = found;
  const returnUrl = (intent.next_action?.["redirect_to_url"] as { return_url?: string } | undefined)?.return_url;
  const done = undertake(desk, () => answerChallenge(desk, intent, form["result"] === "succeeded"));
  if (done.kind === "refused") return { status: 402, html: page("Declined", html`<h1>The payment did not go through.</h1><p role="alert">${done.problem.message}</p>`) };
  // Back to where the payment began, when that is one of these pages; a foreign address is shown, not followed: the page's policy forbids it.
  const own = returnUrl?.startsWith(`${world.settings.url}/`) === true ? returnUrl.slice(world.settings.url.length) : `/authenticate/${id}`;
  return { status: 303, html: "", location: own };
}

function intentAnywhere(world: World, id: string): { desk: Desk; intent: PaymentIntent } | null {
  for (const livemode of [false, true]) {
    const desk = new Desk(world, scopeOf(world.settings.account, livemode), { id: null, idempotency_key: null });
    const intent = desk.peek(id);
    if (intent?.object === "payment_intent") return { desk, intent: intent as PaymentIntent };
  }
  return null;
}
