import type { Append, AppendItem, AppendResult, Arrival } from "../ledger/index.ts";
import { AppError, databaseTrouble, isUnavailable } from "../platform/index.ts";

/**
 * Carries batches from the thread that takes webhooks to the thread that owns the SQLite file, so that an fsync blocks
 * no request. All bodies of a batch travel in one buffer that is handed over, not copied.
 */
type Packed = Exclude<AppendItem, Arrival> | (Omit<Arrival, "body"> & { readonly at: number; readonly size: number });

interface AppendRequest {
  readonly kind: "append";
  readonly id: number;
  readonly items: readonly Packed[];
  readonly bodies: Uint8Array<ArrayBuffer>;
}

type AppendReply =
  | { readonly kind: "appended"; readonly id: number; readonly results: readonly AppendResult[] }
  | { readonly kind: "refused"; readonly id: number; readonly unavailable: boolean; readonly text: string };

/** What a worker and a port of one have in common. */
interface Port {
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  on(event: "message", listener: (message: unknown) => void): unknown;
}

function isReply(message: unknown): message is AppendReply {
  return typeof message === "object" && message !== null && "kind" in message && (message.kind === "appended" || message.kind === "refused");
}

function isRequest(message: unknown): message is AppendRequest {
  return typeof message === "object" && message !== null && "kind" in message && message.kind === "append";
}

function pack(id: number, items: readonly AppendItem[]): AppendRequest {
  const total = items.reduce((sum, item) => sum + (item.kind === "arrival" ? item.body.byteLength : 0), 0);
  const bodies = new Uint8Array(new ArrayBuffer(total));
  let at = 0;
  const packed = items.map((item): Packed => {
    if (item.kind === "refusal") return item;
    const { body, ...rest } = item;
    bodies.set(body, at);
    at += body.byteLength;
    return { ...rest, at: at - body.byteLength, size: body.byteLength };
  });
  return { kind: "append", id, items: packed, bodies };
}

function unpack(request: AppendRequest): AppendItem[] {
  return request.items.map((item): AppendItem => {
    if (item.kind === "refusal") return item;
    const { at, size, ...rest } = item;
    return { ...rest, body: request.bodies.subarray(at, at + size) };
  });
}

/** The near end: an `Append` that asks the other thread. Rejects all that wait when `fail` is called. */
export function remoteAppend(port: Port): { append: Append; fail(error: Error): void } {
  const waiting = new Map<number, { resolve: (results: readonly AppendResult[]) => void; reject: (error: Error) => void }>();
  let last = 0;
  port.on("message", (message: unknown) => {
    if (!isReply(message)) return;
    const caller = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === "appended") caller?.resolve(message.results);
    else caller?.reject(new AppError(message.unavailable ? "unavailable" : "internal", message.text, { code: "append_failed" }));
  });
  return {
    append: (items) =>
      new Promise((resolve, reject) => {
        last += 1;
        waiting.set(last, { resolve, reject });
        const request = pack(last, items);
        port.postMessage(request, [request.bodies.buffer]);
      }),
    fail: (error) => {
      for (const caller of waiting.values()) caller.reject(error);
      waiting.clear();
    },
  };
}

/** The far end: answers each batch after its commit. */
export function serveAppend(port: Port, append: Append): void {
  const answer = async (request: AppendRequest): Promise<void> => {
    try {
      port.postMessage({ kind: "appended", id: request.id, results: await append(unpack(request)) } satisfies AppendReply, []);
    } catch (error) {
      const text = error instanceof AppError ? error.message : databaseTrouble(error);
      port.postMessage({ kind: "refused", id: request.id, unavailable: isUnavailable(error), text } satisfies AppendReply, []);
    }
  };
  port.on("message", (message: unknown) => {
    if (isRequest(message)) void answer(message);
  });
}
