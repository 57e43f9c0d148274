import { Stripe } from "stripe";
import type { AttemptResult } from "./webhooks/schedule.ts";
import type { Sandbox, SandboxOptions } from "./sandbox.ts";
import { startSandbox } from "./sandbox.ts";

/** For tests: a stand-in on a clock of its own, the official SDK pointed at it, and a receiver that keeps what it gets. */
export interface Bench extends Sandbox {
  stripe: Stripe;
  /** A client with another key or other options. */
  client(key: string, config?: ConstructorParameters<typeof Stripe>[1]): Stripe;
  received: Parcel[];
  /** What the receiver answers from now on. */
  answer(result: AttemptResult): void;
  control(path: string, body?: unknown): Promise<unknown>;
}

interface Parcel {
  url: string;
  body: string;
  signature: string;
  type: string;
  id: string;
}

export const TEST_START_MS = Date.UTC(2026, 9, 1, 12);
export const TEST_SECRET = "whsec_test_of_the_stand_in";

export async function bench(options: SandboxOptions = {}): Promise<Bench> {
  const received: Parcel[] = [];
  let result: AttemptResult = { kind: "status", status: 200 };
  const sandbox = await startSandbox({
    startMs: TEST_START_MS,
    webhooks: [{ url: "http://receiver.example/hook", secret: TEST_SECRET }],
    post: async (url, body, headers) => {
      const { type, id } = JSON.parse(body) as { type: string; id: string };
      received.push({ url, body, type, id, signature: headers["stripe-signature"] ?? "" });
      return result;
    },
    ...options,
  });
  const client: Bench["client"] = (key, config = {}) => new Stripe(key, { host: "127.0.0.1", port: sandbox.port, protocol: "http", maxNetworkRetries: 0, ...config });
  return {
    ...sandbox,
    stripe: client("sk_test_bench"),
    client,
    received,
    answer: (next) => {
      result = next;
    },
    control: async (path, body) => {
      const init = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
      const response = await fetch(`${sandbox.url}/_sandbox${path}`, init);
      const answer: unknown = await response.json();
      if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`);
      return answer;
    },
  };
}

/** The error the SDK throws; a test that gets none fails. */
export async function refusal(work: Promise<unknown>): Promise<Stripe.errors.StripeError> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Stripe.errors.StripeError) return error;
    throw error;
  }
  throw new Error("expected an error, got an answer");
}

/** The id of what may be an id or the object itself. */
export function idOf(value: string | { id: string } | null | undefined): string {
  return typeof value === "string" ? value : (value?.id ?? "");
}
