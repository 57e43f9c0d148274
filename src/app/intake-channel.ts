import type { AcceptBatch, WebhookAnswer, WebhookRequest } from "../ingest/index.ts";
import { AppError, errorText } from "../platform/index.ts";

/**
 * Carries batches of webhook requests from the thread that reads them to the thread that verifies and stores them, so
 * that neither a signature nor an fsync keeps a request waiting to be read. All bodies of a batch travel in one buffer
 * that is handed over, not copied.
 */
interface BatchRequest {
  readonly kind: "batch";
  readonly id: number;
  readonly bodies: Uint8Array<ArrayBuffer>;
  /** Bytes of each body; −1 for none. */
  readonly sizes: Int32Array<ArrayBuffer>;
  readonly signatures: readonly (string | undefined)[];
}

type BatchReply =
  /** Only a count where all were accepted, as nearly always: copying the same answer over and over costs. */
  | { readonly kind: "decided"; readonly id: number; readonly answers: readonly WebhookAnswer[] | number }
  | { readonly kind: "broken"; readonly id: number; readonly text: string };

/** What a worker and a port of one have in common. */
interface Port {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
}

const ACCEPTED: WebhookAnswer = { status: 200, outcome: "accepted", error: null };

function shorten(answers: readonly WebhookAnswer[]): readonly WebhookAnswer[] | number {
  return answers.every((answer) => answer.outcome === "accepted") ? answers.length : answers;
}

function lengthen(answers: readonly WebhookAnswer[] | number): readonly WebhookAnswer[] {
  return typeof answers === "number" ? Array.from({ length: answers }, () => ACCEPTED) : answers;
}

function kindOf(message: unknown): unknown {
  return typeof message === "object" && message !== null && "kind" in message ? message.kind : null;
}

function isReply(message: unknown): message is BatchReply {
  const kind = kindOf(message);
  return kind === "decided" || kind === "broken";
}

function isRequest(message: unknown): message is BatchRequest {
  return kindOf(message) === "batch";
}

function pack(id: number, requests: readonly WebhookRequest[]): BatchRequest {
  const sizes = new Int32Array(requests.length);
  let total = 0;
  for (const [index, { raw }] of requests.entries()) {
    sizes[index] = raw?.byteLength ?? -1;
    total += raw?.byteLength ?? 0;
  }
  const bodies = new Uint8Array(total);
  let at = 0;
  for (const { raw } of requests) {
    if (raw === null) continue;
    bodies.set(raw, at);
    at += raw.byteLength;
  }
  return { kind: "batch", id, bodies, sizes, signatures: requests.map((request) => request.signature) };
}

function unpack({ bodies, sizes, signatures }: BatchRequest): WebhookRequest[] {
  let at = 0;
  return signatures.map((signature, index) => {
    const size = sizes[index] ?? -1;
    if (size < 0) return { raw: null, signature };
    at += size;
    return { raw: bodies.subarray(at - size, at), signature };
  });
}

/** The near end. Rejects all that wait when `fail` is called. */
export function remoteIntake(port: Port): { acceptBatch: AcceptBatch; fail(error: Error): void } {
  const waiting = new Map<number, { resolve: (answers: readonly WebhookAnswer[]) => void; reject: (error: Error) => void }>();
  let last = 0;
  port.on("message", (message: unknown) => {
    if (!isReply(message)) return;
    const caller = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === "decided") caller?.resolve(lengthen(message.answers));
    else caller?.reject(new AppError("unavailable", message.text));
  });
  return {
    acceptBatch: (requests) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        const request = pack(last, requests);
        port.postMessage(request, [request.bodies.buffer, request.sizes.buffer]);
      }),
    fail: (error) => {
      for (const caller of waiting.values()) caller.reject(error);
      waiting.clear();
    },
  };
}

/** The far end: answers each batch after its commit. */
export function serveIntake(port: Port, acceptBatch: AcceptBatch): void {
  const decide = async (request: BatchRequest): Promise<void> => {
    try {
      port.postMessage({ kind: "decided", id: request.id, answers: shorten(await acceptBatch(unpack(request))) } satisfies BatchReply, []);
    } catch (error) {
      port.postMessage({ kind: "broken", id: request.id, text: errorText(error) } satisfies BatchReply, []);
    }
  };
  port.on("message", (message: unknown) => {
    if (isRequest(message)) void decide(message);
  });
}
