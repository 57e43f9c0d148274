import { text as operations } from "../../text/operations.ts";
import { text } from "../../text/payments.ts";
import { moneyWords } from "../../ui/money.tsx";
import type { State } from "../../ui/state.tsx";
import type { OperationOf, Payment, ReceiptOf } from "./read.ts";

/** One line of a payment's story. */
export interface Line {
  readonly key: string;
  readonly at: string;
  readonly kind: keyof typeof text.kind;
  readonly words: string;
  readonly state: State;
  readonly id: string;
  /** Where it leads; null for nowhere. */
  readonly link: { readonly to: "/events/$id" | "/operations/$id"; readonly id: string } | null;
}

const money = (amount: number | null, currency: string | null): string => (amount === null || currency === null ? "" : moneyWords(amount, currency));

function attempts({ attempts: all, created }: Payment): Line[] {
  return all.map((one) => {
    const amount = money(one.amount, one.currency);
    const words = one.outcome === "succeeded" ? text.line.attemptSucceeded(amount) : one.outcome === "failed" ? text.line.attemptFailed(one.why ?? "") : text.line.attemptPending(amount);
    const card = one.last4 === null ? "" : ` · ${one.brand ?? one.method ?? ""} •••• ${one.last4}`;
    return { key: `attempt ${one.id}`, at: one.at ?? created, kind: "attempt", words: words + card, state: one.outcome === "succeeded" ? "fine" : one.outcome === "failed" ? "critical" : "attention", id: one.id, link: null };
  });
}

function refunds({ refunds: all, unseen_refund, currency }: Payment): Line[] {
  const told: Line[] = all.map((one) => {
    const amount = money(one.amount, one.currency);
    return { key: `refund ${one.id}`, at: one.created, kind: "refund", words: one.failure === null ? text.line.refund(amount, one.status) : text.line.refundFailed(amount, one.failure), state: one.failure === null ? (one.status === "succeeded" ? "fine" : "attention") : "critical", id: one.id, link: null };
  });
  if (unseen_refund === null) return told;
  return [...told, { key: "unseen refund", at: unseen_refund.at, kind: "refund", words: text.line.unseenRefund(money(unseen_refund.amount, currency)), state: "attention", id: "", link: null }];
}

function disputes({ disputes: all, updated }: Payment): Line[] {
  return all.flatMap((one): Line[] => {
    const line = (key: string, at: string, words: string, state: State): Line => ({ key: `${key} ${one.id}`, at, kind: "dispute", words, state, id: one.id, link: null });
    return [
      line("dispute", one.withdrawn_at ?? updated, text.line.dispute(money(one.amount, one.currency), `${one.reason ?? ""} (${one.status})`), "critical"),
      ...(one.withdrawn_at === null ? [] : [line("withdrawn", one.withdrawn_at, text.line.withdrawn(money(one.amount, one.currency)), "critical")]),
      ...(one.reinstated_at === null ? [] : [line("reinstated", one.reinstated_at, text.line.reinstated, "fine")]),
    ];
  });
}

function asked(all: readonly OperationOf[]): Line[] {
  return all.map((one) => ({
    key: one.id,
    at: one.created,
    kind: "operation",
    words: `${text.line.operation(`${operations.kind[one.kind]} ${money(one.amount, one.currency)}`.trim(), one.asked_by)}: ${operations.state[one.state]}`,
    state: one.state === "confirmed" ? "fine" : one.state === "failed" ? "critical" : "attention",
    id: one.id,
    link: { to: "/operations/$id", id: one.id },
  }));
}

function receipts(all: readonly ReceiptOf[]): Line[] {
  return all.map((one) => ({ key: one.id, at: one.sent ?? one.created, kind: "receipt", words: text.line.receipt(one.email ?? "–", one.state), state: one.state === "sent" ? "fine" : "attention", id: one.id, link: null }));
}

function events({ events: all }: Payment): Line[] {
  return all.map((one) => ({ key: one.event_id, at: one.created, kind: "event", words: one.event_type, state: one.status === "failed" ? "critical" : "unknown", id: one.event_id, link: { to: "/events/$id", id: one.event_id } }));
}

/** Everything that happened to a payment, as it happened. What happened in the same second stands with the event that told of it first. */
export function storyOf(payment: Payment, ops: readonly OperationOf[], mails: readonly ReceiptOf[]): Line[] {
  const all = [...asked(ops), ...events(payment), ...attempts(payment), ...refunds(payment), ...disputes(payment), ...receipts(mails)];
  return all.sort((one, other) => Date.parse(one.at) - Date.parse(other.at));
}
