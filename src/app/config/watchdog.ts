import { z } from "zod";
import { field } from "../../platform/index.ts";

const suffixError = "expected off, or a path such as /fail";

/** The section `watchdog`; its address comes from the environment: WATCHDOG_URL. */
export const watchdog = z
  .strictObject({
    fail_suffix: z
      .union([z.literal("off"), z.literal(false), z.string().regex(/^\/[\w/-]{1,40}$/, { error: suffixError })], { error: suffixError })
      .default("/fail")
      .transform((suffix) => (suffix === "off" || suffix === false ? null : suffix))
      .describe("Put behind WATCHDOG_URL when something is not well; off sends nothing then"),
    allow_private: field.onOff(false).describe("The address may be inside this machine or its networks"),
  })
  .describe("Tells somebody outside every minute that all is well")
  .prefault({})
  .transform(({ fail_suffix, allow_private }) => ({ failSuffix: fail_suffix, allowPrivate: allow_private }));
