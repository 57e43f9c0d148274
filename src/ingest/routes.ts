import type { IncomingMessage, ServerResponse } from "node:http";
import { fastPath, type Http } from "../platform/index.ts";
import type { Gate } from "./gate.ts";
import type { WebhookAnswer } from "./intake.ts";

/** Stripe's events stay far below; what is larger is no event. */
export const WEBHOOK_BODY_LIMIT = 1024 * 1024;

export interface WebhookRoutes {
  readonly gate: Gate;
  /** Told of a request that was refused before it was read to its end. */
  onRefused(refusal: { readonly outcome: "rejected" | "failed"; readonly status: number; readonly reason: string }): void;
}

/** Bytes of all bodies that are being read, at the most: whoever sends slowly or unsigned cannot fill our memory. */
const READING_LIMIT = 64 * 1024 * 1024;

/** How long (ms) a refused sender may go on sending before the connection is cut. */
const LINGER_MS = 1000;

const OK: Readonly<Record<"accepted" | "duplicate" | "variant", string>> = {
  accepted: '{"ok":true,"outcome":"accepted"}',
  duplicate: '{"ok":true,"outcome":"duplicate"}',
  variant: '{"ok":true,"outcome":"variant"}',
};

const HEADERS = ["Content-Type", "application/json; charset=utf-8", "Cache-Control", "no-store", "X-Content-Type-Options", "nosniff"];

function reply(response: ServerResponse, status: number, body: string, more: readonly string[] = []): void {
  response.writeHead(status, [...HEADERS, "Content-Length", String(Buffer.byteLength(body)), ...more]);
  response.end(body);
}

function refuse(response: ServerResponse, requestId: string, status: number, code: string, error: string, more: readonly string[] = []): void {
  reply(response, status, JSON.stringify({ ok: false, error, code, request_id: requestId }), ["X-Request-Id", requestId, ...more]);
}

function answer(response: ServerResponse, requestId: string, decided: WebhookAnswer): void {
  const { status, outcome } = decided;
  if (outcome === "accepted" || outcome === "duplicate" || outcome === "variant") reply(response, status, OK[outcome]);
  else refuse(response, requestId, status, `delivery_${outcome}`, decided.error ?? "not accepted", status >= 500 ? ["Retry-After", "5"] : []);
}

/**
 * `POST /webhooks/stripe`: 200 after the event is on disk; 400 not authentic or no event; 413 too large; 503 (or 500)
 * when it could not be stored, so that Stripe sends it again. Straight on `node:http`: routing, hooks and parsers cost
 * as much as storing the event does.
 */
export function webhookRoutes(http: Http, { gate, onRefused }: WebhookRoutes): void {
  let reading = 0;
  fastPath(http, "POST", "/webhooks/stripe", (request: IncomingMessage, response: ServerResponse, requestId: string) => {
    const header = request.headers["stripe-signature"];
    const signature = typeof header === "string" ? header : undefined;
    const chunks: Buffer[] = [];
    let size = 0;
    const give = (status: 413 | 503, code: string, error: string): void => {
      if (response.headersSent) return;
      onRefused({ outcome: status === 413 ? "rejected" : "failed", status, reason: error });
      refuse(response, requestId, status, code, error, ["Connection", "close", ...(status === 503 ? ["Retry-After", "5"] : [])]);
      chunks.length = 0;
      // Read on for a moment without keeping anything: cut at once, the sender would see a reset instead of the answer.
      setTimeout(() => request.destroy(), LINGER_MS).unref();
    };
    const tooLarge = (): void => give(413, "too_large", `the body is larger than ${WEBHOOK_BODY_LIMIT} bytes; no event of Stripe's is`);
    if (Number(request.headers["content-length"] ?? 0) > WEBHOOK_BODY_LIMIT) {
      tooLarge();
      request.resume();
      return;
    }
    request.on("data", (chunk: Buffer) => {
      if (response.headersSent) return;
      size += chunk.length;
      reading += chunk.length;
      if (size > WEBHOOK_BODY_LIMIT) tooLarge();
      else if (reading > READING_LIMIT) give(503, "intake_full", "too many requests are being read; send it again later");
      // Without a signature the answer is known: nothing of the body is kept.
      else if (signature !== undefined) chunks.push(chunk);
    });
    request.on("close", () => {
      reading -= size;
    });
    request.on("end", () => {
      if (response.headersSent) return;
      const [only] = chunks;
      const raw = chunks.length === 1 && only !== undefined ? only : chunks.length === 0 ? null : Buffer.concat(chunks);
      void gate.accept({ raw, signature }).then((decided) => answer(response, requestId, decided));
    });
  });
}
