import type { Desk } from "../desk.ts";
import type { Thing } from "../shapes/thing.ts";
import { missing } from "./problem.ts";
import type { Route } from "./route.ts";
import { idOf, route } from "./route.ts";

export const accountRoutes: readonly Route[] = [
  route("GET", "/v1/account", "accounts_kyc_basic", ({ desk }) => account(desk)),
  route("GET", "/v1/accounts/:id", "accounts_kyc_basic", (call) => {
    if (idOf(call) !== call.desk.merchant.account) throw missing("account", idOf(call), "id");
    return account(call.desk);
  }),
];

function account({ merchant }: Desk): Thing {
  return {
    id: merchant.account,
    object: "account",
    business_profile: { name: merchant.name, support_email: null, support_url: null, url: null },
    business_type: "company",
    capabilities: { card_payments: "active", transfers: "active" },
    charges_enabled: true,
    country: merchant.country,
    default_currency: "usd",
    details_submitted: true,
    email: "owner@example.com",
    payouts_enabled: true,
    settings: { dashboard: { display_name: merchant.name, timezone: "Etc/UTC" }, payments: { statement_descriptor: merchant.name.toUpperCase().slice(0, 22) } },
    type: "standard",
  };
}
