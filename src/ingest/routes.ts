import type { IncomingMessage, ServerResponse } from "node:http";
import { fastPath, type Http } from "../platform/index.ts";
import type { Gate } from "./gate.ts";
import type { WebhookAnswer } from "./intake.ts";

/** Stripe's events stay far below; what is larger is no event. */
export const WEBHOOK_BODY_LIMIT = 1024 * 1024;

export interface WebhookRoutes {
  readonly gate: Gate;
  /** Told of a request whose body was too large to look at. */
  onTooLarge(): void;
}

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
export function webhookRoutes(http: Http, { gate, onTooLarge }: WebhookRoutes): void {
  fastPath(http, "POST", "/webhooks/stripe", (request: IncomingMessage, response: ServerResponse, requestId: string) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const tooLarge = (): void => {
      onTooLarge();
      refuse(response, requestId, 413, "too_large", `the body is larger than ${WEBHOOK_BODY_LIMIT} bytes; no event of Stripe's is`, ["Connection", "close"]);
      // What still comes is not read.
      request.destroy();
    };
    if (Number(request.headers["content-length"] ?? 0) > WEBHOOK_BODY_LIMIT) {
      tooLarge();
      return;
    }
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size <= WEBHOOK_BODY_LIMIT) chunks.push(chunk);
      else if (!response.headersSent) tooLarge();
    });
    request.on("end", () => {
      if (response.headersSent) return;
      const [only] = chunks;
      const raw = chunks.length === 1 && only !== undefined ? only : chunks.length === 0 ? null : Buffer.concat(chunks, size);
      const header = request.headers["stripe-signature"];
      void gate.accept({ raw, signature: typeof header === "string" ? header : undefined }).then((decided) => answer(response, requestId, decided));
    });
  });
}
