/** The current truth about each payment, refund and dispute, folded from the ledger. */
import "./store.ts";

export type { Cause, Failure } from "./cause.ts";
export { copyPayments, firstNo, PAYMENT_TABLES } from "./copy.ts";
export { eventsOfPayments, forgetOwners, idsOfPayments, paymentsByIds, paymentsOfOwner } from "./forget.ts";
export { foldPayments, type PaymentChange, type PaymentsFolded } from "./fold.ts";
export { paymentsMigrations } from "./migrations/index.ts";
export { type Attempt, type Dispute, type Payment, type PaymentStatus, type Refund } from "./payment.ts";
export { type AttemptCount, countAttempts, countSucceeded, eventSeqsOf, findPayments, getPayment, type ListedPayment, listPayments, type PaymentFilter, type PaymentPage, type PaymentScope, partsBetween, type ToldPart } from "./query.ts";
export { type RefundStatus } from "./state.ts";
export { showListedPayment } from "./present.ts";
export { type PaymentsRoutes, paymentsRoutes } from "./routes.ts";
export { paymentFilterOf, paymentSearch } from "./search.ts";
export { saleUnevenness } from "./spread.ts";
export { type Sales, salesByCurrency } from "./sales.ts";
export { walkPayments, type WalkedPayment, type WalkPlace } from "./walk.ts";
