import { randomBytes, randomUUID } from "node:crypto";
import { createAccess, ensureAdmin } from "../access/index.ts";
import { createExaminer, sinceMemory } from "../health/index.ts";
import { openGate } from "../ingest/index.ts";
import { needsRebuild } from "../metrics/index.ts";
import { AppError, type Clock, errorText, type Http, type Logger, requireWritableDirectory, startLoop } from "../platform/index.ts";
import { startBackground } from "./background.ts";
import { healthChecks } from "./checks.ts";
import type { Config } from "./config.ts";
import { openDatabase } from "./database.ts";
import { rebuildBeside } from "./rebuild-beside.ts";
import { reportMaker } from "./report-beside.ts";
import { taskDefinitions } from "./node-tasks.ts";
import { beatNode, NODE_BEAT_MS, removeNode } from "./nodes.ts";
import { type SandboxProcess, startSandboxProcess } from "./sandbox.ts";
import { createServer } from "./server.ts";
import { answerCount } from "./slo.ts";
import { stripeLook } from "./stripe-checks.ts";
import { stripeSource } from "./stripe.ts";
import { VERSION } from "./version.ts";

export interface Service {
  /** Where it listens. */
  readonly url: string;
  /** Where the sandbox answers; null without one. */
  readonly sandboxUrl: string | null;
  /** Stops taking requests, lets what runs end, closes everything. */
  stop(): Promise<void>;
}

export interface ServeOptions {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Logger;
  /** The key made at first start, to be shown once; it stands nowhere else. */
  onFirstKey(key: string): void;
  /** Something that the service cannot go on without is gone. */
  onFatal(error: Error): void;
  /** Another traffic for the sandbox: payments a minute, and further settings of it as `SANDBOX_…` variables. */
  readonly traffic?: { readonly ratePerMinute: number; readonly settings: Readonly<Record<string, string>> };
}

/** Sandbox payments a minute when nothing says otherwise: enough to see life, little enough to read along. */
const SANDBOX_RATE = 60;

async function listen(http: Http, config: Config): Promise<string> {
  const { host, port } = config.server;
  try {
    return await http.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : null;
    const text =
      code === "EADDRINUSE"
        ? `port ${port} on ${host} is in use; stop what listens there, or set PORT to another`
        : code === "EACCES"
          ? `not allowed to listen on port ${port}; set PORT to one above 1023`
          : `cannot listen on ${host}:${port} (${errorText(error)}); check HOST and PORT`;
    throw new AppError("unavailable", text, { code: "cannot_listen", cause: error });
  }
}

/**
 * Starts the service: database, background thread, HTTP, and the sandbox when there is no Stripe key.
 *
 * @throws AppError that says what to do when something it needs is not there; nothing is left running then.
 */
export async function serve(options: ServeOptions): Promise<Service> {
  const { config, clock, log } = options;
  const closers: (() => Promise<unknown>)[] = [];
  let accepting = false;
  const stop = async (): Promise<void> => {
    accepting = false;
    for (const close of closers.reverse().splice(0)) await close();
  };
  try {
    if (config.logDir !== null) requireWritableDirectory(config.logDir, "LOG_DIR");
    for (const warning of config.warnings) log.warn(warning);
    const db = await openDatabase(config, clock);
    closers.push(() => db.close());
    const access = createAccess({ db, clock, dashboardKey: config.dashboardKey, log, tls: config.server.publicUrl?.startsWith("https://") ?? false });
    const first = await ensureAdmin(access);
    if (first !== null) options.onFirstKey(first);

    const sandboxSecret = config.sandbox ? `whsec_${randomBytes(24).toString("hex")}` : null;
    const background = await startBackground({ sandboxSecret }, options.onFatal);
    closers.push(() => background.stop());
    const gate = openGate(background.acceptBatch, (reason) => {
      log.error({ reason }, "a delivery was turned away");
      background.refused({ outcome: "failed", status: 503, reason });
    });

    const startedAt = clock.now();
    let writtenAt = startedAt;
    const stripe = stripeSource(config);
    const answers = answerCount();
    const tasks = taskDefinitions(db, config, clock, { append: () => {} });
    const health = createExaminer({ checks: healthChecks({ writtenAt: () => writtenAt, db, config, clock, tasks, stripe: stripeLook(async () => stripe.need(), clock) }), clock, memory: sinceMemory(db, { readOnly: false }), onError: (error, check) => log.error({ check, error }, "a health check failed") });
    const reports = reportMaker(clock, log);
    const http = await createServer({ reports, config, db, clock, log, access, gate, stripe, answers, onRefused: background.refused, health, tasks, startedAt, accepting: () => accepting, runTask: background.runTask });
    closers.push(async () => {
      await http.close();
      await gate.idle();
      await access.idle();
    });
    // Before the requests that wait for one are waited for.
    closers.push(() => reports.stop());
    const url = await listen(http, config);
    const node = { node: randomUUID(), pid: process.pid, version: VERSION, url, sandbox_url: null as string | null, started_at: startedAt };
    const beat = startLoop(
      async () => {
        const now = clock.now();
        await answers.record(db, (also) => beatNode(db, node, now, also), NODE_BEAT_MS, now);
        writtenAt = clock.now();
        return false;
      },
      { pollMs: NODE_BEAT_MS, onError: (error) => log.error({ error: errorText(error) }, "the sign of life could not be written") },
    );
    closers.push(async () => {
      await beat.stop();
      await removeNode(db, node.node).catch(() => {});
    });
    if (await needsRebuild(db.read, config.merchant.timeZone)) closers.push(rebuildBeside(log));
    if (sandboxSecret !== null) {
      const sandbox = await runSandbox(options, url, sandboxSecret, config.stripe.webhookSecrets.length === 0);
      closers.push(() => sandbox.stop());
      stripe.useSandbox(sandbox.url);
      background.useSandbox(sandbox.url);
      node.sandbox_url = sandbox.url;
      beat.wake();
    }
    // With the sandbox, for without it a refund or an invoice would be refused.
    accepting = true;
    log.info({ url, version: VERSION, mode: config.stripe.mode, sandbox: config.sandbox, database: db.kind }, "ready");
    return { url, sandboxUrl: node.sandbox_url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The sandbox goes on beside the service; when it dies the service stays up and says so. */
async function runSandbox({ config, log, traffic }: ServeOptions, url: string, secret: string, withTraffic: boolean): Promise<SandboxProcess> {
  const { port } = new URL(url);
  // It delivers from this machine, whatever address the outside uses.
  const local = config.server.host === "0.0.0.0" || config.server.host === "::" ? `http://127.0.0.1:${port}` : url;
  log.warn("SANDBOX: no Stripe key is set, so this runs on the built-in stand-in for Stripe. No real payment is seen or touched. Set STRIPE_SECRET_KEY to use Stripe.");
  return await startSandboxProcess(
    { dataDir: config.dataDir, webhookUrl: `${local}/webhooks/stripe`, webhookSecret: secret, ratePerMinute: withTraffic ? (traffic?.ratePerMinute ?? SANDBOX_RATE) : null, log, settings: traffic?.settings ?? {} },
    (code) => log.error({ code }, "the sandbox has ended; restart the service to have it back"),
  );
}
