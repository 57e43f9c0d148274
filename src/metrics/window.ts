import { type RawBuilder, sql } from "kysely";
import type { Tx } from "../platform/index.ts";
import { countAttempts } from "../payments/index.ts";
import { MINUTE_MS, type SliceKind } from "./contribution.ts";
import { ceil, cut, floor, type Span } from "./cut.ts";
import { addMeasures, MEASURES, MONEY_MEASURES, type Measure, type Measures, toMeasures } from "./measures.ts";
import { type Grain, GRAINS, readSettings } from "./store.ts";

export interface Window {
  /** Inclusive, ms UTC. */
  readonly fromMs: number;
  /** Exclusive, ms UTC. */
  readonly toMs: number;
  /** Default true: the test mode is asked for by name. */
  readonly live?: boolean | undefined;
  /** A connected account; null (the default) for the account itself. */
  readonly account?: string | null | undefined;
}

type Sums = { value: string } & Record<Measure, number | null>;

function scopeOf(window: Window): { live: number; account: string } {
  return { live: window.live === false ? 0 : 1, account: window.account ?? "" };
}

const WIDEST = sql.lit(Number.MAX_SAFE_INTEGER);

/** The expression, within what a number holds exactly: a wider integer would make the whole reading fail. Counts never are. */
function readable(measure: Measure, expression: RawBuilder<unknown>): RawBuilder<number> {
  if (!MONEY_MEASURES.some((money) => money === measure)) return sql<number>`${expression}`;
  return sql<number>`case when ${expression} > ${WIDEST} then ${WIDEST} when ${expression} < -${WIDEST} then -${WIDEST} else ${expression} end`;
}

/** Sums over spans in one statement, each span one walk of the key. */
async function sumSpans(tx: Tx, spans: readonly Span[], window: Window, kind: SliceKind): Promise<Map<string, Measures>> {
  if (spans.length === 0) return new Map();
  const { live, account } = scopeOf(window);
  const columns = sql.join(MEASURES.map((measure) => sql.ref(measure)));
  const walks = spans.map(
    ({ grain, fromMs, toMs }) => sql`select value, ${columns} from metric
      where grain = ${GRAINS[grain]} and live = ${live} and account = ${account} and kind = ${kind} and start >= ${fromMs} and start < ${toMs}`,
  );
  const sums = sql.join(MEASURES.map((measure) => sql`${readable(measure, sql`sum(${sql.ref(measure)})`)} as ${sql.ref(measure)}`));
  const { rows } = await sql<Sums>`select value, ${sums} from (${sql.join(walks, sql` union all `)}) as found group by value`.execute(tx);
  return new Map(rows.map(({ value, ...measures }) => [value, toMeasures(measures)]));
}

const ATTEMPT_MEASURES = ["attempts", "succeeded", "failed", "failed_customer", "failed_risk", "failed_technical"] as const satisfies readonly Measure[];

function withoutAttempts(measures: Measures): Measures {
  return { ...measures, ...Object.fromEntries(ATTEMPT_MEASURES.map((measure) => [measure, 0])) };
}

/** Attempts of a part of a minute, counted one by one. */
async function countEdge(tx: Tx, fromMs: number, toMs: number, window: Window, kind: SliceKind): Promise<Map<string, Measures>> {
  const sums = new Map<string, Measures>();
  if (fromMs >= toMs) return sums;
  for (const { currency, outcome, cause, count } of await countAttempts(tx, fromMs, toMs, window.live !== false, window.account ?? null)) {
    const value = kind === "currency" ? currency : "";
    const counted = toMeasures({ attempts: count, [outcome]: count, ...(cause === null ? {} : { [`failed_${cause}`]: count }) });
    sums.set(value, addMeasures(sums.get(value) ?? toMeasures({}), counted));
  }
  return sums;
}

function merge(parts: readonly ReadonlyMap<string, Measures>[]): Map<string, Measures> {
  const merged = new Map<string, Measures>();
  for (const part of parts) for (const [value, measures] of part) merged.set(value, addMeasures(merged.get(value) ?? toMeasures({}), measures));
  return merged;
}

/**
 * Sums per value of a slice kind (per currency, per brand…) over `[fromMs, toMs)`.
 *
 * Attempts of the kinds `all` and `currency` are exact to the millisecond: whole minutes from buckets, the two edges
 * counted one by one. Money, and the other kinds, are exact to the minute: those minutes count that begin inside.
 */
export async function sumBy(tx: Tx, kind: SliceKind, window: Window): Promise<ReadonlyMap<string, Measures>> {
  const { fromMs, toMs } = window;
  if (fromMs >= toMs) return new Map();
  const timeZone = (await readSettings(tx)).timeZone ?? "UTC";
  const [first, last, end] = [ceil(fromMs, MINUTE_MS), floor(toMs, MINUTE_MS), ceil(toMs, MINUTE_MS)];
  if (kind !== "all" && kind !== "currency") return await sumSpans(tx, first < end ? cut(first, end, timeZone) : [], window, kind);
  const whole = first < last ? await sumSpans(tx, cut(first, last, timeZone), window, kind) : new Map<string, Measures>();
  const cutOff = last >= first && last < end ? await sumSpans(tx, [{ grain: "minute", fromMs: last, toMs: end }], window, kind) : new Map<string, Measures>();
  const moneyOfEdge = new Map([...cutOff].map(([value, measures]) => [value, withoutAttempts(measures)]));
  const edges = first > last ? [await countEdge(tx, fromMs, toMs, window, kind)] : [await countEdge(tx, fromMs, first, window, kind), await countEdge(tx, last, toMs, window, kind)];
  return merge([whole, moneyOfEdge, ...edges]);
}

/** All payments together, counts only (amounts of different currencies are never added: see `sumBy` "currency"). */
export async function sumWindow(tx: Tx, window: Window): Promise<Measures> {
  return (await sumBy(tx, "all", window)).get("") ?? toMeasures({});
}

export interface Bucket {
  /** Start, ms UTC. */
  readonly startMs: number;
  /** '' for the kind `all`. */
  readonly value: string;
  readonly measures: Measures;
}

/**
 * The buckets of a slice kind that start in `[fromMs, toMs)`, in order of time; where nothing happened there is none.
 *
 * @param value one value of the kind; all of them when left out.
 */
export async function series(tx: Tx, grain: Grain, kind: SliceKind, window: Window, value?: string): Promise<Bucket[]> {
  const { live, account } = scopeOf(window);
  const rows = await tx
    .selectFrom("metric")
    .select(["start", "value", ...MEASURES.map((measure) => readable(measure, sql.ref(measure)).as(measure))])
    .where("grain", "=", GRAINS[grain])
    .where("live", "=", live)
    .where("account", "=", account)
    .where("kind", "=", kind)
    .where("start", ">=", window.fromMs)
    .where("start", "<", window.toMs)
    .$if(value !== undefined, (query) => query.where("value", "=", value ?? ""))
    .orderBy("start")
    .orderBy("value")
    .execute();
  return rows.map(({ start, value: of, ...measures }) => ({ startMs: start, value: of, measures: toMeasures(measures) }));
}

/** The accounts that anything is known of in a mode: null is the account itself. */
export async function accountsOf(tx: Tx, live: boolean): Promise<(string | null)[]> {
  const rows = await tx.selectFrom("metric").select("account").distinct().where("grain", "=", GRAINS.day).where("live", "=", live ? 1 : 0).orderBy("account").execute();
  return rows.map(({ account }) => (account === "" ? null : account));
}
