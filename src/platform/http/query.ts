import { z } from "zod";

/**
 * The `limit` of a list, in digits alone (no `1e1`, `0x10`, `+5`): more than the most means the most, as the older system
 * had it; anything but a positive whole number is refused.
 */
export function limitField({ absent, most }: { absent: number; most: number }) {
  const error = `must be a whole number from 1 to ${most}, in digits`;
  return z
    .string({ error })
    .regex(/^0*[1-9]\d*$/, error)
    .max(20, error)
    .default(String(absent))
    .transform((digits) => Math.min(most, Number(digits)));
}

/** For an address that takes no parameters: one that is given all the same is refused by name, not ignored. */
export const noQuery = z.strictObject({});
