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
  let queue: Waiting<Item, Result>[] = [];
  let queuedBytes = 0;
  let running: Promise<void> | null = null;

  const take = (): Waiting<Item, Result>[] => {
    let count = 0;
    let bytes = 0;
    for (const waiting of queue) {
      if (count > 0 && (count >= options.maxItems || bytes + waiting.bytes > options.maxBytes)) break;
      count += 1;
      bytes += waiting.bytes;
    }
    const batch = queue.slice(0, count);
    queue = queue.slice(count);
    queuedBytes -= bytes;
    return batch;
  };

  const drain = async (): Promise<void> => {
    // One turn of the event loop, so that requests already read from their sockets share the first commit.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (queue.length > 0) {
      const batch = take();
      try {
        const results = await commit(batch.map((waiting) => waiting.item));
        batch.forEach((waiting, index) => {
          const result = results[index];
          if (result === undefined) waiting.reject(new AppError("internal", "commit answered fewer results than items"));
          else waiting.resolve(result);
        });
      } catch (error) {
        for (const waiting of batch) waiting.reject(error);
      }
    }
    running = null;
  };

  return {
    submit: (item, bytes) => {
      if (queue.length >= options.maxWaiting || queuedBytes + bytes > options.maxWaitingBytes) {
        return Promise.reject(new AppError("unavailable", "too many deliveries are waiting to be stored; send it again later", { code: "intake_full" }));
      }
      return new Promise<Result>((resolve, reject) => {
        queue.push({ item, bytes, resolve, reject });
        queuedBytes += bytes;
        running ??= drain();
      });
    },
    idle: async () => {
      while (running) await running;
    },
    waiting: () => queue.length,
  };
}
