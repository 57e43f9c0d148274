import createClient from "openapi-fetch";
import { text } from "../text/frame.ts";
import type { paths } from "./schema.d.ts";

/** Why a request was not answered as wished: what the API said, or that nobody answered. */
export class Problem extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly requestId: string | null;

  constructor(message: string, options: { status: number; code: string; requestId: string | null }) {
    super(message);
    this.name = "Problem";
    this.status = options.status;
    this.code = options.code;
    this.requestId = options.requestId;
  }
}

/** The API, typed from its own OpenAPI document. The header says that we ask, and not another site's page. */
export const api = createClient<paths>({ baseUrl: window.location.origin, headers: { "x-tillwatch": "1" } });

interface Failure {
  error?: unknown;
  code?: unknown;
  request_id?: unknown;
}

function problemOf(failure: unknown, response: Response): Problem {
  const { error, code, request_id } = (typeof failure === "object" && failure !== null ? failure : {}) as Failure;
  return new Problem(typeof error === "string" ? error : text.problem.unreadable(response.status), {
    status: response.status,
    code: typeof code === "string" ? code : "unreadable",
    requestId: typeof request_id === "string" ? request_id : response.headers.get("x-request-id"),
  });
}

/** The data of an answer. @throws Problem for every other answer, and for none. */
export async function answer<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  let outcome: Awaited<typeof call>;
  try {
    outcome = await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(text.problem.unreachable, { status: 0, code: "unreachable", requestId: null });
  }
  if (outcome.data === undefined) throw problemOf(outcome.error, outcome.response);
  return outcome.data;
}
