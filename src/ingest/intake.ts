import type { Append, AppendItem, AppendResult, Refusal } from "../ledger/index.ts";
import { AppError, batcher, type Clock, databaseTrouble, isUnavailable } from "../platform/index.ts";
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

export interface Intake {
  /** Resolves when the event is committed (200), or when it is sure that we do not have it. */
  accept(request: WebhookRequest): Promise<WebhookAnswer>;
  /** Notes a request refused before its body was read (too large). */
  refuse(refusal: Refusal): void;
  /** Records what was kept while the database was away; answers whether there was anything. A loop's step. */
  flush(): Promise<boolean>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
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
 * Takes webhook requests and answers 200 only after the event is committed. Requests that arrive while a commit runs
 * share the next one. Guarantee: an acknowledged event survives `kill -9`; one that was not acknowledged may be there
 * too, and its redelivery is then a duplicate.
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

  const commit = async (items: readonly AppendItem[]): Promise<Outcome[]> => {
    try {
      const results = await withDeadline(append(items), deadlineMs);
      options.onCommitted();
      return results.map((result) => ({ kind: "done", result }));
    } catch (error) {
      options.onTrouble(error);
      return isUnavailable(error) ? items.map(() => ({ kind: "failed", error })) : await withDeadline(singly(items), deadlineMs);
    }
  };

  const queue = batcher<AppendItem, Outcome>(commit, { maxItems: 256, maxBytes: 4 * 1024 * 1024, maxWaiting: 20_000, maxWaitingBytes: 64 * 1024 * 1024 });

  const record = async (refusal: Refusal): Promise<void> => {
    try {
      const outcome = await queue.submit({ kind: "refusal", ...refusal }, 200);
      if (outcome.kind === "failed") waiting.keep(refusal);
    } catch {
      waiting.keep(refusal);
    }
  };

  const failed = (item: AppendItem & { kind: "arrival" }, error: unknown): WebhookAnswer => {
    const status = isUnavailable(error) ? 503 : 500;
    const reason = error instanceof AppError ? error.message : databaseTrouble(error);
    waiting.keep({
      outcome: "failed",
      receivedAt: item.receivedAt,
      endpoint: item.endpoint,
      status,
      reason,
      eventId: item.head.eventId,
      eventType: item.head.type,
      count: 1,
    });
    return { status, outcome: "failed", error: `not stored: ${reason}` };
  };

  return {
    accept: async (request) => {
      const received = receive(request, options.secrets(), clock.now());
      if (received.kind === "refusal") {
        const { refusal } = received;
        if (waiting.admit(refusal)) await record(refusal);
        return { status: 400, outcome: refusal.outcome, error: refusal.reason };
      }
      const { arrival } = received;
      try {
        const outcome = await queue.submit(arrival, arrival.body.byteLength);
        if (outcome.kind === "failed") return failed(arrival, outcome.error);
        if (outcome.result.kind === "recorded") throw new Error("an arrival was answered as a refusal");
        return { status: 200, outcome: outcome.result.kind, error: null };
      } catch (error) {
        return failed(arrival, error);
      }
    },
    refuse: (refusal) => {
      if (waiting.admit(refusal)) void record(refusal);
    },
    flush: async () => {
      const kept = waiting.drain();
      if (kept.length === 0) return false;
      await Promise.all(kept.map(record));
      return false;
    },
    idle: () => queue.idle(),
  };
}
