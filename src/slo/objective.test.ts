import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { judgeBurn, windowsOf, worstBurn } from "./burn.ts";
import { moneyBudgets } from "./money.ts";
import { attainment, budgetLeft, budgetOf, burnRate, canFire, DEFAULT_LIMITS, highestBurn, MILLION, percent, spanText, unreachableLimits } from "./objective.ts";

const ppm = fc.integer({ min: 500_000, max: 999_990 });
const counts = fc.tuple(fc.nat(1_000_000), fc.nat(1_000_000)).map(([good, bad]) => ({ good, total: good + bad }));
const HOUR = 3_600_000;
const slo = { objectivePpm: 999_000, minBad: 5 };

describe("the budget", () => {
  it("is spent to the event: what is allowed, less what happened, is left", () => {
    fc.assert(
      fc.property(counts, ppm, (of, objective) => {
        const { allowed, spent, left } = budgetOf(of, objective);
        expect(allowed).toBe(of.total * (MILLION - objective));
        expect(left).toBe(allowed - spent);
        // Met exactly when no more failed than was allowed: no rounding decides it.
        if (of.total > 0) expect(left >= 0).toBe(BigInt(of.good) * BigInt(MILLION) >= BigInt(of.total) * BigInt(objective));
      }),
    );
  });

  it("adds up: two times together spend what they spend apart", () => {
    fc.assert(
      fc.property(counts, counts, ppm, (one, other, objective) => {
        const both = budgetOf({ good: one.good + other.good, total: one.total + other.total }, objective);
        const [first, second] = [budgetOf(one, objective), budgetOf(other, objective)];
        expect(both).toEqual({ allowed: first.allowed + second.allowed, spent: first.spent + second.spent, left: first.left + second.left });
      }),
    );
  });

  it("burns at 1 when exactly what is allowed fails, and never faster than when everything does", () => {
    expect(burnRate({ good: 999, total: 1000 }, 999_000)).toBe(1);
    expect(budgetLeft({ good: 999, total: 1000 }, 999_000)).toBe(0);
    expect(burnRate({ good: 0, total: 7 }, 999_000)).toBe(1000);
    fc.assert(
      fc.property(counts, ppm, (of, objective) => {
        const burn = burnRate(of, objective);
        if (burn === null) return;
        expect(burn).toBeLessThanOrEqual(highestBurn(objective) * (1 + 1e-12));
        expect(burn).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("says nothing of nothing", () => {
    expect([attainment({ good: 0, total: 0 }), burnRate({ good: 0, total: 0 }, 999_000), budgetLeft({ good: 0, total: 0 }, 999_000)]).toEqual([null, null, null]);
  });
});

describe("limits that can never fire", () => {
  it("are those above 1 ÷ (1 − objective): no counts reach them, and all the others are reached", () => {
    fc.assert(
      fc.property(ppm, fc.double({ min: 0.1, max: 5000, noNaN: true }), (objective, burn) => {
        const everything = burnRate({ good: 0, total: 1000 }, objective) ?? 0;
        expect(everything >= burn).toBe(canFire({ burn }, objective));
      }),
    );
  });

  it("are told with one that can", () => {
    expect(unreachableLimits({ name: "x", objectivePpm: 999_000, limits: DEFAULT_LIMITS })).toEqual([]);
    const [told, ...rest] = unreachableLimits({ name: "x", objectivePpm: 900_000, limits: DEFAULT_LIMITS });
    expect(rest).toEqual([]);
    expect(told).toBe("slo x: at an objective of 90 % the burn rate cannot exceed 10, so the page limit 14.4 (1 h / 5 min) never fires; a burn of 9 can, or an objective of 93.06 % or more");
    expect(canFire({ burn: 9 }, 900_000) && canFire({ burn: 14.4 }, 930_600)).toBe(true);
  });

  it("stay told right for every objective: what is offered fires", () => {
    fc.assert(
      fc.property(ppm, (objective) => {
        for (const text of unreachableLimits({ name: "x", objectivePpm: objective, limits: DEFAULT_LIMITS })) {
          const [, burn, share] = /a burn of ([\d.]+) can, or an objective of ([\d.]+) %/.exec(text) ?? [];
          expect(canFire({ burn: Number(burn) }, objective)).toBe(true);
          const limit = Number(/limit ([\d.]+)/.exec(text)?.[1]);
          expect(canFire({ burn: limit }, Math.round(Number(share) * 10_000))).toBe(true);
        }
      }),
    );
  });
});

describe("a burn", () => {
  const limit = DEFAULT_LIMITS[0] ?? { severity: "page", longMs: HOUR, shortMs: 300_000, burn: 14.4 };
  const judge = (long: [bad: number, total: number], short: [bad: number, total: number], of = slo) =>
    judgeBurn(of, limit, [
      { ms: limit.shortMs, good: short[1] - short[0], total: short[1] },
      { ms: limit.longMs, good: long[1] - long[0], total: long[1] },
    ]).kind;

  it.each<[string, [number, number], [number, number], string]>([
    ["in both windows fires", [20, 1000], [5, 100], "fires"],
    ["that is over does not: the short window is well", [20, 1000], [0, 100], "quiet"],
    ["that has just begun does not matter yet", [5, 1000], [5, 100], "quiet"],
    ["of too few bad events is held", [4, 100], [4, 20], "held"],
    ["of everything in a quiet shop fires", [5, 5], [2, 2], "fires"],
    ["with nothing in the short window is not shown to go on", [20, 1000], [0, 0], "quiet"],
    ["of nothing says nothing", [0, 0], [0, 0], "no_data"],
    ["exactly at the limit fires", [144, 10_000], [144, 10_000], "fires"],
    ["just below does not", [143, 10_000], [144, 10_000], "quiet"],
  ])("%s", (_what, long, short, kind) => {
    expect(judge(long, short)).toBe(kind);
  });

  it("fires only when each window reaches its limit and enough is bad, and more bad never silences it", () => {
    const pair = fc.tuple(fc.nat(200), fc.nat(200)).map(([bad, good]) => [bad, bad + good] as [number, number]);
    fc.assert(
      fc.property(pair, pair, ppm, fc.integer({ min: 1, max: 20 }), (long, short, objectivePpm, minBad) => {
        const of = { objectivePpm, minBad };
        const reaches = ([bad, total]: [number, number]): boolean => total > 0 && (bad * MILLION) / (total * (MILLION - objectivePpm)) >= limit.burn;
        expect(judge(long, short, of) === "fires").toBe(reaches(long) && reaches(short) && long[0] >= minBad);
        const worse = (of: [number, number]): [number, number] => [of[1] === 0 ? 0 : Math.min(of[1], of[0] + 1), of[1]];
        if (judge(long, short, of) === "fires") expect(judge(worse(long), worse(short), of)).toBe("fires");
      }),
    );
  });

  it("is the worst of its severity", () => {
    const bad = (ms: number) => ({ ms, good: 0, total: 100 });
    const well = (ms: number) => ({ ms, good: 100, total: 100 });
    const windows = windowsOf(DEFAULT_LIMITS);
    expect(windows.map(spanText)).toEqual(["5 min", "30 min", "1 h", "2 h", "6 h", "1 d", "3 d"]);
    const of = { ...slo, limits: DEFAULT_LIMITS };
    expect(worstBurn(of, "page", windows.map(well))?.kind).toBe("quiet");
    // The short one of the first limit is well again, both of the second burn.
    expect(worstBurn(of, "page", windows.map((ms) => (ms === 300_000 ? well(ms) : bad(ms))))).toMatchObject({ kind: "fires", limit: { burn: 6 } });
    expect(worstBurn({ ...of, limits: [] }, "page", windows.map(bad))).toBe(null);
  });
});

describe("the budget in money", () => {
  it("counts failed payments with the average sale of their currency, each currency apart", () => {
    const worth = [
      { currency: "jpy", gross: 5000, captures: 2, counts: { good: 2, total: 3 } },
      { currency: "usd", gross: 100_000, captures: 100, counts: { good: 100, total: 110 } },
      { currency: "eur", gross: 0, captures: 0, counts: { good: 0, total: 4 } },
    ];
    expect(moneyBudgets(worth, { good: 102, total: 117 }, 990_000)).toEqual([
      { currency: "jpy", allowed: 75, spent: 2500, left: -2425 },
      { currency: "usd", allowed: 1100, spent: 10_000, left: -8900 },
    ]);
  });

  it("shares what was taken by events where no currency is known of them", () => {
    expect(moneyBudgets([{ currency: "usd", gross: 1_000_000, captures: 9, counts: null }], { good: 990, total: 1000 }, 999_000)).toEqual([{ currency: "usd", allowed: 1000, spent: 10_000, left: -9000 }]);
    expect(moneyBudgets([{ currency: "usd", gross: 1_000_000, captures: 9, counts: null }], { good: 0, total: 0 }, 999_000)).toEqual([]);
  });

  it("is whole minor units, exact for sums beyond what a float holds together", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9_000_000_000_000_000 }), fc.integer({ min: 1, max: 1_000_000 }), counts, ppm, (gross, captures, of, objective) => {
        for (const { allowed, spent, left } of moneyBudgets([{ currency: "usd", gross, captures, counts: null }], of, objective)) {
          expect([allowed, spent].every(Number.isSafeInteger)).toBe(true);
          expect(left).toBe(allowed - spent);
          expect(spent).toBeLessThanOrEqual(gross);
        }
      }),
    );
  });
});

it("never rounds a failure away", () => {
  expect(percent(0.9999999)).toBe("99.999 %");
  expect(percent(1)).toBe("100 %");
  expect(percent(0.9995, 4)).toBe("99.95 %");
  expect(percent(0.9306)).toBe("93.06 %");
});
