import { badRequest } from "../api/problem.ts";
import type { Desk } from "../desk.ts";
import type { Charge } from "../shapes/charge.ts";
import type { Dispute, DisputeStatus } from "../shapes/dispute.ts";
import { DISPUTE_FEE, disputeShape } from "../shapes/dispute.ts";
import { bookCharge } from "./payment.ts";

/** The cardholder's bank takes the money back, or, in an inquiry, only asks. */
export function openDispute(desk: Desk, found: Charge, spec: { reason: string; inquiry: boolean; amount: number | null }): Dispute {
  if (found.status !== "succeeded" || !found.captured) throw badRequest(`Charge ${found.id} has taken no money that could be disputed.`);
  const charge = bookCharge(desk, found);
  const amount = spec.amount ?? charge.amount_captured - charge.amount_refunded;
  const dispute = disputeShape(charge, {
    id: desk.id("du"), amount, createdAtMs: desk.nowMs, reason: spec.reason, status: spec.inquiry ? "warning_needs_response" : "needs_response",
  });
  desk.tell("charge.dispute.created", dispute);
  desk.tell("charge.updated", { ...charge, disputed: true }, charge);
  if (spec.inquiry) return dispute;
  const taken = desk.book({ movement: "adjustment", amount: -amount, currency: charge.currency, source: dispute.id, description: "Chargeback withdrawal", fee: DISPUTE_FEE });
  return desk.tell("charge.dispute.funds_withdrawn", { ...dispute, balance_transactions: [taken] }, dispute);
}

/** Evidence was sent: the bank looks at it. */
export function reviewDispute(desk: Desk, before: Dispute, evidence: Record<string, unknown>, submit: boolean): Dispute {
  if (isOver(before)) throw badRequest("This dispute is already closed.", "dispute_already_closed");
  const inquiry = before.status.startsWith("warning_");
  const status: DisputeStatus = submit ? (inquiry ? "warning_under_review" : "under_review") : before.status;
  const details = { ...before.evidence_details, has_evidence: true, submission_count: Number(before.evidence_details["submission_count"] ?? 0) + (submit ? 1 : 0) };
  return desk.tell("charge.dispute.updated", { ...before, status, evidence: { ...before.evidence, ...evidence }, evidence_details: details }, before);
}

/** @param outcome a lost dispute may still be won afterwards */
export function closeDispute(desk: Desk, before: Dispute, outcome: "won" | "lost"): Dispute {
  const inquiry = before.status.startsWith("warning_");
  if (before.status === outcome || before.status === "warning_closed") return before;
  if (inquiry) return desk.tell("charge.dispute.closed", { ...before, status: "warning_closed" } satisfies Dispute, before);
  const closed = desk.tell("charge.dispute.closed", { ...before, status: outcome } satisfies Dispute, before);
  if (outcome === "lost") return closed;
  const back = desk.book({
    movement: "adjustment", amount: before.amount, currency: before.currency, source: before.id, description: "Chargeback reversal", fee: -DISPUTE_FEE, reportingCategory: "dispute_reversal",
  });
  return desk.tell("charge.dispute.funds_reinstated", { ...closed, balance_transactions: [...before.balance_transactions, back] }, closed);
}

function isOver(dispute: Dispute): boolean {
  return dispute.status === "won" || dispute.status === "lost" || dispute.status === "warning_closed";
}
