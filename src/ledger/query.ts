import { z } from "zod";
import { parseInstant } from "../platform/index.ts";
import { EVENT_STATUSES } from "./search.ts";

const LIMIT_ERROR = "must be a whole number from 1 to 100, in digits";

/** `limit` as the older system had it: 10 when absent, more than 100 means 100; anything but a positive integer is refused. */
export const limitField = z
  .string({ error: LIMIT_ERROR })
  .regex(/^0*[1-9]\d*$/, LIMIT_ERROR)
  .max(20, LIMIT_ERROR)
  .default("10")
  .transform((digits) => Math.min(100, Number(digits)));

const TIME_ERROR = "must be a time like 2025-10-20T18:25:24Z (with its zone) or seconds since 1970";

/** ISO 8601 with a zone, or Unix seconds; gives ms UTC. */
export const timeField = z.string().max(40, TIME_ERROR).transform((text, context) => {
  const ms = /^\d{1,11}$/.test(text) ? Number(text) * 1000 : parseInstant(text);
  if (ms !== null) return ms;
  context.addIssue({ code: "custom", message: TIME_ERROR });
  return z.NEVER;
});

/** The query of a list of events; see CONTRACT "Payments API". */
export const eventQuery = z.strictObject({
  limit: limitField,
  cursor: z.string().max(100).optional(),
  type: z
    .string()
    .regex(/^[a-z0-9_.*]{1,100}$/i, "must be an event type such as charge.failed; * stands for any characters")
    .optional(),
  since: timeField.optional(),
  until: timeField.optional(),
  status: z.enum(EVENT_STATUSES).optional(),
});

export const deliveryQuery = z.strictObject({
  limit: limitField,
  cursor: z.string().regex(/^\d{1,15}$/, "must be the next_cursor of the page before").optional(),
  outcome: z.enum(["accepted", "duplicate", "variant", "malformed", "failed", "rejected"]).optional(),
});
