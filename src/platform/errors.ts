/**
 * The kinds of failure a caller can tell apart, each with its HTTP status. A finer, stable name for machines goes into
 * `code`; what was wrong and what would be right goes into the message, which never holds a secret, a stack or SQL.
 */
export const ERROR_STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unprocessable: 422,
  rate_limited: 429,
  internal: 500,
  upstream: 502,
  unavailable: 503,
} as const;

export type ErrorKind = keyof typeof ERROR_STATUS;

export class AppError extends Error {
  readonly kind: ErrorKind;
  /** Stable and machine-readable, e.g. `limit_not_positive_integer`; the kind when nothing finer is known. */
  readonly code: string;

  constructor(kind: ErrorKind, message: string, options: { code?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = "AppError";
    this.kind = kind;
    this.code = options.code ?? kind;
  }
}

export function httpStatus(error: unknown): number {
  return error instanceof AppError ? ERROR_STATUS[error.kind] : 500;
}

/** The text of any thrown value, for logs; never for an answer unless it is an AppError. */
export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
