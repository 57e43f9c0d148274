import { PROGRAM, recordAudit } from "../access/index.ts";
import { type Currency, type Minor, minor, shareOut, ZERO } from "../money/index.ts";
import { type WalkedPayment, walkPayments, type WalkPlace } from "../payments/index.ts";
import { type Clock, DAY_MS, type Database, inChunks, type Tx } from "../platform/index.ts";
import { adviseEndings, adviseTest } from "./advise-price.ts";
import { adviseAnnual, adviseCurrencies, adviseMinimum, adviseRetries } from "./advise.ts";
import { collectDeclines } from "./declines.ts";
import { collectFacts, type DeclaredTest, type Facts, type Sale, WEEK_MS } from "./facts.ts";
import { foldOffers } from "./fold.ts";
import { moveSuggestion, newSuggestionId } from "./gate.ts";
import type { Rails } from "./rails.ts";
import type { Retention } from "./retention.ts";
import { addStep, basisDigest, changeSuggestion, insertRun, insertSuggestion, lastChanges, lastRun, suggestionsIn } from "./store.ts";
import { type CurrentPrice, type Finding, type SuggestInput, suggestPrices } from "./suggest.ts";
import { type Draft, SUGGESTION_LIFE_MS, type Suggestion, type Told } from "./suggestion.ts";
import { createWorder, type Worder, type WordModel } from "./wording.ts";
import { watchAll, type WatchSettings } from "./watch.ts";

export interface RunDeps extends WatchSettings {
  readonly db: Database;
  readonly clock: Clock;
  readonly live: boolean;
  readonly rails: Rails;
  readonly tests: readonly DeclaredTest[];
  /** Who words explanations; null or left out: nobody, the plain words stand. */
  readonly words?: WordModel | null;
  onProgress?(done: number): void;
}

export interface RunReport {
  readonly payments: number;
  readonly priced: number;
  readonly products: number;
  readonly suggested: number;
  readonly refreshed: number;
  readonly withdrawn: number;
  readonly watched: number;
  readonly worse: number;
  /** Explanations in a language model's words, and those for which it was asked in vain. */
  readonly worded: number;
  readonly plain: number;
}

/** A year: seasons are told from prices by the other products, and older prices say little. */
const WINDOW_WEEKS = 52;
const BATCH = 1000;
/** Of what was rejected, or noted and done: not said again for a while. */
const QUIET_MS = 90 * DAY_MS;
const SUGGEST_EVERY_MS = 6.5 * DAY_MS;

interface Line {
  readonly product: string;
  readonly price: string | null;
  readonly currency: string;
  readonly unitAmount: Minor;
  readonly amount: Minor;
  readonly renewal: boolean;
}

async function linesOf(tx: Tx, live: boolean, payments: readonly WalkedPayment[]): Promise<Map<string, Line[]>> {
  const subjects = [...new Set(payments.flatMap(({ id, invoice }) => (invoice === null ? [id] : [id, invoice])))];
  const lines = new Map<string, Line[]>();
  for (const chunk of inChunks(subjects, 250)) {
    const rows = await tx.selectFrom("pricing_line").selectAll().where("live", "=", live ? 1 : 0).where("subject", "in", chunk).execute();
    for (const row of rows) {
      const known = lines.get(row.subject) ?? [];
      known.push({ product: row.product, price: row.price, currency: row.currency, unitAmount: minor(row.unit_amount), amount: minor(row.amount), renewal: row.renewal === 1 });
      lines.set(row.subject, known);
    }
  }
  return lines;
}

/** A payment for several things is shared out by their amounts. */
function salesOf(payment: WalkedPayment, lines: readonly Line[], returning: boolean | null): Sale[] {
  const usable = lines.filter(({ currency, amount }) => currency === payment.currency && amount > 0);
  const weights = usable.map(({ amount }) => amount);
  const [captured, refunded, disputed] = [shareOut(payment.captured, weights), shareOut(payment.refunded, weights), shareOut(payment.disputed, weights)];
  return usable.map((line, index) => ({
    at: payment.createdAt,
    product: line.product,
    price: line.price,
    currency: line.currency as Currency,
    unitAmount: line.unitAmount,
    renewal: line.renewal,
    paid: payment.captured > 0,
    captured: captured[index] ?? ZERO,
    refunded: refunded[index] ?? ZERO,
    disputed: disputed[index] ?? ZERO,
    country: payment.country,
    returning,
  }));
}

/** Customers are remembered by a number of them, so that memory has a bound. */
const MAX_CUSTOMERS = 2_000_000;

async function gather(deps: RunDeps, fromMs: number, toMs: number) {
  const { db, live } = deps;
  const facts = collectFacts(fromMs, toMs);
  const declines = collectDeclines();
  const customers = new Set<string>();
  let after: WalkPlace | null = null;
  for (let done = 0; ; ) {
    const payments: WalkedPayment[] = await walkPayments(db.read, live, fromMs, toMs, after, BATCH);
    const lines = await linesOf(db.read, live, payments);
    for (const payment of payments) {
      const who = payment.customer ?? payment.email;
      const returning = who === null ? null : customers.has(who);
      // Only who paid has bought: someone whose first card failed is still new.
      if (who !== null && payment.captured > 0 && customers.size < MAX_CUSTOMERS) customers.add(who);
      declines.take(payment);
      const own = lines.get(payment.id) ?? (payment.invoice === null ? undefined : lines.get(payment.invoice)) ?? [];
      facts.payment(own.length > 0);
      for (const sale of salesOf(payment, own, returning)) facts.take(sale);
    }
    done += payments.length;
    deps.onProgress?.(done);
    after = payments.at(-1) ?? null;
    if (payments.length < BATCH || after === null) return { facts: facts.finish(), declines: declines.finish() };
  }
}

async function currentPrices(tx: Tx, live: boolean): Promise<CurrentPrice[]> {
  const rows = await tx
    .selectFrom("pricing_price")
    .leftJoin("pricing_product", (join) => join.onRef("pricing_product.id", "=", "pricing_price.product").onRef("pricing_product.live", "=", "pricing_price.live"))
    .select(["pricing_price.id", "pricing_price.product", "pricing_product.name", "pricing_price.currency", "pricing_price.unit_amount", "pricing_price.recurring", "pricing_price.active"])
    .where("pricing_price.live", "=", live ? 1 : 0)
    .where("pricing_price.unit_amount", ">", 0)
    .limit(20_000)
    .execute();
  return rows.map((row) => ({ id: row.id, product: row.product, productName: row.name ?? row.product, currency: row.currency as Currency, unitAmount: minor(row.unit_amount ?? 0), recurring: row.recurring, active: row.active === 1 }));
}

async function retention(tx: Tx, live: boolean, prices: readonly CurrentPrice[], fromMs: number, toMs: number): Promise<Retention[]> {
  const rows = await tx.selectFrom("pricing_subscription").selectAll().where("live", "=", live ? 1 : 0).where("started_at", "<", toMs).limit(1_000_000).execute();
  const byId = new Map(prices.map((price) => [price.id, price]));
  const month = 30 * DAY_MS;
  const groups = Map.groupBy(rows.filter((row) => byId.get(row.price)?.recurring === "month:1" && row.unit_amount !== null && (row.ended_at ?? toMs) > fromMs), (row) => `${row.product} ${row.currency}`);
  return [...groups.values()].flatMap((group): Retention[] => {
    const counts = Map.groupBy(group, ({ price }) => price);
    const [price] = [...counts].toSorted(([, one], [, other]) => other.length - one.length)[0] ?? [];
    const point = price === undefined ? undefined : byId.get(price);
    if (point === undefined) return [];
    const months = group.reduce((sum, { started_at, ended_at }) => sum + Math.max(1, Math.ceil((Math.min(ended_at ?? toMs, toMs) - Math.max(started_at, fromMs)) / month)), 0);
    return [
      {
        product: point.product,
        currency: point.currency,
        unitAmount: point.unitAmount,
        price: point.id,
        subscribers: group.length,
        months,
        left: group.filter(({ ended_at }) => ended_at !== null && ended_at < toMs).length,
        downgraded: group.filter(({ first_amount, unit_amount }) => first_amount !== null && unit_amount !== null && unit_amount < first_amount).length,
        yearly: prices.some((one) => one.product === point.product && one.currency === point.currency && one.active && one.recurring?.startsWith("year") === true),
      },
    ];
  });
}

function subjectOf({ kind, product, currency }: Pick<Draft, "kind" | "product" | "currency">): string {
  // A raise and a lowering of one price are one subject: they cannot both stand.
  return `${kind === "raise" || kind === "lower" ? "price" : kind} ${product ?? ""} ${currency ?? ""}`;
}

async function worded(worder: Worder, draft: Draft): Promise<{ told: Told; refused: string | null }> {
  const { why, refused } = await worder.word(draft);
  return { told: { ...draft.told, why }, refused };
}

/** That the plain words stand alone is said where the suggestion's history is read. */
async function noteRefused(tx: Tx, { id }: Pick<Suggestion, "id">, refused: string | null, nowMs: number): Promise<void> {
  if (refused !== null) await addStep(tx, id, nowMs, "plain_words", `the explanation is the plain one; the language model's words are not shown: ${refused}`, PROGRAM.name);
}

/** Stores what is new, renews what still holds, withdraws what no longer does. */
async function keep({ db, clock, live }: RunDeps, drafts: readonly Draft[], worder: Worder): Promise<{ suggested: number; refreshed: number; withdrawn: number }> {
  const open = await suggestionsIn(db.read, live, ["open", "awaiting_second"]);
  const decided = await suggestionsIn(db.read, live, ["rejected", "noted", "applying", "applied", "rolling_back", "rolled_back", "failed"]);
  const counts = { suggested: 0, refreshed: 0, withdrawn: 0 };
  const programs = open.filter(({ proposer }) => proposer.keyId === PROGRAM.keyId);
  const wanted = new Map(drafts.map((draft) => [subjectOf(draft), draft]));
  for (const suggestion of open) {
    const draft = wanted.get(subjectOf(suggestion));
    const tooOld = clock.now() - suggestion.createdAt >= SUGGESTION_LIFE_MS;
    if (!programs.includes(suggestion) && !tooOld) continue;
    const same = draft !== undefined && draft.to === suggestion.to && draft.from === suggestion.from && draft.kind === suggestion.kind && !tooOld;
    if (!same) {
      await db.write((tx) => moveSuggestion(tx, suggestion, "stale", { changes: {}, what: "stale", text: tooOld ? "nobody decided on it in 21 days" : "the figures no longer say so", actor: PROGRAM, requestId: null, audit: "stale" }, clock.now()));
      counts.withdrawn += 1;
      continue;
    }
    wanted.delete(subjectOf(suggestion));
    // One that waits for a second person stays as the first one saw it.
    if (suggestion.state !== "open" || basisDigest(draft) === basisDigest(suggestion)) continue;
    const { told, refused } = await worded(worder, draft);
    await db.write(async (tx) => {
      const now = clock.now();
      if (!(await changeSuggestion(tx, suggestion.id, "open", { told: JSON.stringify(told), basis: JSON.stringify(draft.basis), updated_at: now }))) return;
      await noteRefused(tx, suggestion, refused, now);
    });
    counts.refreshed += 1;
  }
  for (const [subject, draft] of wanted) {
    const quiet = decided.some((one) => subjectOf(one) === subject && clock.now() - one.updatedAt < QUIET_MS) || open.some((one) => subjectOf(one) === subject && !programs.includes(one));
    if (quiet) continue;
    const { told, refused } = await worded(worder, draft);
    await db.write(async (tx) => {
      const now = clock.now();
      const { id } = await insertSuggestion(tx, { ...draft, told }, { id: newSuggestionId(), live, proposer: PROGRAM, reason: null, nowMs: now });
      await addStep(tx, id, now, "suggested", draft.told.title, PROGRAM.name);
      await noteRefused(tx, { id }, refused, now);
      await recordAudit(tx, { at: now, actor: PROGRAM, action: "pricing.suggest", subject: id, detail: { kind: draft.kind, product: draft.product, currency: draft.currency, from_amount: draft.from, to_amount: draft.to }, requestId: null, outcome: "ok" });
    });
    counts.suggested += 1;
  }
  return counts;
}

/** What a run leaves to be read: facts and, product by product, what they say. */
export interface StoredRun {
  readonly facts: Facts;
  readonly findings: readonly Exclude<Finding, { kind: "suggested" }>[];
  readonly retention: readonly Retention[];
  readonly names: Readonly<Record<string, string>>;
}

const MAX_STORED = 200;

/**
 * Reads on in the ledger, sums a year of payments by price, watches what was applied, and once a week suggests. Long
 * work: run it in a process of its own.
 *
 * @param force suggest now, however recent the last time was.
 */
export async function runPricing(deps: RunDeps, force: boolean): Promise<RunReport> {
  const { db, clock, live, rails, tests } = deps;
  while ((await foldOffers(db, BATCH, clock.now())) > 0);
  const toMs = clock.now();
  const fromMs = toMs - WINDOW_WEEKS * WEEK_MS;
  const { facts, declines } = await gather(deps, fromMs, toMs);
  const { watched, worse } = await watchAll(deps, facts);
  const report = { payments: facts.payments, priced: facts.priced, products: facts.offers.length, watched, worse };
  const before = await lastRun(db.read, live);
  if (!force && before !== null && toMs - before.at < SUGGEST_EVERY_MS) return { ...report, suggested: 0, refreshed: 0, withdrawn: 0, worded: 0, plain: 0 };
  const prices = await currentPrices(db.read, live);
  const names = new Map(prices.map(({ product, productName }) => [product, productName]));
  const changes = await lastChanges(db.read, live);
  const input: SuggestInput = { facts, prices, tests, rails, lastChange: (product, currency) => changes.get(`${product} ${currency}`) ?? null, nowMs: toMs };
  const findings = suggestPrices(input);
  const kept = await retention(db.read, live, prices, fromMs, toMs);
  const drafts = [
    ...findings.flatMap((finding) => (finding.kind === "suggested" ? [finding.draft] : [])),
    ...adviseTest(input, findings),
    ...adviseEndings(input),
    ...adviseAnnual(kept, (product) => names.get(product) ?? product).filter(({ product }) => product !== null && !rails.frozen.includes(product)),
    ...adviseRetries(declines),
    ...adviseCurrencies(declines),
    ...adviseMinimum(declines),
  ];
  const worder = createWorder(deps.words ?? null);
  const counts = { ...(await keep(deps, drafts, worder)), ...worder.counts };
  const largest = facts.offers.toSorted((one, other) => size(other) - size(one)).slice(0, MAX_STORED);
  const shown = new Set(largest.map(({ product, currency }) => `${product} ${currency}`));
  const stored: StoredRun = {
    facts: { ...facts, offers: largest },
    findings: findings.flatMap((finding) => (finding.kind !== "suggested" && shown.has(`${finding.product} ${finding.currency}`) ? [finding] : [])),
    retention: kept.slice(0, MAX_STORED),
    names: Object.fromEntries(largest.map(({ product }) => [product, names.get(product) ?? product])),
  };
  await db.write((tx) => insertRun(tx, live, toMs, JSON.stringify(stored)));
  return { ...report, ...counts };
}

function size({ points }: Facts["offers"][number]): number {
  return points.reduce((sum, { offers }) => sum + offers, 0);
}

/** The facts of the newest run, with its time (ms UTC); null before the first. */
export async function readRun(tx: Tx, live: boolean): Promise<{ at: number; run: StoredRun } | null> {
  const found = await lastRun(tx, live);
  return found === null ? null : { at: found.at, run: JSON.parse(found.facts) as StoredRun };
}
