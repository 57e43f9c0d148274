import { AppError } from "./errors.ts";

export interface BatcherOptions {
  /** Items in one batch at the most. */
  maxItems: number;
  /** Bytes in one batch at the most (a larger single item goes alone). */
  maxBytes: number;
  /** Items waiting at the most; one more is refused with `unavailable`, so that memory stays bounded. */
  maxWaiting: number;
  /** Bytes waiting at the most. */
  maxWaitingBytes: number;
}

interface Waiting<Item, Result> {
  item: Item;
  bytes: number;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/** What waits for the next commit, in the order of arrival. */
class Queue<Item, Result> {
  readonly #options: BatcherOptions;
  #waiting: Waiting<Item, Result>[] = [];
  #bytes = 0;

  constructor(options: BatcherOptions) {
    this.#options = options;
  }

  get length(): number {
    return this.#waiting.length;
  }

  takesMore(bytes: number): boolean {
    return this.#waiting.length < this.#options.maxWaiting && this.#bytes + bytes <= this.#options.maxWaitingBytes;
  }

  push(waiting: Waiting<Item, Result>): void {
    this.#waiting.push(waiting);
    this.#bytes += waiting.bytes;
  }

  takeBatch(): Waiting<Item, Result>[] {
    const { maxItems, maxBytes } = this.#options;
    let count = 0;
    let bytes = 0;
    for (const waiting of this.#waiting) {
      if (count > 0 && (count >= maxItems || bytes + waiting.bytes > maxBytes)) break;
      count += 1;
      bytes += waiting.bytes;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    this.#bytes -= bytes;
    return batch;
  }
}

function settle<Item, Result>(batch: readonly Waiting<Item, Result>[], results: readonly Result[]): void {
  batch.forEach((waiting, index) => {
    const result = results[index];
    if (result === undefined) waiting.reject(new AppError("internal", "commit answered fewer results than items"));
    else waiting.resolve(result);
  });
}

/**
 * Group commit: what arrives while a commit runs shares the next one. Invariant: at most one commit runs at a time, and
 * batches are committed in the order of arrival.
 *
 * @param commit gets a batch and answers with one result per item, in the same order; when it throws, every item of the
 *   batch fails with that error.
 */
export function batcher<Item, Result>(
  commit: (items: readonly Item[]) => Promise<readonly Result[]>,
  options: BatcherOptions,
): { submit(item: Item, bytes: number): Promise<Result>; idle(): Promise<void>; waiting(): number } {
  const queue = new Queue<Item, Result>(options);
  let running: Promise<void> | null = null;

  const drain = async (): Promise<void> => {
    // One turn of the event loop, so that requests already read from their sockets share the first commit.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const batch = queue.takeBatch();
      try {
        settle(batch, await commit(batch.map((waiting) => waiting.item)));
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    running = null;
  };

  return {
    submit: (item, bytes) => {
      if (!queue.takesMore(bytes)) {
        return Promise.reject(new AppError("unavailable", "too many deliveries are waiting to be stored; send it again later", { code: "intake_full" }));
      }
      return new Promise<Result>((resolve, reject) => {
        queue.push({ item, bytes, resolve, reject });
        running ??= drain();
      });
    },
    idle: async () => {
      while (running) await running;
    },
    waiting: () => queue.length,
  };
}
