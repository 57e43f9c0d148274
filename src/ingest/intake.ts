import type { Append, AppendItem, AppendResult, Arrival, Refusal } from "../ledger/index.ts";
import { AppError, type Clock, databaseTrouble, isUnavailable } from "../platform/index.ts";
import type { EndpointSecret } from "../stripe/index.ts";
import { receive, type WebhookRequest } from "./receive.ts";
import { refusals } from "./refusals.ts";

/** The answer to a webhook request. Anything but 200 makes Stripe send it again. */
export interface WebhookAnswer {
  readonly status: 200 | 400 | 500 | 503;
  readonly outcome: "accepted" | "duplicate" | "variant" | "malformed" | "rejected" | "failed";
  /** For the sender, without secrets; null on success. */
  readonly error: string | null;
}

/** Decides a batch of requests: one answer per request, in the same order. Never rejects for the database's sake. */
export type AcceptBatch = (requests: readonly WebhookRequest[]) => Promise<readonly WebhookAnswer[]>;

export interface Intake {
  /** Resolves when the events are committed (200), or when it is sure that we do not answer for them. */
  readonly acceptBatch: AcceptBatch;
  /** Notes a request refused before its body was read (too large). */
  refuse(refusal: Refusal): void;
  /** Records what was kept while the database was away. A loop's step; there is never more to do at once. */
  flush(): Promise<boolean>;
}

export interface IntakeOptions {
  readonly append: Append;
  readonly secrets: () => readonly EndpointSecret[];
  readonly clock: Clock;
  /** Told of every commit that failed, for the log. */
  onTrouble(error: unknown): void;
  /** Told after every commit, so that derivations look again. */
  onCommitted(): void;
  /** A commit that takes longer (ms) is answered 503; whether it succeeds later does not matter, ids are unique. */
  readonly deadlineMs?: number;
}

type Outcome = { kind: "done"; result: AppendResult } | { kind: "failed"; error: unknown };

/** Stripe waits some seconds at the most; a sender that is told 503 in time comes again. */
const DEADLINE_MS = 8000;

async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AppError("unavailable", "the database did not answer in time", { code: "commit_timeout" })), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Verifies webhook requests and commits the authentic events of a batch in one transaction, with the record of every
 * delivery. Guarantee: an acknowledged event survives `kill -9`; one that was not acknowledged may be there too, and
 * its redelivery is then a duplicate.
 */
export function createIntake(options: IntakeOptions): Intake {
  const { append, clock } = options;
  const waiting = refusals();
  const deadlineMs = options.deadlineMs ?? DEADLINE_MS;

  /** One bad row must not fail the others for ever, so a batch that the database refuses is tried one by one. */
  const singly = async (items: readonly AppendItem[]): Promise<Outcome[]> => {
    const outcomes: Outcome[] = [];
    for (const item of items) {
      try {
        const [result] = await append([item]);
        outcomes.push(result === undefined ? { kind: "failed", error: new Error("no result") } : { kind: "done", result });
      } catch (error) {
        outcomes.push({ kind: "failed", error });
      }
    }
    return outcomes;
  };

  const commit = async (items: readonly AppendItem[]): Promise<readonly Outcome[]> => {
    if (items.length === 0) return [];
    try {
      const results = await withDeadline(append(items), deadlineMs);
      options.onCommitted();
      return results.map((result) => ({ kind: "done", result }));
    } catch (error) {
      options.onTrouble(error);
      if (isUnavailable(error)) return items.map(() => ({ kind: "failed", error }));
      return await withDeadline(singly(items), deadlineMs).catch((late: unknown) => items.map(() => ({ kind: "failed" as const, error: late })));
    }
  };

  const failed = (arrival: Arrival, error: unknown): WebhookAnswer => {
    const status = isUnavailable(error) ? 503 : 500;
    const reason = error instanceof AppError ? error.message : databaseTrouble(error);
    const { receivedAt, endpoint, head } = arrival;
    waiting.keep({ outcome: "failed", receivedAt, endpoint, status, reason, eventId: head.eventId, eventType: head.type, count: 1 });
    return { status, outcome: "failed", error: `not stored: ${reason}` };
  };

  const answerOf = (item: AppendItem, outcome: Outcome | undefined): WebhookAnswer => {
    if (item.kind === "refusal") {
      if (outcome?.kind !== "done") waiting.keep(item);
      return { status: 400, outcome: item.outcome, error: item.reason };
    }
    if (outcome === undefined || outcome.kind === "failed") return failed(item, outcome?.error);
    // `recorded` is the answer to a refusal only.
    return { status: 200, outcome: outcome.result.kind === "recorded" ? "accepted" : outcome.result.kind, error: null };
  };

  const record = async (refused: readonly Refusal[]): Promise<void> => {
    const items = refused.map((refusal): AppendItem => ({ kind: "refusal", ...refusal }));
    const outcomes = await commit(items);
    for (const [index, refusal] of refused.entries()) if (outcomes[index]?.kind !== "done") waiting.keep(refusal);
  };

  return {
    acceptBatch: async (requests) => {
      const nowMs = clock.now();
      const secrets = options.secrets();
      const received = requests.map((request): AppendItem => {
        const one = receive(request, secrets, nowMs);
        return one.kind === "arrival" ? one.arrival : { kind: "refusal", ...one.refusal };
      });
      // Refusals beyond the limit are merged and recorded later; the rest shares the commit.
      const recorded = received.filter((item) => item.kind === "arrival" || waiting.admit(item));
      const outcomes = await commit(recorded);
      const byItem = new Map(recorded.map((item, index) => [item, outcomes[index]]));
      return received.map((item) => {
        if (item.kind === "refusal" && !byItem.has(item)) return { status: 400, outcome: item.outcome, error: item.reason };
        return answerOf(item, byItem.get(item));
      });
    },
    refuse: (refusal) => {
      if (waiting.admit(refusal)) void record([refusal]);
    },
    flush: async () => {
      const kept = waiting.drain();
      if (kept.length > 0) await record(kept);
      return false;
    },
  };
}
