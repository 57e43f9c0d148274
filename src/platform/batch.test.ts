import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batcher, type BatcherOptions } from "./batch.ts";

const LIMITS: BatcherOptions = { maxItems: 3, maxBytes: 100, maxWaiting: 5, maxWaitingBytes: 300 };

/** Commits end when the test says so. */
function held(options: Partial<BatcherOptions> = {}) {
  const commits: { items: readonly number[]; end(results: readonly string[]): void; fail(error: Error): void }[] = [];
  const begun: (() => void)[] = [];
  const batch = batcher<number, string>(
    (items) => {
      const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>();
      commits.push({ items, end: resolve, fail: reject });
      begun.shift()?.();
      return promise;
    },
    { ...LIMITS, ...options },
  );
  /** The next commit that begins. */
  const next = () => new Promise<void>((resolve) => void begun.push(resolve));
  return { ...batch, commits, next };
}

describe("group commit", () => {
  it("takes what arrives together, and what arrived meanwhile, within its limits", async () => {
    const { submit, commits, next, waiting, idle } = held();
    const first = next();
    const results = [1, 2, 3, 4].map((item) => submit(item, 10));
    await first;
    expect(commits.map((commit) => commit.items)).toEqual([[1, 2, 3]]);
    results.push(submit(5, 95));
    expect(waiting()).toBe(2);
    const second = next();
    commits[0]?.end(["a", "b", "c"]);
    await second;
    const third = next();
    commits[1]?.end(["d"]);
    await third;
    commits[2]?.end(["e"]);
    await idle();
    expect(commits.map((commit) => commit.items)).toEqual([[1, 2, 3], [4], [5]]);
    expect(await Promise.all(results)).toEqual(["a", "b", "c", "d", "e"]);
  });

  it("refuses what is too much to keep waiting, and takes more when there is room again", async () => {
    const { submit, commits, next, idle } = held();
    const first = next();
    const kept = [1, 2, 3, 4, 5].map((item) => submit(item, 1));
    await expect(submit(6, 1)).rejects.toMatchObject({ kind: "unavailable", code: "intake_full" });
    await first;
    // Three are on their way; 300 bytes may wait.
    kept.push(submit(7, 298));
    await expect(submit(8, 1)).rejects.toMatchObject({ code: "intake_full" });
    for (const results of [["1", "2", "3"], ["4", "5"]]) {
      const following = next();
      commits.at(-1)?.end(results);
      await following;
    }
    commits.at(-1)?.end(["7"]);
    await idle();
    expect(await Promise.all(kept)).toEqual(["1", "2", "3", "4", "5", "7"]);
  });

  it("fails the items of a commit that failed, and those alone", async () => {
    const { submit, commits, next } = held({ maxItems: 1 });
    const first = next();
    const [one, two] = [submit(1, 1), submit(2, 1)];
    await first;
    const second = next();
    commits[0]?.fail(new Error("disk full"));
    await expect(one).rejects.toThrow("disk full");
    await second;
    commits[1]?.end(["fine"]);
    expect(await two).toBe("fine");
  });

  it("says so when a commit answers too little", async () => {
    const { submit, commits, next } = held();
    const first = next();
    const [one, two] = [submit(1, 1), submit(2, 1)];
    await first;
    commits[0]?.end(["a"]);
    expect(await one).toBe("a");
    await expect(two).rejects.toMatchObject({ kind: "internal" });
  });

  it("keeps order and limits whatever arrives, and answers each with its own", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 40 }), async (sizes) => {
        const batches: number[][] = [];
        const { submit } = batcher<number, number>(
          async (items) => {
            batches.push([...items]);
            return items.map((item) => item * 2);
          },
          { ...LIMITS, maxWaiting: 100, maxWaitingBytes: 1_000_000 },
        );
        const results = await Promise.all(sizes.map((size, index) => submit(index, size)));
        expect(results).toEqual(sizes.map((_, index) => index * 2));
        expect(batches.flat()).toEqual(sizes.map((_, index) => index));
        for (const batch of batches) {
          expect(batch.length).toBeLessThanOrEqual(3);
          if (batch.length > 1) expect(batch.reduce((sum, index) => sum + (sizes[index] ?? 0), 0)).toBeLessThanOrEqual(100);
        }
      }),
      { numRuns: 50 },
    );
  });
});
