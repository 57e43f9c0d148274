/** Our books held against Stripe's: charges, refunds, disputes, payouts and what moved the balance, with what differs in words. */
export type { Difference } from "./difference.ts";
export { type PartFound, reconcile, type ReconcileOptions } from "./reconcile.ts";
export { repairOf } from "./repair.ts";
export type { Part } from "./side.ts";
export type { Total } from "./totals.ts";
