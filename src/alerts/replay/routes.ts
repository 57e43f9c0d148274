import { z } from "zod";
import type { Guard, Http } from "../../platform/index.ts";
import { noQuery } from "../../platform/index.ts";
import { BACKTEST_SHAPE, type ShownBacktest } from "./summary.ts";

const trial = z.strictObject({
  days: z.int().min(1).max(400).default(30),
  sensitivity: z.enum(["calm", "normal", "eager"]).optional(),
  dip: z.number().min(0.05).max(0.9).optional().describe("Share of the usual volume missing that counts as a dip"),
  webhook_failures_5m: z.int().min(0).max(1_000_000).optional(),
  payment_error_rate_1h: z.number().min(0).max(1).optional(),
  revenue_change_dod: z.number().min(-1).max(0).optional(),
});

/** A rule set to try; what is left out is as configured. */
export type TrialAsked = z.output<typeof trial>;

export interface BacktestRoutes {
  readonly operator: Guard;
  /** Runs it where nothing has to wait for it. */
  run(asked: TrialAsked): Promise<ShownBacktest>;
}

const PATIENCE_MS = 120_000;

/** `POST /api/alerts/backtest`. Changes nothing. */
export function backtestRoutes(http: Http, { operator, run }: BacktestRoutes): void {
  http.post(
    "/api/alerts/backtest",
    {
      onRequest: operator,
      handlerTimeout: PATIENCE_MS,
      schema: { summary: "What a rule set would have told on the stored history: when, how often, for how long, at what stake", tags: ["alerts"], querystring: noQuery, body: trial, response: { 200: z.object({ ok: z.literal(true), data: BACKTEST_SHAPE }) } },
    },
    async (request) => ({ ok: true as const, data: await run(request.body) }),
  );
}
