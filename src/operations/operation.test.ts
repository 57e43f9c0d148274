import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Happening, KEY_LIFE_MS, next, OPERATION_STATES, type OperationState, planResolution, SETTLE_MS, waitMs } from "./operation.ts";

const HAPPENINGS: Record<string, Happening> = {
  approved: { kind: "approved" },
  rejected: { kind: "rejected" },
  expired: { kind: "expired" },
  accepted: { kind: "accepted", status: "succeeded" },
  accepted_failed: { kind: "accepted", status: "failed" },
  refused: { kind: "refused" },
  silent: { kind: "silent" },
  absent: { kind: "absent" },
  told: { kind: "told", status: "succeeded" },
  told_failed: { kind: "told", status: "failed" },
};

/** The whole machine: what each happening makes of each state. "-" stays, "!" cannot happen. */
const TABLE: Record<OperationState, Record<keyof typeof HAPPENINGS, OperationState | "-" | "!">> = {
  awaiting_approval: { approved: "sending", rejected: "rejected", expired: "expired", accepted: "!", accepted_failed: "!", refused: "!", silent: "!", absent: "!", told: "!", told_failed: "!" },
  rejected: { approved: "!", rejected: "!", expired: "!", accepted: "!", accepted_failed: "!", refused: "!", silent: "!", absent: "!", told: "!", told_failed: "!" },
  expired: { approved: "!", rejected: "!", expired: "!", accepted: "!", accepted_failed: "!", refused: "!", silent: "!", absent: "!", told: "!", told_failed: "!" },
  sending: { approved: "!", rejected: "!", expired: "!", accepted: "submitted", accepted_failed: "failed", refused: "failed", silent: "-", absent: "failed", told: "confirmed", told_failed: "failed" },
  submitted: { approved: "!", rejected: "!", expired: "!", accepted: "-", accepted_failed: "-", refused: "-", silent: "-", absent: "-", told: "confirmed", told_failed: "failed" },
  confirmed: { approved: "!", rejected: "!", expired: "!", accepted: "-", accepted_failed: "-", refused: "-", silent: "-", absent: "-", told: "-", told_failed: "failed" },
  failed: { approved: "!", rejected: "!", expired: "!", accepted: "submitted", accepted_failed: "-", refused: "!", silent: "!", absent: "!", told: "confirmed", told_failed: "-" },
};

describe("the life of an operation", () => {
  it.each(OPERATION_STATES)("%s moves as the table says", (state) => {
    const moves = Object.fromEntries(
      Object.entries(HAPPENINGS).map(([name, happening]) => {
        const move = next(state, happening);
        return [name, move.kind === "move" ? move.to : move.kind === "stay" ? "-" : "!"];
      }),
    );
    expect(moves).toEqual(TABLE[state]);
  });

  it("an answer that comes late changes nothing of a refund that failed at the bank", () => {
    expect(next("failed", { kind: "accepted", status: "succeeded" }, "re_1")).toEqual({ kind: "stay" });
  });

  it("never sends what was rejected or has expired, whatever happens", () => {
    fc.assert(
      fc.property(fc.constantFrom<OperationState>("rejected", "expired"), fc.array(fc.constantFrom(...Object.values(HAPPENINGS))), (start, happenings) => {
        const end = happenings.reduce<OperationState>((state, happening) => {
          const move = next(state, happening);
          return move.kind === "move" ? move.to : state;
        }, start);
        return end === start;
      }),
    );
  });

  it("never goes back to sending once it is on record what became of it", () => {
    fc.assert(
      fc.property(fc.constantFrom<OperationState>("submitted", "confirmed", "failed"), fc.array(fc.constantFrom(...Object.values(HAPPENINGS))), (start, happenings) => {
        let state = start;
        for (const happening of happenings) {
          const move = next(state, happening);
          if (move.kind === "move") state = move.to;
          if (state === "sending" || state === "awaiting_approval") return false;
        }
        return true;
      }),
    );
  });
});

describe("how an unfinished operation is resolved", () => {
  const now = 1_000_000_000_000;
  it.each([
    ["just sent", { sentAt: now - 1000, lastEffect: null, lastTryAt: null }, { kind: "repeat" }],
    ["no answer", { sentAt: now - 1000, lastEffect: "unanswered" as const, lastTryAt: now - 500 }, { kind: "repeat" }],
    ["Stripe's own error, a moment ago", { sentAt: now - 1000, lastEffect: "unclear" as const, lastTryAt: now - 500 }, { kind: "look_up", final: false }],
    ["Stripe's own error, a minute ago", { sentAt: now - SETTLE_MS, lastEffect: "unclear" as const, lastTryAt: now - SETTLE_MS }, { kind: "look_up", final: true }],
    ["sent in the future, by a clock that was put back", { sentAt: now + 1, lastEffect: "unanswered" as const, lastTryAt: now - 500 }, { kind: "look_up", final: false }],
    ["past the life of the key", { sentAt: now - KEY_LIFE_MS, lastEffect: "unanswered" as const, lastTryAt: now - 500 }, { kind: "look_up", final: true }],
  ])("%s", (_name, operation, plan) => expect(planResolution(operation, now)).toEqual(plan));

  it("waits longer each time, and at most five minutes", () => {
    expect([1, 2, 3, 8, 9, 1000].map(waitMs)).toEqual([2000, 4000, 8000, 256_000, 300_000, 300_000]);
  });
});
