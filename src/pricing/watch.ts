import { PROGRAM } from "../access/index.ts";
import type { Clock, Database, Tx } from "../platform/index.ts";
import { below, type DemandRow, effectOf, estimateElasticity } from "./demand.ts";
import { type DeclaredTest, demandOf, type Facts, WEEK_MS } from "./facts.ts";
import { moveSuggestion } from "./gate.ts";
import { changeSuggestion, suggestionsIn } from "./store.ts";
import type { Suggestion, Watch } from "./suggestion.ts";

/** Weeks before the change that it is compared with. */
const BEFORE_WEEKS = 26;
const LEAST_WEEKS = 3;
/** A change that could not be judged in this time will not be. */
const WATCH_WEEKS = 26;
const SURE = 0.95;

export interface WatchSettings {
  /** Purchases at the new price before it is judged. */
  readonly after: number;
}

/** The weeks around the change: before it at the old price, since at the new one. */
function around(rows: readonly DemandRow[], facts: Facts, { from, to, appliedAt }: Suggestion): { rows: DemandRow[]; since: DemandRow[] } {
  const changed = ((appliedAt ?? facts.toMs) - facts.fromMs) / WEEK_MS;
  const before = rows.filter(({ week, price }) => price === from && week + 1 <= changed && week >= changed - BEFORE_WEEKS);
  const since = rows.filter(({ week, price }) => price === to && week >= changed);
  return { rows: [...before, ...since], since };
}

/** What the purchases since say. Pure: revenue per week against the other products, before and after. */
export function judgeWatch(suggestion: Suggestion, facts: Facts, tests: readonly DeclaredTest[], settings: WatchSettings, nowMs: number): Watch {
  const { product, currency, from, to, told } = suggestion;
  const offer = facts.offers.find((one) => one.product === product && one.currency === currency);
  const none = (text: string, purchases: number): Watch => ({ verdict: "waiting", text, purchases, low: null, high: null, at: nowMs });
  if (offer === undefined || from === null || to === null) return none("nothing was bought yet", 0);
  const demand = demandOf(facts, offer, tests);
  const { rows, since } = around(demand.rows, facts, suggestion);
  const purchases = since.reduce((sum, row) => sum + row.purchases, 0);
  if (purchases < settings.after || since.length < LEAST_WEEKS) {
    // A price at which nobody buys any more must not wait for purchases.
    const usual = rows.filter(({ price }) => price === from);
    const expected = usual.length === 0 ? 0 : (usual.reduce((sum, row) => sum + row.purchases / row.exposure, 0) / usual.length) * since.reduce((sum, row) => sum + row.exposure, 0);
    if (expected < settings.after || since.length < LEAST_WEEKS) return none(`${purchases} of ${settings.after} purchases at the new price, ${since.length} of ${LEAST_WEEKS} whole weeks`, purchases);
  }
  // The change was not made because demand moved, and the question is what it did: the level may not jump with it.
  const elasticity = estimateElasticity(rows.map((row) => ({ ...row, spell: 0 })));
  const effect = effectOf(elasticity, from, to);
  const loses = to > from ? below(elasticity, -1) : 1 - below(elasticity, -1);
  const share = (value: number): string => `${value > 0 ? "+" : ""}${Number((value * 100).toFixed(1))} %`;
  const seen = `${share(effect.median)} revenue from new purchases since the change (90 %: ${share(effect.low)} to ${share(effect.high)}; ${purchases} purchases)`;
  const base = { purchases, low: effect.low, high: effect.high, at: nowMs };
  if (!demand.controlled) return { ...base, verdict: "unclear", text: `${seen}; too few other sales to tell it from the season` };
  if (loses >= SURE) return { ...base, verdict: "worse", text: `It brings less: ${seen}. Roll it back?` };
  if (effect.low > 0) return { ...base, verdict: "better", text: `It brings more: ${seen}` };
  const expected = told.effect.low !== null && told.effect.high !== null && effect.high >= told.effect.low && effect.low <= told.effect.high;
  return { ...base, verdict: expected ? "as_expected" : "unclear", text: seen };
}

/** Judges every applied change, stores what was seen, and ends the watch of those that are decided or too old. */
export async function watchAll(deps: { db: Database; clock: Clock; live: boolean; tests: readonly DeclaredTest[] } & WatchSettings, facts: Facts): Promise<{ watched: number; worse: number }> {
  const { db, clock, live, tests } = deps;
  const applied = await suggestionsIn(db.read, live, ["applied"]);
  let worse = 0;
  for (const suggestion of applied) {
    const now = clock.now();
    const watch: Watch = suggestion.kind === "annual_plan" ? { verdict: "unclear", text: "a plan beside the others is not compared", purchases: 0, low: null, high: null, at: now } : judgeWatch(suggestion, facts, tests, deps, now);
    if (watch.verdict === "worse") worse += 1;
    const age = now - (suggestion.appliedAt ?? now);
    const over = watch.verdict !== "worse" && ((watch.purchases >= deps.after * 4 && watch.verdict !== "waiting") || age > WATCH_WEEKS * WEEK_MS);
    await db.write(async (tx) => {
      if (!(await changeSuggestion(tx, suggestion.id, "applied", { watch: JSON.stringify(watch), updated_at: now }))) return;
      if (over) await moveSuggestion(tx, { ...suggestion, watch }, "kept", { changes: {}, what: "kept", text: `watched to the end: ${watch.text}`, actor: PROGRAM, requestId: null, audit: "kept" }, now);
    });
  }
  return { watched: applied.length, worse };
}

/** Applied changes that bring less than before; an alert tells of them. */
export async function worseChanges(tx: Tx, live: boolean): Promise<Suggestion[]> {
  return (await suggestionsIn(tx, live, ["applied"])).filter(({ watch }) => watch?.verdict === "worse");
}
