import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import { z } from "zod";
import { type Guard, type Http, type HttpReply, type HttpRequest, noQuery } from "../platform/index.ts";
import { WEBHOOK_PATH } from "../ingest/index.ts";
import type { Config } from "./config.ts";
import { VERSION } from "./version.ts";

/** Where `make` builds the dashboard; beside `src/` in a clone, beside `dist/` as published. */
const PLACES = [join(import.meta.dirname, "../../web/dist"), join(import.meta.dirname, "../../../web/dist")];

/**
 * Nothing but what this service itself serves: no inline script or style, no other host, no frame, no form that leaves.
 */
const PAGE_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** A year: the name of a built file holds the hash of its contents. */
const FOR_EVER_S = 31_536_000;

export type DashboardMode = "sandbox" | "test" | "live";

export function dashboardMode(config: Pick<Config, "sandbox" | "stripe">): DashboardMode {
  return config.sandbox ? "sandbox" : config.stripe.mode;
}

/** What is served where nothing was built; tells what to do and nothing else. */
function unbuilt(mode: DashboardMode): string {
  return `<!doctype html><html lang="en" data-mode="${mode}"><head><meta charset="utf-8"><title>Tillwatch</title></head><body><h1>Tillwatch</h1><p>The service is running in ${mode} mode. The dashboard has not been built: run <code>make dashboard</code>, then start the service again. The API answers all the same: <code>GET /api/openapi.json</code>.</p></body></html>`;
}

/** The built page, told the mode: also who is not signed in must see that this is no real money. Read once. */
function readPage(root: string | undefined, mode: DashboardMode): string {
  const file = root === undefined ? null : join(root, "index.html");
  return file !== null && existsSync(file) ? readFileSync(file, "utf8").replace('data-mode="unknown"', `data-mode="${mode}"`) : unbuilt(mode);
}

/**
 * What a browser gets at an address that is no route: the page, which finds out itself what to show there. Programs,
 * which do not ask for HTML, get the API's own answer.
 */
export function pageFallback(config: Config): (request: HttpRequest, reply: HttpReply) => boolean {
  let page: string | null = null;
  return (request, reply) => {
    const path = (request.raw.url ?? "/").split("?", 1)[0] ?? "/";
    if (request.method !== "GET" && request.method !== "HEAD") return false;
    if (/^\/(api|webhooks|assets)(\/|$)/.test(path) || (path !== "/" && request.headers.accept?.includes("text/html") !== true)) return false;
    page ??= readPage(PLACES.find((place) => existsSync(place)), dashboardMode(config));
    void reply.code(200).headers({ "content-security-policy": PAGE_POLICY, "cache-control": "no-cache", "cross-origin-opener-policy": "same-origin", "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()" });
    void reply.type("text/html; charset=utf-8").send(page);
    return true;
  };
}

const ABOUT_SHAPE = z.object({
  merchant: z.object({ name: z.string(), time_zone: z.string(), currency: z.string() }),
  mode: z.enum(["sandbox", "test", "live"]),
  version: z.string(),
  webhook_url: z.string().nullable().describe("Where Stripe is to deliver; null while no public address is configured"),
  webhook_secret: z.boolean().describe("A signing secret is configured"),
  stripe_key: z.boolean(),
});

/** `/api/about`, and the built files of the dashboard, compressed when they were built. */
export async function dashboardRoutes(http: Http, config: Config, viewer: Guard): Promise<void> {
  http.get(
    "/api/about",
    { onRequest: viewer, schema: { summary: "Whose service this is, and on what it stands", tags: ["service"], querystring: noQuery, response: { 200: z.object({ ok: z.literal(true), data: ABOUT_SHAPE }) } } },
    () => ({
      ok: true as const,
      data: {
        merchant: { name: config.merchant.name, time_zone: config.merchant.timeZone, currency: config.merchant.currency },
        mode: dashboardMode(config),
        version: VERSION,
        webhook_url: config.server.publicUrl === null ? null : `${config.server.publicUrl.replace(/\/+$/, "")}${WEBHOOK_PATH}`,
        webhook_secret: config.sandbox || config.stripe.webhookSecrets.length > 0,
        stripe_key: config.stripe.secretKey !== null,
      },
    }),
  );
  const root = PLACES.find((place) => existsSync(place));
  if (root === undefined) return;
  await http.register(fastifyStatic, { root: join(root, "assets"), prefix: "/assets/", preCompressed: true, immutable: true, maxAge: FOR_EVER_S * 1000, index: false, decorateReply: false, schemaHide: true });
  const icon = readFileSync(join(root, "favicon.svg"));
  http.get("/favicon.svg", { schema: { hide: true } }, async (_request, reply) => await reply.header("cache-control", "max-age=86400").type("image/svg+xml").send(icon));
}
