import { type Minor, moneyText } from "../../money/index.ts";
import { type Html, html } from "../../platform/index.ts";
import type { ReceiptFacts, RefundFacts } from "../../stripe/index.ts";

export interface Merchant {
  readonly name: string;
  /** https address of an image; null: the name alone. */
  readonly logo: string | null;
  readonly timeZone: string;
}

export interface Rendered {
  readonly subject: string;
  readonly html: string;
  readonly text: string;
}

/** One line, short, without characters that could be a header or turn the reading direction. */
export function plainLine(text: string, max: number): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ").trim().slice(0, max);
}

function dayOf(ms: number, timeZone: string): string {
  return new Intl.DateTimeFormat("en-US", { timeZone, dateStyle: "long", timeStyle: "short" }).format(ms);
}

interface Row {
  readonly label: string;
  readonly value: string;
}

interface Content {
  readonly subject: string;
  readonly headline: string;
  readonly total: string;
  readonly items: readonly Row[];
  readonly facts: readonly Row[];
}

function contentOf(merchant: Merchant, facts: ReceiptFacts, refund: RefundFacts | null): Content {
  const money = (amount: Minor): string => moneyText(amount, facts.currency);
  const name = plainLine(merchant.name, 100);
  const card = facts.card === null ? [] : [{ label: "Paid with", value: `${plainLine(facts.card.brand, 30)} ending in ${plainLine(facts.card.last4, 10)}` }];
  const number = [{ label: "Reference", value: facts.payment ?? facts.charge }];
  if (refund !== null) {
    return {
      subject: `Your refund from ${name}: ${money(refund.amount)}`,
      headline: `${name} has refunded you`,
      total: money(refund.amount),
      items: [],
      facts: [{ label: "Refunded on", value: dayOf(refund.createdAt, merchant.timeZone) }, { label: "Of a payment of", value: money(facts.amount) }, ...card, ...number, { label: "Refund", value: refund.id }],
    };
  }
  return {
    subject: `Your receipt from ${name}: ${money(facts.amount)}`,
    headline: `Receipt from ${name}`,
    total: money(facts.amount),
    items: facts.items.map((item) => ({ label: plainLine(item.text, 200), value: money(item.amount) })),
    facts: [{ label: "Paid on", value: dayOf(facts.paidAt, merchant.timeZone) }, ...card, ...number],
  };
}

const CELL = "padding:6px 0;border-bottom:1px solid #e3e8ee";

function rowHtml({ label, value }: Row): Html {
  return html`<tr><td style="${CELL}">${label}</td><td style="${CELL};text-align:right;white-space:nowrap">${value}</td></tr>`;
}

function page(merchant: Merchant, live: boolean, { subject, headline, total, items, facts }: Content): string {
  // Styles stand inline: mail readers throw style sheets away.
  const logo = merchant.logo === null ? html`` : html`<img src="${merchant.logo}" alt="${merchant.name}" height="40" style="display:block;max-height:40px;margin-bottom:16px">`;
  const mode = live ? html`` : html`<p style="background:#b45309;color:#fff;padding:8px 12px;border-radius:6px">Test mode: no money moved.</p>`;
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${subject}</title></head>
<body style="margin:0;background:#f4f5f7;color:#1a1f36;font:16px/1.5 -apple-system,'Segoe UI',sans-serif">
<div style="max-width:480px;margin:0 auto;padding:32px 24px;background:#fff">
${logo}${mode}<h1 style="font-size:18px;margin:0">${headline}</h1>
<p style="font-size:32px;font-weight:600;margin:8px 0 16px">${total}</p>
<table role="presentation" style="width:100%;border-collapse:collapse">${items.map(rowHtml)}</table>
<table role="presentation" style="width:100%;border-collapse:collapse;margin-top:16px;color:#5b6577">${facts.map(rowHtml)}</table>
</div></body></html>
`.text;
}

function plain(live: boolean, { headline, total, items, facts }: Content): string {
  const rows = (list: readonly Row[]): string => list.map(({ label, value }) => `${label}: ${value}`).join("\n");
  return [live ? "" : "TEST MODE: no money moved.\n", headline, total, "", rows(items), "", rows(facts)].join("\n").replace(/\n{3,}/g, "\n\n").trim().concat("\n");
}

/** A receipt over a charge, or over a refund of it. */
export function renderReceipt(merchant: Merchant, facts: ReceiptFacts, refund: RefundFacts | null): Rendered {
  const content = contentOf(merchant, facts, refund);
  return { subject: content.subject, html: page(merchant, facts.live, content), text: plain(facts.live, content) };
}
