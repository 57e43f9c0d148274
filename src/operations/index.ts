/** What people do at Stripe through Tillwatch: refunds, invoices, receipts. Intent first, then Stripe, then confirmation. */
export { expireApprovals } from "./approve.ts";
export { type CarryOutDeps, resolveNext } from "./carry-out.ts";
export { confirmOperations, noteMissing } from "./confirm.ts";
export type { Asker, OperationDeps } from "./intent.ts";
export { actOnInvoice, createInvoice, type InvoiceAsked } from "./invoice.ts";
export type { RefundLimit, RefundLimits } from "./limit.ts";
export { operationMigrations } from "./migrations/index.ts";
export { invoiceAnswer, refundAnswer } from "./present.ts";
export type { ReceiptMode } from "./receipts/receipt.ts";
export type { Merchant } from "./receipts/render.ts";
export { receiptRoutes, showReceipt } from "./receipts/routes.ts";
export { beginReceipts, findReceipts, previewReceipt, type ReceiptDeps, resendReceipt, sendReceipt } from "./receipts/send.ts";
export { listReceipts } from "./receipts/store.ts";
export { mirrorRefunds } from "./refund-record.ts";
export { previewRefund } from "./refundable.ts";
export { type RefundDeps, refundPayment } from "./refund.ts";
export { type OperationRoutes, operationRoutes } from "./routes.ts";
export { countOpen } from "./store.ts";
