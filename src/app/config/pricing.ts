import { z } from "zod";
import { asCurrency, type Currency, type Minor, parseMajor, ZERO } from "../../money/index.ts";
import { field } from "../../platform/index.ts";

const DAY_MS = 86_400_000;

const currencyCode = z.string().regex(/^[A-Za-z]{3}$/, { error: "expected a three-letter currency code such as usd" });
const productId = z.string().regex(/^[!-~]{1,255}$/, { error: "expected a product's id such as prod_Nx…" });
const amount = z.union([z.number(), z.string().max(40)], { error: "expected an amount in the currency's major unit such as 12.50" });

function read(given: unknown, code: Currency, path: (string | number)[], context: z.RefinementCtx): Minor {
  const parsed = parseMajor(given, code);
  if (parsed.kind === "amount") return parsed.minor;
  context.addIssue({ code: "custom", message: parsed.message, path });
  return ZERO;
}

const limits = z
  .record(productId, z.record(currencyCode, z.strictObject({ floor: amount.optional(), ceiling: amount.optional() })))
  .prefault({})
  .describe("Lowest and highest price by product and currency")
  .transform((given, context) =>
    Object.fromEntries(
      Object.entries(given).map(([product, currencies]) => [
        product,
        Object.fromEntries(
          Object.entries(currencies).flatMap(([code, { floor, ceiling }]) => {
            const currency = asCurrency(code);
            if (currency === null) return [];
            const side = (name: string, value: unknown): Minor | null => (value === undefined ? null : read(value, currency, [product, code, name], context));
            return [[currency, { floor: side("floor", floor), ceiling: side("ceiling", ceiling) }]];
          }),
        ),
      ]),
    ),
  );

const test = z
  .strictObject({
    product: productId,
    currency: currencyCode,
    arms: z.array(z.strictObject({ price: amount.describe("Major units"), share: field.fraction(0.01, 0.99).describe("Of the visitors that are shown it") })).min(2).max(5),
    from: z.iso.date({ error: "expected a day such as 2026-03-01" }),
    until: z.iso.date({ error: "expected a day such as 2026-04-01" }).optional(),
  })
  .refine(({ arms }) => Math.abs(arms.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-6, { error: "expected shares that add up to 1" })
  .transform((given, context) => {
    const currency = given.currency.toLowerCase() as Currency;
    return {
      product: given.product,
      currency,
      arms: given.arms.map(({ price, share }, index) => ({ unitAmount: read(price, currency, ["arms", index, "price"], context), share })),
      fromMs: Date.parse(given.from),
      untilMs: given.until === undefined ? null : Date.parse(given.until),
    };
  });

const words = z
  .strictObject({
    url: field.webAddress().describe("Of an OpenAI-compatible endpoint, up to and with its version: https://api.example.com/v1"),
    model: z.string().regex(/^[\w./:@+ -]{1,100}$/, { error: "expected the model's name as the endpoint knows it" }).describe("As the endpoint knows it"),
    timeout: field.duration(1000, 60_000).prefault("20s").describe("Without an answer until then the plain words stand"),
    allow_private: field.onOff(false).describe("The endpoint may be inside this machine or its networks"),
  })
  .describe("A language model that words explanations; it is sent aggregated figures only. Its key: PRICING_WORDS_KEY");

/** Section `pricing:`. */
export const pricing = z
  .strictObject({
    enabled: field.onOff(false).describe("Look at prices weekly and suggest; nothing is ever changed without an admin"),
    largest_step: field.fraction(0.01, 0.5).default(0.1).describe("Largest change of a price at once, 0.1 is 10 %"),
    second_person_above: field.fraction(0, 0.5).default(0.05).describe("A larger step than this needs a second admin"),
    cool_down: field.duration(DAY_MS, 365 * DAY_MS).prefault("30d").describe("No other change of the same price before"),
    frozen: z.array(productId).max(1000).default([]).describe("Products whose prices are never changed"),
    limits,
    watch_after: field.integer(20, 1_000_000).default(100).describe("Purchases at a new price before it is judged"),
    tests: z.array(test).max(100).default([]).describe("Declared tests: several prices shown at once, each to its share of the visitors"),
    words: words.optional(),
  })
  .describe("Gated price suggestions")
  .prefault({})
  .transform((given) => ({
    enabled: given.enabled,
    rails: { largestStep: given.largest_step, secondPersonAbove: given.second_person_above, coolDownMs: given.cool_down, frozen: given.frozen, limits: given.limits },
    watchAfter: given.watch_after,
    tests: given.tests,
    words: given.words === undefined ? null : { url: given.words.url, model: given.words.model, timeoutMs: given.words.timeout, allowPrivate: given.words.allow_private },
  }));
