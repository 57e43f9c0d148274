import type { Desk } from "../desk.ts";
import { transact } from "../state/database.ts";
import { Problem } from "./problem.ts";

export type Undertaken<T> = { kind: "done"; value: T } | { kind: "refused"; problem: Problem };

/** One piece of work in one transaction. What is refused leaves nothing behind, save a declined payment: its charge stays. */
export function undertake<T>(desk: Desk, work: () => T): Undertaken<T> {
  try {
    return transact(desk.world.db, (): Undertaken<T> => {
      try {
        return { kind: "done", value: work() };
      } catch (error) {
        if (error instanceof Problem && error.keepsWork) return { kind: "refused", problem: error };
        throw error;
      }
    });
  } catch (error) {
    if (error instanceof Problem) return { kind: "refused", problem: error };
    throw error;
  }
}
