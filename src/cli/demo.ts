import { randomBytes } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { Command, InvalidArgumentError, Option } from "commander";
import { serve } from "../app/serve.ts";
import { AppError, createLog, errorText, makeDirectory } from "../platform/index.ts";
import type { ServiceContext } from "./context.ts";
import { CALM_DECLINES, type DemoShop, demoShop, type Seen } from "./demo-shop.ts";

/** Says that a folder is the demo's own and may be emptied. */
const MARKER = ".tillwatch-demo";

const DAY_MS = 86_400_000;
/** The shop's day passes in half an hour. */
const DEMO_DAY_MS = 1_800_000;
const OPENING_MS = 10 * 3_600_000;

/** A busy shop with hardly a decline, so that an outage stands out and is soon diluted; its day begins at ten. */
function traffic(nowMs: number) {
  const shopTimeMs = (nowMs * (DAY_MS / DEMO_DAY_MS)) % DAY_MS;
  const offset = Math.round((OPENING_MS - shopTimeMs) / 60_000);
  const settings = { SANDBOX_DAY: String(DEMO_DAY_MS / 1000), SANDBOX_UTC_OFFSET: String(offset), SANDBOX_DECLINE_RATE: String(CALM_DECLINES), SANDBOX_SEED: "demo" };
  return { ratePerMinute: 300, settings };
}

const CONFIG = `merchant:
  name: Demo Tea House
alerts:
  payment_error_rate_1h: 0.10
`;

const QUIET_S = 45;
const OUTAGE_S = 15;
/** The outage has to be diluted in the hour's rate, and then to stay away for five minutes. */
const PATIENCE_MS = 15 * 60_000;

/** The demo's own data, new each time; never the service's. @throws AppError when the folder is somebody else's. */
function prepareFolder(folder: string): void {
  if (existsSync(folder) && !existsSync(join(folder, MARKER))) {
    throw new AppError("invalid", `${folder} exists and is not the demo's; name another folder with --data`, { code: "not_the_demos" });
  }
  rmSync(folder, { recursive: true, force: true });
  makeDirectory(folder, 0o700);
  writeFileSync(join(folder, MARKER), "This folder belongs to `tillwatch demo`, which empties it at each start.\n");
  writeFileSync(join(folder, "tillwatch.yaml"), CONFIG);
}

/** Nothing of the real service reaches the demo: no key, no database, no configuration. */
function prepareEnvironment(folder: string, port: number | undefined): string {
  for (const name of Object.keys(process.env)) if (/^(STRIPE_|DATABASE_URL$|SMTP_|DASHBOARD_KEY$)/.test(name)) delete process.env[name];
  const key = `demo-${randomBytes(12).toString("hex")}`;
  Object.assign(process.env, { DATA_DIR: folder, LOG_DIR: join(folder, "logs"), TILLWATCH_CONFIG: join(folder, "tillwatch.yaml"), DASHBOARD_KEY: key });
  if (port !== undefined) process.env["PORT"] = String(port);
  return key;
}

function welcome(url: string, key: string, folder: string, seen: Seen): string {
  const curl = `curl -s -H 'X-Dash-Key: ${key}'`;
  return `
  Tillwatch runs on its sandbox, with a busy shop in it: ${url}
  Key (X-Dash-Key): ${key}

  Something to pay, in a browser, with 4242 4242 4242 4242, any later month and any CVC:
    ${seen.invoiceUrl}

  Something to refund (${seen.paymentText}):
    ${curl} -H 'Content-Type: application/json' -d '{"payment_id":"${seen.payment}","amount":0.50}' ${url}/api/payments/refund
    ${curl} ${url}/api/operations

  What happens:
    ${curl} '${url}/api/payments/events?limit=10'
    ${curl} ${url}/api/alerts
    ${curl} ${url}/api/system-health
    tail -f ${join(folder, "logs")}/*.ndjson

  In ${QUIET_S} s the banks stop answering for ${OUTAGE_S} s: an alert fires within seconds and recovers within minutes. Ctrl-C ends the demo.
`;
}

async function incident(shop: DemoShop, say: (text: string) => void, signal: AbortSignal): Promise<void> {
  await wait(QUIET_S * 1000, undefined, { signal });
  await shop.setDeclines(0.95);
  say("outage: the banks answer nothing but errors");
  const told = new Map<string, string>();
  const follow = async (until: (states: readonly string[]) => boolean, limitMs: number): Promise<void> => {
    for (let waited = 0; waited < limitMs; waited += 1000) {
      const alerts = (await shop.alerts()).filter(({ rule }) => rule === "payment_errors");
      for (const { id, state, summary } of alerts) {
        if (told.get(id) !== state) say(`alert ${state}: ${summary}`);
        told.set(id, state);
      }
      if (until(alerts.map(({ state }) => state))) return;
      await wait(1000, undefined, { signal });
    }
  };
  const outageOver = Date.now() + OUTAGE_S * 1000;
  await follow((states) => states.includes("firing") && Date.now() >= outageOver, (OUTAGE_S + 30) * 1000);
  await shop.setDeclines(CALM_DECLINES);
  say("the banks answer again; the failures of the last hour are diluted by every payment that works");
  await follow((states) => states.length > 0 && states.every((state) => state === "resolved"), PATIENCE_MS);
  say([...told.values()].includes("resolved") ? "the incident is over; look at /api/alerts" : "the alert has not resolved yet; go on watching /api/alerts");
}

function portArgument(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new InvalidArgumentError("Give a port from 0 to 65535.");
  return port;
}

/** `tillwatch demo`: runs until Ctrl-C, or with --once until the incident is over. */
export function demoCommand(context: ServiceContext): Command {
  return new Command("demo")
    .description("a service on the sandbox with live traffic, an outage that fires alerts and recovers, something to refund, an invoice to pay")
    .option("--data <folder>", "where its data go; emptied at each start", "data/demo")
    .addOption(new Option("--port <port>", "to listen on; PORT or 5000 when left out, 0 for any").argParser(portArgument))
    .option("--once", "end when the incident is over")
    .addHelpText("after", "\nExample:\n  $ tillwatch demo --port 0")
    .action(async (options: { data: string; port?: number; once?: boolean }) => {
      const folder = resolve(options.data);
      prepareFolder(folder);
      const key = prepareEnvironment(folder, options.port);
      const log = createLog({ level: "warn" });
      const fatal = (error: Error): void => {
        log.fatal({ error: errorText(error) }, "ending: the demo cannot go on");
        process.exit(70);
      };
      const service = await serve({ config: await context.config(), clock: context.clock, log, onFirstKey: () => {}, onFatal: fatal, traffic: traffic(context.clock.now()) });
      if (service.sandboxUrl === null) throw new AppError("internal", "the demo has no sandbox");
      const stopping = new AbortController();
      for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => (stopping.signal.aborted ? process.exit(1) : stopping.abort()));
      try {
        const shop = demoShop(service.url, service.sandboxUrl, key);
        context.print(welcome(service.url, key, folder, await shop.open(stopping.signal)));
        await incident(shop, (text) => context.print(`  ${new Date(context.clock.now()).toISOString().slice(11, 19)}  ${text}`), stopping.signal);
        if (options.once !== true) await wait(2 ** 31 - 1, undefined, { signal: stopping.signal });
      } catch (error) {
        if (!stopping.signal.aborted) throw error;
      } finally {
        await service.stop();
      }
      process.exit(0);
    });
}
