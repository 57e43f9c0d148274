import type { Billing, Instrument } from "../shapes/instrument.ts";
import { pickWeighted } from "../random.ts";
import type { CurrencyProfile, MethodName } from "./mix.ts";
import type { Scene } from "./scene.ts";

/** Who is buying, for how much and with what. */
export interface Shopper {
  name: string;
  email: string;
  country: string;
  currency: string;
  amount: number;
  description: string;
}

const GIVEN = ["Ada", "Amir", "Bea", "Chidi", "Dana", "Elif", "Femi", "Greta", "Hugo", "Ines", "Jonas", "Kaito", "Lena", "Mina", "Noor", "Oskar"] as const;
const FAMILY = ["Abe", "Bauer", "Costa", "Diaz", "Evans", "Fischer", "Garcia", "Haddad", "Ito", "Jansen", "Khan", "Larsen", "Moreau", "Novak", "Okafor", "Patel"] as const;
const GOODS = ["Order", "Basket", "Booking", "Ticket", "Top-up", "Print run"] as const;

export function shopper(scene: Scene): Shopper {
  const { random } = scene;
  const profile = pickWeighted(random, scene.mix.currencies);
  const given = random.pick(GIVEN);
  const family = random.pick(FAMILY);
  return {
    name: `${given} ${family}`,
    email: `${given}.${family}.${random.below(10_000)}@example.com`.toLowerCase(),
    country: random.pick(profile.countries),
    currency: profile.currency,
    amount: price(scene, profile),
    description: `${random.pick(GOODS)} ${random.between(10_000, 99_999)}`,
  };
}

/** Most prices near the typical one, few far above: the product of two draws has that long tail. */
function price(scene: Scene, profile: CurrencyProfile): number {
  const spread = (0.2 + 1.6 * scene.random.fraction()) * (0.4 + 2.1 * scene.random.fraction() ** 2);
  return Math.max(1, Math.round((profile.typical * spread) / profile.step)) * profile.step;
}

export function billingOf(buyer: Shopper): Billing {
  return { email: buyer.email, name: buyer.name, country: buyer.country, postalCode: null };
}

/** Bank debits exist only in their own currency; everything else is paid by card. */
export function instrumentFor(scene: Scene, buyer: Shopper): Instrument {
  const wanted = pickWeighted(scene.random, scene.mix.methods);
  if (wanted === "us_bank_account" && buyer.currency === "usd") return bank(scene, wanted, "US", "STRIPE TEST BANK");
  if (wanted === "sepa_debit" && buyer.currency === "eur") return bank(scene, wanted, buyer.country, "37040044");
  if (wanted === "ideal" && buyer.currency === "eur") return bank(scene, wanted, "NL", "ing");
  return card(scene, buyer);
}

function bank(scene: Scene, type: Exclude<MethodName, "card">, country: string, name: string): Instrument {
  return { type, country, last4: digits(scene), fingerprint: scene.random.alphanumeric(16), bank: name };
}

export function card(scene: Scene, buyer: Shopper): Instrument {
  const { random } = scene;
  // One card in ten comes from abroad.
  const country = random.chance(0.1) ? random.pick(["US", "GB", "FR", "BR", "IN", "JP", "MX"]) : buyer.country;
  const wallet = random.fraction();
  return {
    type: "card",
    brand: pickWeighted(random, scene.mix.brands),
    last4: digits(scene),
    funding: pickWeighted(random, FUNDING),
    country,
    fingerprint: random.alphanumeric(16),
    expMonth: random.between(1, 12),
    expYear: new Date(scene.nowMs).getUTCFullYear() + random.between(1, 4),
    wallet: wallet < 0.18 ? "apple_pay" : wallet < 0.26 ? "google_pay" : null,
  };
}

const FUNDING = [["credit", 50], ["debit", 44], ["prepaid", 6]] as const;

function digits(scene: Scene): string {
  return String(scene.random.below(10_000)).padStart(4, "0");
}
