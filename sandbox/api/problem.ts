import { docUrl } from "../cards/decline.ts";

export type ProblemType = "invalid_request_error" | "card_error" | "idempotency_error" | "api_error";

/** An answer that is an error, in the words and fields of the API. */
export class Problem extends Error {
  readonly status: number;
  readonly type: ProblemType;
  readonly code: string | null;
  readonly param: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
  /** A declined payment is an error that leaves its charge behind: the work is kept. */
  readonly keepsWork: boolean;
  /** Nothing was begun: the idempotency key is free to be used again. */
  readonly beforeWork: boolean;

  constructor(status: number, message: string, facts: ProblemFacts = {}) {
    super(message);
    this.status = status;
    this.type = facts.type ?? "invalid_request_error";
    this.code = facts.code ?? null;
    this.param = facts.param ?? null;
    this.extra = facts.extra ?? {};
    this.keepsWork = facts.keepsWork ?? false;
    this.beforeWork = facts.beforeWork ?? false;
  }
}

export interface ProblemFacts {
  type?: ProblemType;
  code?: string;
  param?: string;
  extra?: Readonly<Record<string, unknown>>;
  keepsWork?: boolean;
  beforeWork?: boolean;
}

export function envelope(problem: Problem, requestId: string, livemode: boolean, atSeconds: number): Record<string, unknown> {
  const error: Record<string, unknown> = { ...problem.extra };
  if (problem.code !== null) {
    error["code"] = problem.code;
    error["doc_url"] = docUrl(problem.code);
  }
  error["message"] = problem.message;
  if (problem.param !== null) error["param"] = problem.param;
  error["request_log_url"] = `https://dashboard.stripe.com/${livemode ? "" : "test/"}logs/${requestId}?t=${atSeconds}`;
  error["type"] = problem.type;
  return { error };
}

export function badRequest(message: string, code?: string, param?: string): Problem {
  return new Problem(400, message, { ...(code === undefined ? {} : { code }), ...(param === undefined ? {} : { param }) });
}

/** Refused before anything was begun. */
export function badParam(message: string, code: string, param: string): Problem {
  return new Problem(400, message, { code, param, beforeWork: true });
}

const NOUN: Readonly<Record<string, string>> = { invoiceitem: "invoiceitem", payment_method: "PaymentMethod", "checkout.session": "checkout.session" };

export function missing(kind: string, id: string, param: string): Problem {
  return new Problem(404, `No such ${NOUN[kind] ?? kind}: '${id}'`, { code: "resource_missing", param, beforeWork: true });
}
