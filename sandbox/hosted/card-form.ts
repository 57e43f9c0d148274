import type { Desk } from "../desk.ts";
import type { PaymentMethod } from "../shapes/instrument.ts";
import { NO_BILLING } from "../shapes/instrument.ts";
import { cardByNumber, methodShape } from "../work/method.ts";
import type { Html } from "./html.ts";
import { html } from "./html.ts";

/** The form every payment page has. */
export function cardForm(amount: string): Html {
  return html`<form method="post" autocomplete="off" data-status="open">
<label>Card number<input name="number" inputmode="numeric" required placeholder="4242 4242 4242 4242"></label>
<div class="row"><label>Expiry<input name="expiry" required placeholder="12 / 34"></label><label>CVC<input name="cvc" inputmode="numeric" required placeholder="123"></label></div>
<label>Name on card<input name="name"></label>
<button type="submit">Pay ${amount}</button>
</form>`;
}

/** The card that was typed into it, as a payment method. @throws the API's 402 for what is no card */
export function methodOfForm(desk: Desk, form: Readonly<Record<string, unknown>>, email: string | null): PaymentMethod {
  const text = (field: string): string => {
    const value = form[field];
    return typeof value === "string" ? value.trim() : "";
  };
  const expiry = /^(\d{1,2})\s*\/\s*(\d{2}|\d{4})$/.exec(text("expiry"));
  const instrument = cardByNumber(desk, { number: text("number"), month: Number(expiry?.[1] ?? 0), year: Number(expiry?.[2] ?? 0), cvc: text("cvc") });
  return desk.save(methodShape(desk, instrument, { ...NO_BILLING, email, name: text("name") === "" ? null : text("name") }, null, {}));
}
