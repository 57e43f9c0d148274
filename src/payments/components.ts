import { idsOf, join, type PaymentState } from "./state.ts";
import type { Stored } from "./store.ts";

/** What one event told of one payment. */
export interface Told {
  readonly seq: number;
  readonly state: PaymentState;
}

/** One payment after a batch: what it was before (several by number, when the batch showed that they are one) and what it is now. */
export interface Component {
  readonly befores: readonly Stored[];
  readonly after: PaymentState;
  /** Ids that lead here and did not lead to this very payment before. */
  readonly newIds: readonly string[];
  readonly seqs: readonly number[];
}

interface Group {
  befores: Stored[];
  state: PaymentState;
  /** Keys of this group, with the number that the alias table gives for it now. */
  keys: Map<string, number | null>;
  seqs: number[];
}

/** Ids of test and live mode, and of different accounts, never meet. */
function scopeOf({ live, account }: { live: boolean; account: string | null }): string {
  return `${live ? "live" : "test"} ${account ?? ""} `;
}

function keysOf(state: PaymentState): string[] {
  const scope = scopeOf(state);
  return idsOf(state).map((id) => scope + id);
}

export interface Alias {
  readonly alias: string;
  readonly live: number;
  /** '' for the account itself. */
  readonly account: string;
  readonly payment_no: number;
}

function absorb(into: Group, other: Group, groups: Map<string, Group>): void {
  into.befores.push(...other.befores);
  into.seqs.push(...other.seqs);
  into.state = join(into.state, other.state);
  for (const [key, no] of other.keys) {
    into.keys.set(key, no);
    groups.set(key, into);
  }
}

/**
 * Joins what a batch told with what was stored: things that share an id, directly or by way of others, are one payment.
 *
 * @param aliases the stored ones for every id in `told`; `stored` the payments they lead to.
 */
export function assemble(told: readonly Told[], aliases: readonly Alias[], stored: readonly Stored[]): Component[] {
  const groups = new Map<string, Group>();
  const byNo = new Map<number, Group>();
  for (const before of stored) {
    const { no } = before.state;
    const group: Group = { befores: [before], state: before.state, keys: new Map(), seqs: [] };
    byNo.set(no, group);
    for (const key of keysOf(before.state)) {
      group.keys.set(key, no);
      groups.set(key, group);
    }
  }
  for (const { alias, live, account, payment_no: no } of aliases) {
    const group = byNo.get(no);
    const key = scopeOf({ live: live === 1, account: account === "" ? null : account }) + alias;
    // An id that was cut from a payment with too many parts still leads to it.
    if (group !== undefined && !groups.has(key)) {
      group.keys.set(key, no);
      groups.set(key, group);
    }
  }
  for (const { seq, state } of told) addTold(groups, seq, state);
  return [...new Set(groups.values())].filter((group) => group.seqs.length > 0).map(toComponent);
}

function addTold(groups: Map<string, Group>, seq: number, state: PaymentState): void {
  const keys = keysOf(state);
  const met = [...new Set(keys.flatMap((key) => groups.get(key) ?? []))];
  const [first, ...others] = met;
  const group = first ?? { befores: [], state, keys: new Map<string, number | null>(), seqs: [] };
  for (const other of others) absorb(group, other, groups);
  if (first !== undefined) group.state = join(group.state, state);
  group.seqs.push(seq);
  for (const key of keys) {
    if (!group.keys.has(key)) group.keys.set(key, null);
    groups.set(key, group);
  }
}

function toComponent(group: Group): Component {
  const scope = scopeOf(group.state);
  const moved = [...group.keys].filter(([, no]) => no !== group.state.no);
  const befores = group.befores.toSorted((one, other) => one.state.no - other.state.no);
  return { befores, after: group.state, newIds: moved.map(([key]) => key.slice(scope.length)), seqs: group.seqs };
}
