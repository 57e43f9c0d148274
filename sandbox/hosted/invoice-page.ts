import { undertake } from "../api/undertake.ts";
import { formatAmount } from "../currency.ts";
import { Desk } from "../desk.ts";
import { newId } from "../random.ts";
import type { Invoice } from "../shapes/invoice.ts";
import { intentOfInvoice } from "../work/invoice.ts";
import { confirmIntent } from "../work/payment.ts";
import type { World } from "../world.ts";
import { scopeOf } from "../world.ts";
import { cardForm, methodOfForm } from "./card-form.ts";
import { Html, html, page } from "./html.ts";

export interface PageAnswer {
  status: number;
  html: string;
  /** Where the browser is to go instead. */
  location?: string;
}

/** The desk and the invoice behind a link, or null. The token is the whole right to see it. */
function open(world: World, account: string, token: string): { desk: Desk; invoice: Invoice } | null {
  const match = /^(test|live)_([A-Za-z0-9]{40})$/.exec(token);
  if (match === null) return null;
  const scope = scopeOf(account, match[1] === "live");
  const invoice = world.objects.invoiceBehind(scope, `/${token}`);
  if (invoice === null) return null;
  return { desk: new Desk(world, scope, { id: newId(world.random, "req"), idempotency_key: null }), invoice: invoice as Invoice };
}

export function showInvoice(world: World, account: string, token: string): PageAnswer {
  const found = open(world, account, token);
  return found === null ? NOT_FOUND : { status: 200, html: invoicePage(found.invoice, world.settings.merchantName, null) };
}

const NOT_FOUND: PageAnswer = { status: 404, html: page("Not found", html`<h1>There is no such invoice.</h1><p>The link may be mistyped or have expired.</p>`) };

/** Pays with the card of the form; a decline is told in words on the same page. */
export function payInvoice(world: World, account: string, token: string, form: Readonly<Record<string, unknown>>): PageAnswer {
  const found = open(world, account, token);
  if (found === null) return NOT_FOUND;
  const { desk, invoice } = found;
  const done = undertake(desk, () => {
    const intent = intentOfInvoice(desk, invoice);
    if (invoice.status !== "open" || intent === null || intent.status === "succeeded") return null;
    const method = methodOfForm(desk, form, invoice.customer_email);
    return confirmIntent(desk, intent, method, { offSession: false, returnUrl: invoice.hosted_invoice_url });
  });
  if (done.kind === "refused") return { status: 402, html: invoicePage(desk.find<Invoice>("invoice", invoice.id), world.settings.merchantName, done.problem.message) };
  const here = `/i/${account}/${token}`;
  return { status: 303, html: "", location: done.value?.status === "requires_action" ? `/authenticate/${done.value.id}` : here };
}

function invoicePage(invoice: Invoice, merchant: string, problem: string | null): string {
  const lines = invoice.lines.data.map((line) => html`<tr><td>${line.description ?? "Item"}</td><td>${formatAmount(line.amount, line.currency)}</td></tr>`.text).join("");
  const amount = formatAmount(invoice.status === "paid" ? invoice.total : invoice.amount_due, invoice.currency);
  return page(
    `Invoice ${invoice.number ?? ""} from ${merchant}`,
    html`<h1>${merchant}: invoice ${invoice.number ?? ""}</h1>
<p class="amount">${amount}</p>
<table>${new Html(lines)}</table>
${problem === null ? "" : html`<p role="alert">${problem}</p>`}
${statusPart(invoice, amount)}`,
  );
}

function statusPart(invoice: Invoice, amount: string): Html {
  if (invoice.status === "paid") return html`<p class="paid" data-status="paid">This invoice is paid. Thank you.</p>`;
  if (invoice.status !== "open") return html`<p data-status="${invoice.status}">This invoice is ${invoice.status === "void" ? "void" : "no longer open"} and cannot be paid.</p>`;
  return cardForm(amount);
}
