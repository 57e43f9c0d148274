import { type Actor, recordAudit } from "../../access/index.ts";
import { consume, consumerSeq, lastSeq, moveCursor } from "../../ledger/index.ts";
import { getPayment } from "../../payments/index.ts";
import { AppError, type Clock, type Database, type Mailer } from "../../platform/index.ts";
import { type RefundFacts, type StripeApi, StripeTrouble } from "../../stripe/index.ts";
import { afterMail, occasionOf, planReceipt, type Receipt, type ReceiptMode, type SendPlan, whyNoRefund } from "./receipt.ts";
import { type Merchant, plainLine, renderReceipt } from "./render.ts";
import { addReceipt, changeReceipt, forgetStart, readDueReceipt, readReceipt, startedAt } from "./store.ts";

export interface ReceiptSettings {
  readonly mode: ReceiptMode;
  /** The sender's address; needed in mode `self`. */
  readonly from: string | null;
  readonly replyTo: string | null;
  /** Mail in test mode too. */
  readonly inTestMode: boolean;
  readonly merchant: Merchant;
}

export interface ReceiptDeps {
  readonly db: Database;
  readonly clock: Clock;
  readonly settings: ReceiptSettings;
  stripe(): StripeApi;
  /** Null when no SMTP server is configured. */
  readonly mailer: Mailer | null;
}

const CONSUMER = "receipts";
/** Longer than a mail server may keep us waiting. */
const LEASE_MS = 120_000;

/** How far back it looks when it follows the ledger for the first time. */
const FIRST_LOOK = 1000;

/** One step: notes what gives occasion for a receipt, of what came since receipts are on. */
export async function findReceipts({ db, clock, settings }: Pick<ReceiptDeps, "db" | "clock" | "settings">, limit: number): Promise<boolean> {
  const { mode } = settings;
  if (mode === "off") {
    await forgetStart(db, CONSUMER);
    return false;
  }
  const now = clock.now();
  const last = await lastSeq(db.read);
  if (last > FIRST_LOOK && (await consumerSeq(db.read, CONSUMER)) === 0) await db.write((tx) => moveCursor(tx, CONSUMER, last - FIRST_LOOK, now));
  const taken = await consume(
    db,
    CONSUMER,
    limit,
    async (tx, entries) => {
      const since = await startedAt(tx, now);
      for (const entry of entries) {
        const occasion = entry.receivedAt < since ? null : occasionOf(entry, now);
        if (occasion !== null) await addReceipt(tx, occasion, mode, now);
      }
      return [];
    },
    now,
  );
  return taken > 0;
}

/** Notes at start that receipts are on, so that the first event counts. */
export async function beginReceipts({ db, clock, settings }: Pick<ReceiptDeps, "db" | "clock" | "settings">): Promise<void> {
  if (settings.mode === "off") await forgetStart(db, CONSUMER);
  else await db.write((tx) => startedAt(tx, clock.now()));
}

/**
 * One step: sends the receipt whose turn it is. That it is being sent is committed before: a crash in between leaves
 * `sending`, which becomes `uncertain` and is not sent again by itself. So a receipt goes out at most once.
 */
export async function sendReceipt(deps: ReceiptDeps): Promise<boolean> {
  const { db, clock } = deps;
  const receipt = await readDueReceipt(db.read, clock.now());
  if (receipt === null) return false;
  if (receipt.state === "sending" && receipt.via === "self") {
    await db.write((tx) => changeReceipt(tx, receipt, { state: "uncertain", why: "the service ended while it was being sent; send it again if the customer has none", updated_at: clock.now() }));
    return true;
  }
  const held = { ...receipt, state: "sending" as const, nextTryAt: clock.now() + LEASE_MS };
  const mine = await db.write((tx) => changeReceipt(tx, receipt, { state: "sending", next_try_at: held.nextTryAt, attempts: receipt.attempts + 1, updated_at: clock.now() }));
  if (mine) await settleReceipt(deps, { ...held, attempts: receipt.attempts + 1 });
  return true;
}

/** What a receipt is made of, by Stripe's word. */
async function materialOf({ db, stripe }: ReceiptDeps, receipt: Pick<Receipt, "charge" | "refund">) {
  const api = stripe();
  const payment = await getPayment(db.read, receipt.charge, { live: api.live, account: null });
  const facts = await api.receipt(receipt.charge, payment?.invoice ?? null);
  const refund: RefundFacts | null = receipt.refund === null ? null : ((await api.refundsOf(facts.payment ?? receipt.charge)).find(({ id }) => id === receipt.refund) ?? null);
  return { facts, refund, known: payment?.email ?? null };
}

async function settleReceipt(deps: ReceiptDeps, receipt: Receipt): Promise<void> {
  const { db, clock, settings } = deps;
  const put = (changes: Parameters<typeof changeReceipt>[2]) => db.write((tx) => changeReceipt(tx, receipt, { ...changes, updated_at: clock.now() }));
  const later = (waitMs: number, why: string) => put({ state: "due", next_try_at: clock.now() + waitMs, why });
  try {
    const { facts, refund, known } = await materialOf(deps, receipt);
    const gone = whyNoRefund(receipt, refund);
    const plan: SendPlan = gone === null ? planReceipt(receipt, facts, known, settings.inTestMode) : { kind: "skip", why: gone };
    if (plan.kind === "skip" || plan.kind === "done") {
      await put({ state: plan.kind === "skip" ? "skipped" : "sent", why: plan.why });
    } else if (plan.kind === "ask_stripe") {
      // The key makes the same mail one, however often it is asked for; each copy has its own.
      await deps.stripe().setReceiptEmail(receipt.charge, plan.to, `tillwatch-receipt-${receipt.charge}-${receipt.copies}`);
      await put({ state: "sent", email: plan.to, sent_at: clock.now(), why: "Stripe was told to send it" });
    } else await mail(deps, receipt, plan, renderReceipt(settings.merchant, facts, refund), put);
  } catch (error) {
    if (!(error instanceof StripeTrouble)) throw error;
    // Nothing has been mailed by us; Stripe repeats by key. What it refuses for good will not be better tomorrow.
    if (error.effect === "none" && !error.passing && error.kind !== "upstream") await put({ state: "failed", why: error.message });
    else await later(Math.min(3_600_000, 5000 * 2 ** receipt.attempts), error.message);
  }
}

async function mail(deps: ReceiptDeps, receipt: Receipt, plan: SendPlan & { kind: "mail" }, rendered: ReturnType<typeof renderReceipt>, put: (changes: Parameters<typeof changeReceipt>[2]) => Promise<boolean>): Promise<void> {
  const { clock, settings, mailer } = deps;
  if (mailer === null || settings.from === null) {
    await put({ state: "failed", why: "no SMTP server or sender is configured; set smtp.host and receipts.from, then resend" });
    return;
  }
  const { subject, html, text } = rendered;
  const outcome = await mailer.send({ from: settings.from, to: plan.to, replyTo: settings.replyTo, subject: plainLine(subject, 200), html, text, messageId: `receipt.${receipt.id}.${receipt.copies}@tillwatch` });
  const after = afterMail(outcome, receipt.attempts);
  const why = outcome.kind === "sent" ? null : outcome.text;
  await put(after.state === "due" ? { state: "due", next_try_at: clock.now() + after.waitMs, why, email: plan.to } : { state: after.state, why, email: plan.to, ...(after.state === "sent" ? { sent_at: clock.now() } : {}) });
}

/**
 * Sends a receipt once more, because a person wants it: also one that was skipped or that nobody sent so far.
 *
 * @param id of a charge or a refund of it.
 */
export async function resendReceipt(deps: ReceiptDeps, id: string, email: string | null, actor: Actor, requestId: string | null): Promise<Receipt> {
  const { db, clock, settings } = deps;
  if (settings.mode === "off") throw new AppError("conflict", "receipts are off; set receipts.mode to stripe or self", { code: "receipts_off" });
  const via = settings.mode;
  const known = await readReceipt(db.read, id);
  if (known === null) {
    if (!/^(ch|py)_/.test(id)) throw new AppError("not_found", `there is no receipt ${id}; give the id of a charge, ch_…`, { code: "receipt_not_found" });
    // That it exists is Stripe's to say, before anything is stored.
    await deps.stripe().receipt(id, null);
  }
  return await db.write(async (tx) => {
    const now = clock.now();
    await addReceipt(tx, { id, kind: "payment", charge: id, live: deps.stripe().live }, via, now);
    const receipt = await readReceipt(tx, id);
    if (receipt === null) throw new AppError("internal", "a receipt has disappeared");
    if (receipt.state === "sending") throw new AppError("conflict", "this receipt is being sent right now", { code: "receipt_sending" });
    const copies = known === null ? 1 : receipt.copies + 1;
    await changeReceipt(tx, receipt, { state: "due", via, copies, attempts: 0, next_try_at: now, why: null, updated_at: now, ...(email === null ? {} : { email }) });
    await recordAudit(tx, { at: now, actor, action: "receipt.resend", subject: id, detail: { copies }, requestId, outcome: "ok" });
    return (await readReceipt(tx, id)) ?? receipt;
  });
}

/** The receipt as it would be mailed. @param id of a charge. */
export async function previewReceipt(deps: ReceiptDeps, id: string): Promise<ReturnType<typeof renderReceipt>> {
  const { facts } = await materialOf(deps, { charge: id, refund: null });
  return renderReceipt(deps.settings.merchant, facts, null);
}
