import { randomUUID } from "node:crypto";
import { Command } from "commander";
import { wantedEndpoint } from "../app/guard.ts";
import { stripeOf } from "../app/sweep.ts";
import { ALL_EVENTS, planSetup, type SetupPlan, WEBHOOK_PATH } from "../ingest/index.ts";
import { AppError } from "../platform/index.ts";
import { STRIPE_API_VERSION, type WebhookEndpoints, webhookEndpoints } from "../stripe/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { ask } from "./operation-setup.ts";

interface Options {
  url?: string;
  yes?: boolean;
  json?: boolean;
}

/** @param live Stripe sends live events to https alone. */
function addressOf(given: string | undefined, publicUrl: string | null, live: boolean): string {
  const url = given ?? (publicUrl === null ? null : `${publicUrl.replace(/\/+$/, "")}${WEBHOOK_PATH}`);
  if (url === null) throw new AppError("invalid", `Stripe must know where to send: set server.public_url, or give --url https://…${WEBHOOK_PATH}`, { code: "public_url_missing" });
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) throw new AppError("invalid", `--url is ${JSON.stringify(url)}; right would be https://tillwatch.example.com${WEBHOOK_PATH}`, { code: "url_invalid" });
  if (live && !url.startsWith("https:")) throw new AppError("invalid", "Stripe sends live events to https:// addresses only", { code: "url_not_https" });
  return url;
}

interface Done {
  readonly id: string;
  readonly secret: string | null;
}

async function carryOut(plan: SetupPlan, url: string, endpoints: WebhookEndpoints): Promise<Done> {
  switch (plan.kind) {
    case "keep":
      return { id: plan.id, secret: null };
    case "create":
      return await endpoints.create({ url, events: ALL_EVENTS, description: "Tillwatch" }, `tillwatch-setup-${randomUUID()}`);
    case "mend":
      return { id: (await endpoints.change(plan.id, plan.change, `tillwatch-setup-${randomUUID()}`)).id, secret: null };
  }
}

function shown(plan: SetupPlan): string {
  if (plan.kind === "keep") return [`The endpoint ${plan.id} is as it should be; nothing to do.`, ...plan.notes.map((note) => `Note: ${note}.`)].join("\n");
  return `At Stripe this will:\n${plan.steps.map((step) => `  - ${step}`).join("\n")}`;
}

async function setupWebhook(context: ServiceContext, options: Options): Promise<void> {
  const config = await context.config();
  const url = addressOf(options.url, config.server.publicUrl, config.stripe.mode === "live");
  await withDatabase(context, async (db) => {
    const endpoints = webhookEndpoints(await stripeOf(db, config, context.clock));
    const plan = planSetup(await endpoints.list(), { ...wantedEndpoint(config), url });
    const report = { ok: true, plan: plan.kind, url, api_version: STRIPE_API_VERSION, steps: plan.kind === "keep" ? [] : plan.steps };
    if (options.json !== true) context.print(shown(plan));
    const terminal = process.stdin.isTTY && process.stderr.isTTY && options.json !== true;
    const agreed = plan.kind === "keep" || options.yes === true || (terminal && (await ask("Do this?")));
    if (!agreed) {
      if (options.json === true) context.print(JSON.stringify({ ...report, done: false }));
      else context.print(terminal ? "Nothing was done." : "Nothing was done: give --yes to do it.");
      context.setExitCode(1);
      return;
    }
    const done = await carryOut(plan, url, endpoints);
    if (options.json === true) context.print(JSON.stringify({ ...report, done: plan.kind !== "keep", id: done.id, secret: done.secret }));
    else if (plan.kind !== "keep") context.print(`Done: ${done.id}.${done.secret === null ? "" : `\n\nIts secret, told only now:\n\n  ${done.secret}\n\nAdd it to STRIPE_WEBHOOK_SECRET (several stand there with commas between) and restart the service.`}`);
  });
}

/** `tillwatch setup webhook`. */
export function setupCommand(context: ServiceContext): Command {
  const webhook = new Command("webhook")
    .description("make or mend the webhook endpoint at Stripe; shows what it will do and asks")
    .option("--url <url>", "where Stripe sends; server.public_url with /webhooks/stripe when left out")
    .option("--yes", "do it without asking")
    .option("--json", "print one JSON document; does nothing without --yes")
    .addHelpText("after", "\nExample:\n  $ tillwatch setup webhook --url https://tillwatch.example.com/webhooks/stripe")
    .action((options: Options) => setupWebhook(context, options));
  return new Command("setup").description("set things up at Stripe").addHelpText("after", "\nExample:\n  $ tillwatch setup webhook").addCommand(webhook);
}
