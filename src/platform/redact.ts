/**
 * What secrets look like, as a last net under logs and error texts: the first net is never to put one there. What is
 * left (`sk_live_***`) still tells which kind it was.
 */
const SECRET_LOOKS: readonly (readonly [RegExp, string])[] = [
  [/\b((?:sk|rk|pk)_(?:live|test)_|(?:sk|rk)_|whsec_|tw_)[A-Za-z0-9+/=_-]{6,}/g, "$1***"],
  [/(x-dash-key["']?\s*[:=]\s*["']?)[^\s"',;}]+/gi, "$1***"],
  [/\b(bearer\s+)[A-Za-z0-9._~+/=-]{6,}/gi, "$1***"],
  // A hosted invoice or receipt address lets whoever has it in.
  [/(https:\/\/(?:invoice|pay|receipts?)\.stripe\.com\/)[^\s"'<>\\]+/gi, "$1***"],
  // The password in a URL.
  [/(\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@"']*:)[^\s@"']+(@)/gi, "$1***$2"],
];

/** The text with everything that looks like a secret replaced by `***`. */
export function redact(text: string): string {
  let clean = text;
  for (const [look, replacement] of SECRET_LOOKS) clean = clean.replace(look, replacement);
  return clean;
}
