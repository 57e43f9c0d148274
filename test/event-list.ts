import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Stripe's list of events, as long as one likes: each page is made up when it is asked for, always the same. */
export interface EventListServer {
  readonly url: string;
  /** What each request asked for: the event that its page begins after, and null for a first page of a window. */
  readonly asked: readonly { readonly after: string | null; readonly gte: number; readonly lte: number }[];
  close(): Promise<void>;
}

const NAME = /^evt_bf(\d{9})$/;

function eventOf(index: number, createdS: number): Record<string, unknown> {
  const id = String(index).padStart(9, "0");
  const charge = { id: `ch_bf${id}`, object: "charge", amount: 1000 + (index % 5000), amount_captured: 1000 + (index % 5000), amount_refunded: 0, captured: true, created: createdS, currency: "usd", customer: null, description: "An order of a shop", livemode: false, metadata: { order: id }, outcome: { network_status: "approved_by_network", reason: null, risk_level: "normal", risk_score: index % 60, seller_message: "Payment complete.", type: "authorized" }, paid: true, payment_intent: `pi_bf${id}`, payment_method_details: { type: "card", card: { brand: index % 3 === 0 ? "mastercard" : "visa", country: "US", last4: "4242" } }, refunded: false, status: "succeeded" };
  return { id: `evt_bf${id}`, object: "event", api_version: "2026-10-28.endive", created: createdS, data: { object: charge }, livemode: false, pending_webhooks: 0, request: { id: null, idempotency_key: null }, type: "charge.succeeded" };
}

/**
 * @param count events, spread evenly over `[fromS, toS)` (seconds since 1970), oldest first by their number.
 */
export async function serveEventList({ count, fromS, toS }: { count: number; fromS: number; toS: number }): Promise<EventListServer> {
  const asked: { after: string | null; gte: number; lte: number }[] = [];
  const secondOf = (index: number): number => fromS + Math.floor((index * (toS - fromS)) / count);
  /** The last event made at or before a second; −1 when there is none. */
  const lastUntil = (second: number): number => {
    let [low, high] = [-1, count - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (secondOf(middle) <= second) low = middle;
      else high = middle - 1;
    }
    return low;
  };
  const page = (query: URLSearchParams): object => {
    const [gte, lte, limit] = [Number(query.get("created[gte]") ?? 0), Number(query.get("created[lte]") ?? toS), Number(query.get("limit") ?? 10)];
    const after = query.get("starting_after");
    asked.push({ after, gte, lte });
    const from = after === null ? lastUntil(lte) : Number(NAME.exec(after)?.[1]) - 1;
    const data: object[] = [];
    let index = from;
    for (; index >= 0 && data.length < limit && secondOf(index) >= gte; index--) data.push(eventOf(index, secondOf(index)));
    return { object: "list", data, has_more: index >= 0 && secondOf(index) >= gte, url: "/v1/events" };
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://stripe");
    const known = pathname === "/v1/events";
    response.writeHead(known ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(known ? page(searchParams) : { error: { type: "invalid_request_error", message: "no such path" } }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
