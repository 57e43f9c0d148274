/**
 * When a value was told, and by which event. Orders any two tellings, whatever the order they arrive in: by the event's
 * own time, then (Stripe's times are whole seconds) by how far along the life cycle the value is, then by event id.
 */
export interface Stamp {
  /** `created` of the event, ms UTC. */
  readonly at: number;
  /** Life-cycle rank within one second: the further state wins. */
  readonly rank: number;
  readonly ev: string;
}

function isLater(first: Stamp, second: Stamp): boolean {
  if (first.at !== second.at) return first.at > second.at;
  if (first.rank !== second.rank) return first.rank > second.rank;
  if (first.ev !== second.ev) return first.ev > second.ev;
  // One event that tells the same thing twice, differently; any order will do as long as it is always the same.
  return JSON.stringify(first) > JSON.stringify(second);
}

/** The later of two tellings. Commutative, associative and idempotent, like all joins here. */
export function latest<Told extends Stamp>(first: Told | null, second: Told | null): Told | null {
  if (first === null) return second;
  if (second === null || first === second) return first;
  return isLater(second, first) ? second : first;
}

export function earliest(first: number | null, second: number | null): number | null {
  if (first === null) return second;
  return second === null ? first : Math.min(first, second);
}

/**
 * Joins two lists that are sorted by id and hold each id once. Of more than `limit` ids the smallest stay: an arbitrary
 * choice, but the same one whatever the order of arrival.
 */
export function joinById<Item extends { readonly id: string }>(
  first: readonly Item[],
  second: readonly Item[],
  join: (one: Item, other: Item) => Item,
  limit: number,
): { items: readonly Item[]; cut: boolean } {
  if (second.length === 0) return { items: first, cut: false };
  if (first.length === 0) return { items: second, cut: false };
  const items: Item[] = [];
  let [i, j] = [0, 0];
  for (;;) {
    const [one, other] = [first[i], second[j]];
    if (one === undefined && other === undefined) break;
    if (other === undefined || (one !== undefined && one.id < other.id)) {
      if (one !== undefined) items.push(one);
      i += 1;
    } else if (one === undefined || other.id < one.id) {
      items.push(other);
      j += 1;
    } else {
      items.push(join(one, other));
      i += 1;
      j += 1;
    }
  }
  return items.length > limit ? { items: items.slice(0, limit), cut: true } : { items, cut: false };
}
