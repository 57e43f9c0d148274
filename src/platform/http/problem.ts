import { databaseTrouble, isUnavailable } from "../db/database.ts";
import { AppError, ERROR_STATUS } from "../errors.ts";

/** A failure as the client sees it. */
export interface Problem {
  readonly status: number;
  /** Stable and machine-readable. */
  readonly code: string;
  readonly text: string;
  /** Our fault, or the database's: to be logged whole, since the client is shown less than we know. */
  readonly log: boolean;
}

/** The body of every failure: `{"ok":false,"error":"…","code":"…","request_id":"…"}`. */
export function problemBody(problem: Pick<Problem, "code" | "text">, requestId: string): string {
  return JSON.stringify({ ok: false, error: problem.text, code: problem.code, request_id: requestId });
}

interface FrameworkProblem {
  status: number;
  code: string;
  text: string;
}

/** The framework's own refusals in our words. */
const FRAMEWORK: Record<string, FrameworkProblem> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { status: 413, code: "too_large", text: "the body is too large" },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: { status: 415, code: "content_type", text: "the content type is not accepted here; send Content-Type: application/json" },
  FST_ERR_CTP_EMPTY_JSON_BODY: { status: 400, code: "invalid_json", text: "the body is empty; send a JSON object, or no Content-Type when there is no body" },
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, code: "invalid_json", text: "the body is not valid JSON; send a JSON object in UTF-8" },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: { status: 400, code: "content_length", text: "the body is not as long as Content-Length says" },
  FST_ERR_ROUTE_MISSING_CONTENT_TYPE: { status: 415, code: "content_type", text: "Content-Type is missing; send Content-Type: application/json" },
  FST_ERR_BAD_URL: { status: 400, code: "invalid_url", text: "the address is not a valid URL; percent-encode what is not ASCII" },
  FST_ERR_MAX_PARAM_LENGTH: { status: 414, code: "url_too_long", text: "a part of the address is too long" },
  FST_ERR_HANDLER_TIMEOUT: { status: 503, code: "handler_timeout", text: "the answer took too long; ask for less, or try again later" },
};

/** What is shown of any thrown value. */
export function problemOf(error: unknown): Problem {
  if (error instanceof AppError) {
    if (error.kind === "internal") return { status: 500, code: error.code, text: "Internal error", log: true };
    return { status: ERROR_STATUS[error.kind], code: error.code, text: error.message, log: error.kind === "unavailable" || error.kind === "upstream" };
  }
  const code = error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "";
  const known = FRAMEWORK[code];
  if (known) return { ...known, log: known.status >= 500 };
  if (isUnavailable(error)) return { status: 503, code: "unavailable", text: databaseTrouble(error), log: true };
  return { status: 500, code: "internal", text: "Internal error", log: true };
}

export const NOT_FOUND: Problem = { status: 404, code: "not_found", text: "nothing is served at this address; GET /api/openapi.json lists what is", log: false };

export function methodNotAllowed(method: string, allowed: readonly string[]): Problem {
  return { status: 405, code: "method_not_allowed", text: `${method} is not possible here; possible: ${allowed.join(", ")}`, log: false };
}

export const URL_TOO_LONG = (limit: number): Problem => ({ status: 414, code: "url_too_long", text: `the address is longer than ${limit} bytes; shorten the query`, log: false });

/** A failure before there is a request to answer, by the code that `node:http` gives it. */
export function connectionProblem(code: string | undefined): Problem {
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return { status: 408, code: "request_timeout", text: "the request did not arrive in time", log: false };
  if (code === "HPE_HEADER_OVERFLOW") return { status: 431, code: "headers_too_large", text: "the headers are too large", log: false };
  return { status: 400, code: "invalid_http", text: "this is not a valid HTTP request", log: false };
}
