/** A binary heap: earliest time first, and first come first served at the same time. */
export interface TimeQueue<T> {
  push(atMs: number, item: T): void;
  /** When the earliest is due, or infinity. */
  nextAtMs(): number;
  /** The earliest, or undefined when there is none. */
  pop(): T | undefined;
  readonly size: number;
}

interface Entry<T> {
  atMs: number;
  order: number;
  item: T;
}

export function timeQueue<T>(): TimeQueue<T> {
  const heap: Entry<T>[] = [];
  let order = 0;
  const before = (left: Entry<T>, right: Entry<T>): boolean => left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
  return {
    get size() {
      return heap.length;
    },
    nextAtMs: () => heap[0]?.atMs ?? Infinity,
    push: (atMs, item) => {
      const entry = { atMs, order: order++, item };
      let at = heap.length;
      heap.push(entry);
      while (at > 0) {
        const up = (at - 1) >> 1;
        const parent = heap[up];
        if (parent === undefined || !before(entry, parent)) break;
        heap[at] = parent;
        at = up;
      }
      heap[at] = entry;
    },
    pop: () => {
      const top = heap[0];
      const last = heap.pop();
      if (top === undefined || last === undefined || heap.length === 0) return top?.item;
      let at = 0;
      for (;;) {
        let down = 2 * at + 1;
        let child = heap[down];
        if (child === undefined) break;
        const right = heap[down + 1];
        if (right !== undefined && before(right, child)) {
          child = right;
          down++;
        }
        if (!before(child, last)) break;
        heap[at] = child;
        at = down;
      }
      heap[at] = last;
      return top.item;
    },
  };
}
