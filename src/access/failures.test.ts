import { describe, expect, it } from "vitest";
import { failureLimit } from "./failures.ts";
import { digest } from "./key.ts";

const HOUR_MS = 3_600_000;

describe("the limit of wrong keys", () => {
  it("opens again when the minute is over, however often was tried meanwhile", () => {
    const limit = failureLimit({ perMinute: 2, addresses: 10 });
    limit.failed("a", 0);
    expect(limit.blockedFor("a", 0)).toBe(0);
    limit.failed("a", 1000);
    limit.failed("a", 59_000);
    expect([limit.blockedFor("a", 1000), limit.blockedFor("a", 59_999), limit.blockedFor("a", 60_000)]).toEqual([59, 1, 0]);
    expect(limit.blockedFor("b", 1000)).toBe(0);
  });

  it("remembers no more addresses than it may, and forgets the oldest", () => {
    const limit = failureLimit({ perMinute: 1, addresses: 3 });
    for (const address of ["a", "b", "c", "d"]) limit.failed(address, 0);
    expect(["a", "b", "c", "d"].map((address) => limit.blockedFor(address, 0) > 0)).toEqual([false, true, true, true]);
    for (const address of ["a", "b", "c", "d"]) limit.succeeded(address, digest("key"), 0);
    expect(["a", "b", "c", "d"].map((address) => limit.knows(address, digest("key"), 0))).toEqual([false, true, true, true]);
  });

  it("forgets after an hour without use that a key was right", () => {
    const limit = failureLimit({ perMinute: 1, addresses: 3 });
    limit.succeeded("a", digest("key"), 0);
    expect(limit.knows("a", digest("key"), HOUR_MS - 1)).toBe(true);
    expect(limit.knows("a", digest("other"), 0)).toBe(false);
    limit.succeeded("a", digest("key"), HOUR_MS - 1);
    expect(limit.knows("a", digest("key"), HOUR_MS)).toBe(true);
    expect(limit.knows("a", digest("key"), 2 * HOUR_MS - 1)).toBe(false);
  });
});
