import type { State } from "../../ui/state.tsx";
import type { text } from "../../text/payments.ts";

export type PaymentStatus = keyof typeof text.status;

export const STATE_OF: Record<PaymentStatus, State> = {
  unknown: "unknown",
  incomplete: "unknown",
  requires_action: "attention",
  processing: "attention",
  authorized: "attention",
  expired: "unknown",
  canceled: "unknown",
  failed: "critical",
  succeeded: "fine",
  partially_refunded: "attention",
  refunded: "unknown",
  disputed: "critical",
};
