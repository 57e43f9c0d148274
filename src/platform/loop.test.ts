import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type LoopOptions, startLoop } from "./loop.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

/** A loop whose steps are noted with their time; `answers` says what each finds, nothing when it has run out. */
function noted(answers: (boolean | Error)[], options: Partial<LoopOptions> = {}) {
  const begin = Date.now();
  const at: number[] = [];
  const errors: unknown[] = [];
  const loop = startLoop(
    async () => {
      at.push(Date.now() - begin);
      const answer = answers.shift() ?? false;
      if (answer instanceof Error) throw answer;
      return answer;
    },
    { pollMs: 1000, onError: (error) => void errors.push(error), ...options },
  );
  return { loop, at, errors, pass: (ms: number) => vi.advanceTimersByTimeAsync(ms) };
}

describe("a loop", () => {
  it("goes on at once while there is work, then polls", async () => {
    const { loop, at, pass } = noted([true, true, false, true], { pauseMs: () => 1 });
    await pass(2500);
    expect(at).toEqual([0, 1, 2, 1002, 1003, 2003]);
    await loop.stop();
  });

  it("looks at once when it is woken, also by what woke it during a step", async () => {
    const { loop, at, pass } = noted([]);
    await pass(300);
    loop.wake();
    await pass(0);
    expect(at).toEqual([0, 300]);
    await pass(999);
    expect(at).toEqual([0, 300]);
    await loop.stop();

    let steps = 0;
    const during = startLoop(
      async () => {
        steps += 1;
        if (steps === 2) during.wake();
        return false;
      },
      { pollMs: 1000, onError: () => {} },
    );
    await pass(1000);
    expect(steps).toBe(3);
    await during.stop();
  });

  it("rests after finding nothing, also when it is woken, and pauses between steps that cost something", async () => {
    const { loop, at, pass } = noted([false, true, false], { restMs: () => 200, pauseMs: () => 50 });
    loop.wake();
    await pass(199);
    expect(at).toEqual([0]);
    await pass(1);
    expect(at).toEqual([0, 200]);
    await pass(50);
    expect(at).toEqual([0, 200, 250]);
    await loop.stop();
  });

  it("tells of each error and waits longer after each, but never longer than half a minute", async () => {
    const { loop, at, errors, pass } = noted(Array.from({ length: 12 }, () => new Error("away")));
    await pass(250 + 500 + 1000);
    expect(at).toEqual([0, 250, 750, 1750]);
    // A wake-up does not hurry it.
    loop.wake();
    await pass(0);
    expect(at).toHaveLength(4);
    await pass(300_000);
    expect(errors).toHaveLength(12);
    expect(Math.max(...at.slice(1).map((time, index) => time - (at[index] ?? 0)))).toBe(30_000);
    await loop.stop();
  });

  it("ends at once while it waits, and after the step while one is under way", async () => {
    const { loop, at, pass } = noted([]);
    await pass(0);
    await loop.stop();
    await pass(10_000);
    expect(at).toEqual([0]);

    const { promise, resolve } = Promise.withResolvers<boolean>();
    let steps = 0;
    const busy = startLoop(() => ((steps += 1), promise), { pollMs: 1, onError: () => {} });
    let stopped = false;
    const stopping = busy.stop().then(() => (stopped = true));
    await pass(10_000);
    expect(stopped).toBe(false);
    resolve(true);
    await stopping;
    expect(steps).toBe(1);
  });
});
