import { eventStream } from "../../../sandbox/index.ts";
import { catchUp } from "../../app/derive.ts";
import { openAppend, readHead } from "../../ledger/index.ts";
import { type Clock, type Database, virtualClock, type VirtualClock } from "../../platform/index.ts";

export const START = Date.UTC(2026, 5, 1, 12);

/** Events of a small shop as they come in, from a seed; `append(n)` stores the next n of them. */
export function shop(db: Database, clock: Clock, seed = 1): { append(count: number): Promise<void>; derive(): Promise<void> } {
  const events = eventStream({ seed, startMs: START - 3_600_000, ratePerMinute: 120 })[Symbol.iterator]();
  const append = openAppend(db);
  return {
    append: async (count) => {
      for (let left = count; left > 0; left -= 50) {
        const items = Array.from({ length: Math.min(50, left) }, () => {
          const event: unknown = events.next().value;
          const head = readHead(event, clock.now());
          if (head.kind !== "head") throw new Error(head.reason);
          return { kind: "arrival" as const, head: head.head, body: Buffer.from(JSON.stringify(event)), receivedAt: clock.now(), source: "webhook" as const, endpoint: "default" };
        });
        await append(items);
      }
    },
    derive: async () => void (await catchUp(db, "UTC", { now: () => clock.now() }, Number.MAX_SAFE_INTEGER)),
  };
}

export function shopClock(): VirtualClock {
  return virtualClock(START);
}
