import { createHash } from "node:crypto";

/** Text that is HTML already. Only the tag below makes it. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A template in which everything put in is escaped, save what is HTML already. */
export function html(strings: TemplateStringsArray, ...values: readonly (string | number | Html)[]): Html {
  let text = strings[0] ?? "";
  values.forEach((value, index) => {
    text += value instanceof Html ? value.text : escape(String(value));
    text += strings[index + 1] ?? "";
  });
  return new Html(text);
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; margin: 0; background: #f4f5f7; color: #1a1f36; }
  main { max-width: 26rem; margin: 3rem auto; padding: 2rem; background: #fff; border-radius: 8px; box-shadow: 0 2px 8px #0002; }
  h1 { font-size: 1.1rem; margin: 0; } .amount { font-size: 2rem; font-weight: 600; margin: .5rem 0; }
  table { width: 100%; border-collapse: collapse; margin: 1rem 0; } td { padding: .25rem 0; border-bottom: 1px solid #e3e8ee; } td:last-child { text-align: right; }
  label { display: block; margin-top: .75rem; font-size: .9rem; } input { width: 100%; box-sizing: border-box; padding: .6rem; font: inherit; border: 1px solid #8792a2; border-radius: 6px; }
  .row { display: flex; gap: .75rem; } .row label { flex: 1; }
  button { margin-top: 1.25rem; width: 100%; padding: .75rem; font: inherit; font-weight: 600; color: #fff; background: #3b3fd8; border: 0; border-radius: 6px; cursor: pointer; }
  button.quiet { background: #697386; } [role=alert] { background: #fde8ec; color: #a41c4e; padding: .75rem; border-radius: 6px; } .paid { color: #0a6c3e; font-weight: 600; }
  footer { margin-top: 1.5rem; font-size: .8rem; color: #5b6577; }
`;
const STYLE_HASH = createHash("sha256").update(STYLE).digest("base64");

/** No script, nothing from elsewhere, posting only to itself, in nobody's frame; the address is a bearer link and is not passed on. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'`,
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "cache-control": "no-store",
  "content-type": "text/html; charset=utf-8",
};

export function page(title: string, body: Html): string {
  return html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title><style>${new Html(STYLE)}</style></head>
<body><main>
${body}
<footer>This page belongs to a stand-in for Stripe. No money moves.</footer>
</main></body>
</html>
`.text;
}
