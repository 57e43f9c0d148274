import { principalOf } from "../access/index.ts";
import type { HealthCheck } from "../health/index.ts";
import { carryOutNext, chatModel, type GateDeps, type PriceNotices, pricingRoutes, type WordModel, worseChanges } from "../pricing/index.ts";
import type { Clock, Database, Guard, Http } from "../platform/index.ts";
import { stripePrices } from "../stripe/index.ts";
import type { TaskDefinition } from "../tasks/index.ts";
import type { Config } from "./config.ts";
import { informedOf } from "./notify-settings.ts";
import { runBeside } from "./run-beside.ts";
import type { ServerParts } from "./server.ts";
import type { StripeSource } from "./stripe.ts";

const MINUTE = 60_000;
export const PRICING_TASK = "pricing";

/** Where a suggestion is decided on and taken back. */
function pageOf({ server }: Pick<Config, "server">, id: string): string {
  return `${server.publicUrl?.replace(/\/+$/, "") ?? ""}/pricing/${id}`;
}

function noticesOf(config: Config): PriceNotices {
  return { ...informedOf(config), page: (id) => pageOf(config, id) };
}

/** What the gate stands on. */
export function gateDeps(config: Config, db: Database, clock: Clock, stripe: Pick<StripeSource, "need">): GateDeps {
  return { db, clock, live: config.stripe.mode === "live", enabled: config.pricing.enabled, rails: config.pricing.rails, notices: noticesOf(config), prices: () => stripePrices(stripe.need()) };
}

/** Who words explanations; null: nobody, the plain words stand. */
export function wordsOf({ pricing, wordsKey }: Pick<Config, "pricing" | "wordsKey">): WordModel | null {
  return pricing.words === null ? null : chatModel({ ...pricing.words, key: wordsKey });
}

/** Reads a year of payments, so it runs beside the service; suggests once a week and watches every day. */
export function pricingTask(config: Config): TaskDefinition {
  return {
    name: PRICING_TASK,
    description: "Looks at prices: watches what was changed, and suggests once a week",
    schedule: { kind: "cron", cron: "40 4 * * *", timeZone: config.merchant.timeZone },
    missed: "once",
    graceMs: 60 * MINUTE,
    timeLimitMs: 60 * MINUTE,
    enabled: config.pricing.enabled,
    run: async ({ signal, cause }) => {
      const { ok: _ok, ...report } = await runBeside(["pricing", "run", "--json", ...(cause === "manual" ? ["--force"] : [])], signal, [0]);
      return report;
    },
  };
}

/** Check `pricing`: a change that brings less is told of, until it is rolled back. While pricing is off nothing is watched, and nothing told. */
export function pricingChecks({ db, config }: { db: Database; config: Config }): HealthCheck[] {
  if (!config.pricing.enabled) return [];
  return [
    {
      name: "pricing",
      timeoutMs: 3000,
      run: async () => {
        const [worst, ...more] = await worseChanges(db.read, config.stripe.mode === "live");
        if (worst === undefined) return { state: "ok", figure: "no applied change brings less" };
        return { state: "degraded", figure: `${worst.told.title}: ${worst.watch?.text ?? ""}${more.length > 0 ? ` (and ${more.length} more)` : ""}`, todo: `roll it back: ${pageOf(config, worst.id)}, or tillwatch pricing rollback ${worst.id} --reason "…"` };
      },
    },
  ];
}

/** One step of the loop: what was approved or taken back is brought to Stripe, also after a crash. */
export async function pricingStep(config: Config, db: Database, clock: Clock, stripe: StripeSource): Promise<boolean> {
  const api = stripe.known();
  return api !== null && (await carryOutNext({ ...gateDeps(config, db, clock, stripe), prices: stripePrices(api) }));
}

export function mountPricing(http: Http, { config, db, clock, stripe, runTask }: ServerParts, guards: { viewer: Guard; operator: Guard; admin: Guard }): void {
  pricingRoutes(http, { ...gateDeps(config, db, clock, stripe), ...guards, runNow: (request) => runTask(PRICING_TASK, principalOf(request), request.id) });
}
