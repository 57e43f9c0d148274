import { type Claim, claimEvents, consumerSeq, readAfter } from "../ledger/index.ts";
import { copyPayments, firstNo, foldPayments, PAYMENT_TABLES, paymentsMigrations } from "../payments/index.ts";
import { type Database, inChunks, openScratch, type Scratch, type Tx } from "../platform/index.ts";
import { type Difference, difference, differingValues, type Row, rowsIn, type Table, type Where } from "./compare.ts";
import { foldMetrics, type TouchedBucket } from "./fold.ts";
import { MEASURES, MONEY_MEASURES } from "./measures.ts";
import { metricsMigrations } from "./migrations/index.ts";
import { DELIVERY_METRIC, rebuildDeliveries } from "./rebuild-deliveries.ts";
import { METRIC_KEY, readSettings, type Settings, writeSetting } from "./store.ts";

export interface RebuildOptions {
  /** Only compare; change nothing. */
  readonly check: boolean;
  /** IANA; day buckets are brought into it. */
  readonly timeZone: string;
  /** Whose cursor the live tables are at, and whose lock keeps the fold out. */
  readonly consumer: string;
  /** Events folded again, of how many; the rebuild waits for the answer. */
  readonly onProgress?: (done: number, total: number) => void | Promise<void>;
}

export interface TableReport {
  readonly table: string;
  /** Rows that ought to have been there, that ought not, and that had other contents. */
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
}

export interface RebuildReport {
  /** Events folded again. */
  readonly events: number;
  readonly tables: readonly TableReport[];
  /** True when every table was as it ought to be. */
  readonly same: boolean;
  readonly repaired: boolean;
}

interface Work {
  readonly db: Database;
  readonly scratch: Scratch;
  /** Events that were neither taken over nor folded yet must not go: what they tell would count as too much. */
  readonly claim: Claim;
  readonly options: RebuildOptions;
  readonly timeZone: string;
  readonly horizon: Settings["horizon"];
  readonly counts: Map<string, { missing: number; extra: number; different: number }>;
  /** Payments and buckets that differ or that the scratch changed while they were compared. */
  readonly payments: Set<number>;
  readonly buckets: Map<string, TouchedBucket>;
  /** Ledger position that the scratch is at. */
  at: number;
  events: number;
  watching: boolean;
}

const BATCH = 1000;
const CLAIM = "rebuild";
/** Payments or bucket starts that are looked at, and repaired, under one lock. */
const LOCKED = 200;

const METRIC: Table = { name: "metric", key: METRIC_KEY, walk: "start", columns: [...METRIC_KEY, ...MEASURES], wide: MONEY_MEASURES };
const PAYMENTS: readonly Table[] = PAYMENT_TABLES.map(({ table, number, key }) => ({ name: table, key, walk: number }));

function note(work: Work, bucket: TouchedBucket): void {
  const { grain, live, account, kind, start } = bucket;
  work.buckets.set(`${grain} ${live} ${kind} ${start} ${account}`, { grain, live, account, kind, start });
}

async function foldInto(work: Work, entries: Awaited<ReturnType<typeof readAfter>>): Promise<void> {
  await work.scratch.write(async (tx) => {
    const { changes } = await foldPayments(tx, entries);
    const touched = await foldMetrics(tx, changes, { timeZone: work.timeZone });
    if (!work.watching) return;
    for (const { before, after } of changes) for (const payment of [before, after]) if (payment !== null) work.payments.add(payment.no);
    for (const bucket of touched) note(work, bucket);
  });
}

/** Folds the ledger into the scratch up to a position. */
async function follow(work: Work, ledger: Tx, upTo: number, folded: () => Promise<void> = async () => {}): Promise<void> {
  while (work.at < upTo) {
    const entries = (await readAfter(ledger, work.at, BATCH)).filter((entry) => entry.seq <= upTo);
    const last = entries.at(-1);
    if (last !== undefined) await foldInto(work, entries);
    work.at = last === undefined ? upTo : last.seq;
    work.events += entries.length;
    await folded();
  }
}

/** The same without any lock, up to where the live tables are now; what is folded may go. */
async function followFreely(work: Work): Promise<void> {
  const { db, claim, options } = work;
  const upTo = await consumerSeq(db.read, options.consumer);
  await follow(work, db.read, upTo, async () => {
    await claim.move(work.at);
    await options.onProgress?.(work.at, upTo);
  });
}

/** Payments older than the ledger are taken over as they are; see `copyPayments`. */
async function seed(work: Work): Promise<void> {
  // Of a ledger that retention emptied, everything is older; the cursor is read first, since events may come in between.
  const passed = await consumerSeq(work.db.read, work.options.consumer);
  const first = (await readAfter(work.db.read, 0, 1))[0]?.seq ?? passed + 1;
  if (first <= 1) return;
  let after = -1;
  for (;;) {
    const copied = await work.scratch.write(async (tx) => {
      const payments = await copyPayments(work.db.read, tx, after, firstNo(first), LOCKED);
      await foldMetrics(tx, payments.map((payment) => ({ before: null, after: payment })), { timeZone: work.timeZone });
      return payments;
    });
    const last = copied.at(-1);
    if (last === undefined) return;
    after = last.no;
  }
}

function counts(row: Row): boolean {
  return MEASURES.some((measure) => Number(row[measure]) !== 0);
}

async function walksOf(tx: Tx): Promise<Where[]> {
  return await tx.selectFrom("metric").select(["grain", "live", "account", "kind"]).distinct().execute();
}

/** Compares without any lock; what the service changes meanwhile is found by the scratch's own changes. */
async function compareAll(work: Work): Promise<void> {
  const { scratch, db } = work;
  for (const table of PAYMENTS) {
    for await (const nos of differingValues(scratch.read, db.read, table, {}, () => true)) for (const no of nos) work.payments.add(no);
  }
  const walks = new Map([...(await walksOf(scratch.read)), ...(await walksOf(db.read))].map((walk) => [JSON.stringify(walk), walk]));
  for (const walk of walks.values()) {
    for await (const starts of differingValues(scratch.read, db.read, METRIC, walk, counts)) {
      for (const start of starts) note(work, { ...walk, start } as unknown as TouchedBucket);
    }
  }
}

function report(work: Work, table: string, { missing, extra, different }: Difference): boolean {
  const sums = work.counts.get(table) ?? { missing: 0, extra: 0, different: 0 };
  sums.missing += missing.length;
  sums.extra += extra.length;
  sums.different += different.length;
  work.counts.set(table, sums);
  return missing.length + extra.length + different.length > 0;
}

async function replace(tx: Tx, table: Table, where: Where, values: readonly number[], rows: readonly Row[]): Promise<void> {
  const name = table.name as "payment";
  let gone = tx.deleteFrom(name).where(table.walk as "no", "in", values);
  for (const [column, value] of Object.entries(where)) gone = gone.where(column as "no", "=", value as number);
  await gone.execute();
  for (const chunk of inChunks(rows, 64)) {
    await tx
      .insertInto(name)
      .values(chunk as never)
      // An id may still lead to a payment whose turn has not come.
      .$if(table.name === "payment_alias", (query) => query.onConflict((conflict) => conflict.columns(table.key as never).doUpdateSet(((eb: { ref(column: string): unknown }) => ({ payment_no: eb.ref("excluded.payment_no") })) as never)))
      .execute();
  }
}

async function mend(work: Work, tx: Tx, table: Table, where: Where, values: readonly number[], keep: (row: Row) => boolean): Promise<void> {
  const wanted = (await rowsIn(work.scratch.read, table, where, values)).filter(keep);
  const found = (await rowsIn(tx, table, where, values)).filter(keep);
  const differ = difference(table, wanted, found);
  if (report(work, table.name, differ) && !work.options.check) {
    const wrong = new Set([...differ.missing, ...differ.extra, ...differ.different].map((row) => Number(row[table.walk])));
    await replace(tx, table, where, [...wrong], wanted.filter((row) => wrong.has(Number(row[table.walk]))));
  }
}

/** A short step under the consumer's lock: the scratch is brought level with the live tables, so both tell of the same events. */
async function locked(work: Work, step: (tx: Tx) => Promise<void>): Promise<void> {
  const { db, options } = work;
  await db.write(async (tx) => {
    await db.dialect.lock(tx, `consumer:${options.consumer}`);
    await follow(work, tx, await consumerSeq(tx, options.consumer));
    await step(tx);
  });
}

async function mendPayments(work: Work): Promise<void> {
  const nos = [...work.payments].sort((a, b) => a - b);
  for (let start = 0; start < nos.length; start += LOCKED) {
    const some = nos.slice(start, start + LOCKED);
    await locked(work, async (tx) => {
      for (const table of PAYMENTS) await mend(work, tx, table, {}, some, () => true);
    });
  }
}

async function mendBuckets(work: Work): Promise<void> {
  const walks = Map.groupBy(work.buckets.values(), ({ grain, live, account, kind }) => JSON.stringify({ grain, live, account, kind }));
  for (const [walk, buckets] of walks) {
    const where = JSON.parse(walk) as Where;
    const starts = buckets.map((bucket) => bucket.start).sort((a, b) => a - b);
    for (let at = 0; at < starts.length; at += LOCKED) {
      await locked(work, async (tx) => {
        // Retention may have let buckets go since the scratch was begun.
        const horizon = (await readSettings(tx)).horizon[String(where["grain"])] ?? 0;
        const kept = starts.slice(at, at + LOCKED).filter((start) => start >= horizon);
        if (kept.length > 0) await mend(work, tx, METRIC, where, kept, counts);
      });
    }
  }
}

async function run(work: Work): Promise<void> {
  const { db, scratch, options, timeZone, horizon } = work;
  await scratch.write(async (tx) => {
    await writeSetting(tx, "time_zone", timeZone);
    for (const [grain, from] of Object.entries(horizon)) await writeSetting(tx, `horizon:${grain}`, String(from));
  });
  await seed(work);
  await followFreely(work);
  work.watching = true;
  await compareAll(work);
  await followFreely(work);
  await locked(work, async () => {});
  work.watching = false;
  await mendPayments(work);
  await mendBuckets(work);
  report(work, DELIVERY_METRIC.name, await rebuildDeliveries(db, timeZone, options.check));
}

/** Answers how many events it folded. On PostgreSQL the scratch has turned a second run away, so a claim that is there is a dead run's. */
async function claimedRun(db: Database, scratch: Scratch, options: RebuildOptions, known: Pick<Work, "timeZone" | "horizon" | "counts">): Promise<number> {
  const claim = await claimEvents(db, CLAIM);
  try {
    const work: Work = { ...known, db, scratch, claim, options, payments: new Set(), buckets: new Map(), at: 0, events: 0, watching: false };
    await run(work);
    return work.events;
  } finally {
    await claim.release();
  }
}

/** From now on live folds use the zone asked for; the mark stays until the days are all in it. */
async function begin(db: Database, options: RebuildOptions): Promise<Settings> {
  if (options.check) return await readSettings(db.read);
  return await db.write(async (tx) => {
    await db.dialect.lock(tx, `consumer:${options.consumer}`);
    await writeSetting(tx, "time_zone", options.timeZone);
    await writeSetting(tx, "rebuilding", "yes");
    return await readSettings(tx);
  });
}

/**
 * Folds the whole ledger once more into scratch tables, compares them with the live ones and repairs what differs.
 *
 * The service may run meanwhile. Folding and comparing hold no lock: a row that was equal stays equal, since both sides
 * fold the same events onto it, and rows that the scratch changed while it was compared are looked at again. Only the
 * rows in question are then looked at and repaired, a few at a time, under the consumer's lock and with the scratch
 * brought level with the cursor; on SQLite that also holds up other writers for those moments. A kill at any line
 * leaves each live row either as it was or repaired; the scratch, and the claim that keeps retention from events not
 * yet read, are taken over by the next run.
 *
 * Payments whose first events retention has taken are not derived again but continued from what is stored.
 */
export async function rebuild(db: Database, options: RebuildOptions): Promise<RebuildReport> {
  const { timeZone, horizon } = await begin(db, options);
  const scratch = await openScratch(db, "rebuild", [...paymentsMigrations, ...metricsMigrations]);
  const counted = new Map([...PAYMENTS, METRIC, DELIVERY_METRIC].map(({ name }) => [name, { missing: 0, extra: 0, different: 0 }]));
  let events: number;
  try {
    events = await claimedRun(db, scratch, options, { timeZone: timeZone ?? options.timeZone, horizon, counts: counted });
  } finally {
    await scratch.drop();
  }
  if (!options.check) await db.write((tx) => tx.deleteFrom("metric_setting").where("name", "=", "rebuilding").execute());
  const tables = [...counted].map(([table, sums]) => ({ table, ...sums }));
  const same = tables.every(({ missing, extra, different }) => missing + extra + different === 0);
  return { events, tables, same, repaired: !same && !options.check };
}

/**
 * Whether `rebuild` has to run: before days can be trusted, since the zone was changed or a rebuild was broken off, or
 * because one was killed while it only compared: what it claims would never be let go.
 */
export async function needsRebuild(tx: Tx, timeZone: string): Promise<boolean> {
  const claimed = await tx.selectFrom("consumer").select("name").where("name", "like", `${CLAIM}:%`).limit(1).executeTakeFirst();
  if (claimed !== undefined) return true;
  const rows = await tx.selectFrom("metric_setting").select(["name", "value"]).where("name", "in", ["time_zone", "rebuilding"]).execute();
  return rows.some(({ name, value }) => name === "rebuilding" || value !== timeZone);
}
