/**
 * What secrets look like, as a last net under logs and error texts: the first net is never to put one there. What is
 * left (`sk_live_***`) still tells which kind it was. No look takes in a quote or a backslash, so that JSON stays JSON.
 */
const SECRET_LOOKS: readonly (readonly [RegExp, string])[] = [
  [/\b((?:sk|rk|pk)_(?:live|test)_|(?:sk|rk)_|whsec_|twl?_)[A-Za-z0-9+/=_-]{6,}/g, "$1***"],
  // What a browser confirms a payment with.
  [/\b((?:pi|seti|cs)_[A-Za-z0-9_]+_secret_)[A-Za-z0-9]{6,}/g, "$1***"],
  [/(x-dash-key(?:\\?["'])?\s*[:=]\s*(?:\\?["'])?)[^\s"',;}\\]+/gi, "$1***"],
  [/\b(bearer\s+)[A-Za-z0-9._~+/=-]{6,}/gi, "$1***"],
  // Addresses that let in, or speak for, whoever has them: hosted invoices and receipts, chat webhooks.
  [/(https:\/\/(?:invoice|pay|receipts?)\.stripe\.com\/|https:\/\/hooks\.slack\.com\/services\/)[^\s"'<>\\]+/gi, "$1***"],
  // The password in an address.
  [/(\b[a-z][a-z0-9+.-]{1,30}:\/\/[^\s:/@"'\\]{0,200}:)[^\s@/"'\\]{1,500}(@)/gi, "$1***$2"],
];

/** The text with everything that looks like a secret replaced by `***`. */
export function redact(text: string): string {
  let clean = text;
  for (const [look, replacement] of SECRET_LOOKS) clean = clean.replace(look, replacement);
  return clean;
}
