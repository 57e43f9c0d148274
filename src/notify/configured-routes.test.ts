import { expect, it } from "vitest";
import { nextSpan } from "./configured-routes.ts";

const at = (text: string): number => Date.parse(text);
const nightly = { timeZone: "Europe/Berlin", weekdays: [], hours: [{ from: 1380, to: 90 }], dates: [] };

it.each([
  ["the next one", "2025-10-20T12:00:00Z", "2025-10-20T21:00:00Z", "2025-10-20T23:30:00Z"],
  ["the one under way", "2025-10-20T22:00:00Z", "2025-10-20T22:00:00Z", "2025-10-20T23:30:00Z"],
  // The clock is set back in Berlin on 2025-10-26 at 03:00, after it: the wall clock counts.
  ["across a change of the clock", "2025-10-26T12:00:00Z", "2025-10-26T22:00:00Z", "2025-10-27T00:30:00Z"],
])("the span of a recurring window: %s", (_what, now, startsAt, endsAt) => {
  expect(nextSpan([nightly], at(now))).toEqual({ startsAt: at(startsAt), endsAt: at(endsAt) });
});

it("has no span where none comes within two weeks", () => {
  expect(nextSpan([{ ...nightly, hours: [], dates: ["2026-10-20"] }], at("2025-10-20T12:00:00Z"))).toBeNull();
});
