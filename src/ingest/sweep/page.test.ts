import { describe, expect, it } from "vitest";
import { closeTallies, readPage, tally } from "./page.ts";

describe("a page of Stripe's list", () => {
  const event = (id: string, second: number) => ({ id, object: "event", type: "charge.failed", created: second });
  const odd = (second: number) => ({ id: `evt_odd${second}`, created: second });

  it("counts every entry once, also what cannot be read, wherever pages end", () => {
    const options = { nowMs: 9_000_000, nearMs: 2_000_000, hasMore: true };
    // What has no id stands on the next page again, since that begins after the last that has one.
    const first = readPage([event("evt_3", 1300), odd(1200), null], options);
    expect(first).toMatchObject({ lastId: "evt_odd1200", unreadable: [{ id: "evt_odd1200", createdAt: 1_200_000 }] });
    const second = readPage([null, event("evt_2", 1100), "text"], { ...options, nearMs: 1_200_000, hasMore: false });
    expect(second).toMatchObject({ lastId: "evt_2", unreadable: [{ id: null, createdAt: 1_200_000 }, { id: null, createdAt: 1_100_000 }] });
    const { open } = closeTallies(null, tally(first, new Set()), false);
    expect(closeTallies(open, tally(second, new Set(["evt_2"])), true).whole).toEqual([
      { start: 1_200_000, seen: 1, recovered: 0, unreadable: 2 },
      { start: 900_000, seen: 1, recovered: 1, unreadable: 1 },
    ]);
  });
});
