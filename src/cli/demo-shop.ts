import { setTimeout as wait } from "node:timers/promises";
import { AppError } from "../platform/index.ts";

/** What the demo shows to a visitor. */
export interface Seen {
  readonly invoiceUrl: string;
  readonly payment: string;
  readonly paymentText: string;
}

export interface DemoShop {
  /** Makes the invoice, and waits for a payment that can be refunded. */
  open(signal: AbortSignal): Promise<Seen>;
  /** Share of card attempts that fail for the bank's own trouble from now on. */
  setDeclines(share: number): Promise<void>;
  alerts(): Promise<{ readonly id: string; readonly rule: string; readonly state: string; readonly summary: string }[]>;
}

type Fields = Record<string, unknown>;

const PATIENCE = 100;

/** Of card attempts, on an ordinary day. */
export const CALM_DECLINES = 0.005;

/** Customers who fail the bank's authentication; few, so that the outage is what one sees. */
const CALM_CHALLENGES = 0.005;

/** Banks in trouble, for the sandbox. */
const CAUSES = [["processing_error", 50], ["issuer_not_available", 30], ["try_again_later", 20]];

/** Talks to the demo's service as anybody does, over HTTP, and pulls the sandbox's levers. */
export function demoShop(url: string, sandboxUrl: string, key: string): DemoShop {
  const ask = async (base: string, path: string, body?: object): Promise<Fields> => {
    const headers = { "x-dash-key": key, ...(body === undefined ? {} : { "content-type": "application/json" }) };
    const response = await fetch(base + path, body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new AppError("upstream", `${path} answered ${response.status}: ${(await response.text()).slice(0, 300)}`, { code: "demo_failed" });
    return (await response.json()) as Fields;
  };
  const setDeclines = async (share: number): Promise<void> => void (await ask(sandboxUrl, "/_sandbox/traffic", { declineRate: share, declineCauses: CAUSES, challengeFailureRate: CALM_CHALLENGES }));
  const firstPayment = async (signal: AbortSignal): Promise<Fields> => {
    for (let tries = 0; tries < PATIENCE; tries += 1) {
      const { data } = await ask(url, "/api/payments?status=succeeded&limit=20");
      const found = (data as Fields[]).find((payment) => payment["currency"] === "usd" && Number(payment["amount"]) > 1);
      if (found !== undefined) return found;
      await wait(500, undefined, { signal });
    }
    throw new AppError("unavailable", "no payment has come in; the sandbox may not be running", { code: "demo_failed" });
  };
  return {
    open: async (signal) => {
      await setDeclines(CALM_DECLINES);
      const invoice = await ask(url, "/api/payments/create-invoice", { amount: 0.5, email: "you@example.com", description: "A cup of tea" });
      const payment = await firstPayment(signal);
      return { invoiceUrl: String(invoice["hosted_invoice_url"]), payment: String(payment["id"]), paymentText: `${String(payment["amount"])} USD from ${typeof payment["email"] === "string" ? payment["email"] : "a customer"}` };
    },
    setDeclines,
    alerts: async () => {
      const { data } = await ask(url, "/api/alerts?limit=20");
      return (data as Fields[]).map((alert) => ({ id: String(alert["id"]), rule: String(alert["rule"]), state: String(alert["state"]), summary: String(alert["summary"]) }));
    },
  };
}
