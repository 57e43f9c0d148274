/** Text that is HTML already. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/** Everything put in is escaped, unless it is Html; so what customers or Stripe wrote is shown and never obeyed. */
export function html(strings: TemplateStringsArray, ...values: readonly (string | Html | readonly Html[])[]): Html {
  let text = strings[0] ?? "";
  values.forEach((value, index) => {
    text += typeof value === "string" ? escape(value) : value instanceof Html ? value.text : value.map((part) => part.text).join("");
    text += strings[index + 1] ?? "";
  });
  return new Html(text);
}
