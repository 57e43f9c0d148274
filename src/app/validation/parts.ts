import type { Validated } from "../../health/index.ts";
import type { Clock, Database } from "../../platform/index.ts";
import type { StripeApi } from "../../stripe/index.ts";
import type { TaskDefinition } from "../../tasks/index.ts";
import type { Config } from "../config.ts";

/** What the questions are put to. */
export interface ValidationParts {
  readonly db: Database;
  readonly config: Config;
  readonly clock: Clock;
  readonly tasks: readonly TaskDefinition[];
  /** @throws AppError when there is no Stripe to ask (the sandbox is not running). */
  stripe(): Promise<StripeApi>;
  /** A test notice goes out by every route. */
  readonly sendTestNotice: boolean;
}

export function pass(found: string, details: readonly string[] = []): Validated {
  return { grade: "PASS", found, details };
}

export function warn(found: string, ...todo: string[]): Validated {
  return { grade: "WARN", found, todo };
}

export function fail(found: string, ...todo: string[]): Validated {
  return { grade: "FAIL", found, todo };
}
