/** Keys of Stripe's objects that tell who somebody is, how to reach them, or what somebody wrote about them. */
const PERSONAL = new Set([
  "email", "receipt_email", "customer_email", "payer_email", "business_email", "verified_email", "support_email",
  "name", "customer_name", "individual_name", "business_name", "payer_name", "verified_name", "account_holder_name", "cardholder_name", "legal_name", "first_name", "last_name",
  "phone", "customer_phone", "recipient_phone", "address", "customer_address", "shipping", "shipping_address", "shipping_details", "customer_shipping", "billing_details", "collected_information",
  "ip", "ip_address", "customer_purchase_ip", "client_ip", "user_agent", "dob", "id_number", "tax_ids", "customer_tax_ids", "customer_details", "individual", "evidence",
  "metadata", "description", "custom_fields", "receipt_url", "hosted_invoice_url", "invoice_pdf", "hosted_verification_url", "fingerprint", "client_secret", "reference", "note", "footer",
]); // prettier-ignore

/** Within what is personal; a country says nobody, and figures are counted by it. */
const KEPT = new Set(["country", "object", "id"]);

/** Nothing of it, in no more characters than it had. */
function blank(value: unknown): unknown {
  if (typeof value === "string") return value.length >= 2 ? null : "";
  if (typeof value === "number") return 0;
  if (Array.isArray(value)) return value.map(blank);
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, KEPT.has(key) && typeof inner === "string" ? inner : blank(inner)]));
  return value;
}

function walk(value: unknown, key: string, names: RegExp | null): unknown {
  if (key === "metadata" && typeof value === "object" && value !== null) return {};
  if (PERSONAL.has(key)) return blank(value);
  if (typeof value === "string") return names === null ? value : value.replaceAll(names, "erased");
  if (Array.isArray(value)) return value.map((inner) => walk(inner, "", names));
  if (typeof value === "object" && value !== null) return Object.fromEntries(Object.entries(value).map(([inner, content]) => [inner, walk(content, inner, names)]));
  return value;
}

const WORD = "[a-z0-9._%+\\-]";

function escaped(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/**
 * Finds these addresses in text, also in JSON that is not parsed, and none that merely begin or end alike. Null for none.
 * @param emails in lower case.
 */
export function emailPattern(emails: readonly string[]): RegExp | null {
  if (emails.length === 0) return null;
  // An escape of JSON before it ends in a letter or digit and is no part of the address.
  return new RegExp(`(?:(?<!${WORD})|(?<=\\\\[nrtbf])|(?<=\\\\u[0-9a-f]{4}))(?:${emails.map(escaped).join("|")})(?![a-z0-9\\-]|\\.[a-z0-9])`, "gi");
}

/** Whether a body names one of these. Ids are compared as they are, addresses in any case. */
export function namesOneOf(customers: readonly string[], emails: readonly string[]): (raw: Buffer) => boolean {
  const ids = customers.length === 0 ? null : new RegExp(`(?<![A-Za-z0-9_])(?:${customers.map(escaped).join("|")})(?![A-Za-z0-9_])`);
  const addresses = emailPattern(emails);
  return (raw) => {
    // The quick look first: it is done for every block of the ledger.
    const text = raw.toString("latin1");
    if (ids !== null && customers.some((one) => text.includes(one)) && ids.test(text)) return true;
    if (addresses === null) return false;
    const low = text.toLowerCase();
    if (!emails.some((one) => low.includes(Buffer.from(one).toString("latin1").toLowerCase()))) return false;
    addresses.lastIndex = 0;
    return addresses.test(raw.toString("utf8"));
  };
}

/**
 * What is left of an event's body when the person is taken out: amounts, states, times, ids, card brand, last four digits and
 * country stay, so that everything derived from it stays the same. Never longer than it was.
 *
 * @param emails addresses that are taken out wherever they stand.
 */
export function redactBody(raw: Buffer, emails: readonly string[]): Buffer {
  const left = walk(JSON.parse(raw.toString("utf8")), "", emailPattern(emails));
  const marked = Buffer.from(JSON.stringify({ ...(left as object), tillwatch: "personal data erased" }));
  return marked.length <= raw.length ? marked : Buffer.from(JSON.stringify(left));
}
