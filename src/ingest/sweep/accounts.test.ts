import { describe, expect, it } from "vitest";
import { sweepInTurn } from "./accounts.ts";
import type { Sweep, SweepOutcome } from "./sweep.ts";

describe("several accounts", () => {
  /** Has so many pages left, each of a second. */
  const account = (name: string, pages: number, log: string[]): Sweep => ({
    step: async () => {
      pages -= 1;
      log.push(name);
      const outcome: SweepOutcome = pages < 0 ? { kind: "rest" } : { kind: "page", part: "backfill", seen: 100, recovered: 2, ended: pages === 0 };
      return await Promise.resolve(outcome);
    },
  });

  it("take turns by the page: a long backfill of the first keeps nobody waiting", async () => {
    const log: string[] = [];
    const failing: Sweep = { step: async () => await Promise.resolve({ kind: "failed", trouble: { since: 0, at: 0, code: "stripe_failed", text: "away" } }) };
    const sum = await sweepInTurn([account("long", 10_000, log), account("short", 1, log), failing, account("other", 2, log)], () => log.length < 50);
    expect(log.slice(0, 8)).toEqual(["long", "short", "other", "long", "short", "other", "long", "other"]);
    // Two of them said that they have nothing more.
    expect(log.length).toBe(50);
    expect(sum).toMatchObject({ seen: 0, recovered: 0, troubles: ["away"], backfilled: 2 * 48 });
  });
});
