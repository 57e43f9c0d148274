import { batcher, errorText } from "../platform/index.ts";
import type { AcceptBatch, WebhookAnswer } from "./intake.ts";
import type { WebhookRequest } from "./receive.ts";

/** Where requests wait for each other: what arrives while a batch is decided shares the next one. */
export interface Gate {
  /** Never rejects: what cannot be decided is answered 503. */
  accept(request: WebhookRequest): Promise<WebhookAnswer>;
  /** Resolves when nothing waits any more. */
  idle(): Promise<void>;
}

const LIMITS = { maxItems: 256, maxBytes: 4 * 1024 * 1024, maxWaiting: 20_000, maxWaitingBytes: 64 * 1024 * 1024 };

/**
 * @param acceptBatch the intake, in this thread or behind a channel.
 * @param onTurnedAway told of each request that could not even be decided.
 */
export function openGate(acceptBatch: AcceptBatch, onTurnedAway: (reason: string) => void = () => {}): Gate {
  const queue = batcher(acceptBatch, LIMITS);
  return {
    accept: async (request) => {
      try {
        return await queue.submit(request, request.raw?.byteLength ?? 0);
      } catch (error) {
        onTurnedAway(errorText(error));
        return { status: 503, outcome: "failed", error: `not stored: ${errorText(error)}` };
      }
    },
    idle: queue.idle,
  };
}
