import { createHash } from "node:crypto";
import { AppError } from "../platform/index.ts";

/** Who it is about: customers at Stripe and mail addresses (lower case). */
export interface Subject {
  readonly customers: readonly string[];
  readonly emails: readonly string[];
}

/** @throws AppError `invalid` for what is neither a customer's id nor an address. */
export function parseSubject(given: string): Subject {
  const text = given.trim();
  if (/^cus_[A-Za-z0-9]{4,250}$/.test(text)) return { customers: [text], emails: [] };
  if (/^[^\s@"<>\\]{1,64}@[^\s@"<>\\]+\.[^\s@"<>\\.]{2,}$/.test(text) && text.length <= 320) return { customers: [], emails: [text.toLowerCase()] };
  throw new AppError("invalid", `${JSON.stringify(text.slice(0, 80))} is no customer: give Stripe's id (cus_…) or a mail address`, { code: "customer_invalid" });
}

const sorted = (texts: Iterable<string>): string[] => [...new Set(texts)].sort();

export function joined(...subjects: readonly Subject[]): Subject {
  return { customers: sorted(subjects.flatMap(({ customers }) => customers)), emails: sorted(subjects.flatMap(({ emails }) => emails)) };
}

/** What may be kept of who was erased: an id that says something to Stripe alone, and the fingerprint of an address. */
export function traceOf({ customers, emails }: Subject): string[] {
  return [...customers, ...emails.map((one) => `sha256:${createHash("sha256").update(one).digest("hex")}`)];
}
