import { type Validation, validate, type ValidationReport, validationReport } from "../health/index.ts";
import { stripeValidations } from "./validation/at-stripe.ts";
import type { ValidationParts } from "./validation/parts.ts";
import { peopleValidations } from "./validation/people.ts";
import { securityValidations } from "./validation/security.ts";
import { storedValidations } from "./validation/stored.ts";
import { watchingValidations } from "./validation/watching.ts";
import { VERSION } from "./version.ts";

/** All questions; the areas stand in the order in which they first appear. */
function validations(parts: ValidationParts): Validation[] {
  return [...watchingValidations(parts), ...peopleValidations(parts), ...stripeValidations(parts), ...securityValidations(parts), ...storedValidations(parts)];
}

/** Asks all of it. Reads the database at length: not for the process that takes webhooks. */
export async function validateInstallation(parts: ValidationParts, onProgress: (done: number, total: number) => void): Promise<ValidationReport> {
  const { config, clock } = parts;
  const graded = await validate(validations(parts), { clock, monotonicMs: () => performance.now(), onProgress });
  return validationReport({ version: VERSION, mode: config.stripe.mode, sandbox: config.sandbox, merchant: config.merchant.name, time_zone: config.merchant.timeZone }, graded, clock.now());
}
