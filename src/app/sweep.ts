import type { HealthCheck } from "../health/index.ts";
import { completeness, completenessText, createSweep, judgeSweep, recoverUnmade, sweepInTurn, sweepStatus } from "../ingest/index.ts";
import { AppError, type Clock, type Database } from "../platform/index.ts";
import { eventLister, objectReader, type StripeApi } from "../stripe/index.ts";
import type { Evidence, TaskDefinition } from "../tasks/index.ts";
import type { Config } from "./config.ts";
import { liveNodes } from "./nodes.ts";
import { readPace } from "./read-pace.ts";
import { clockCheck } from "./stripe-checks.ts";
import { stripeSource } from "./stripe.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;
/** A run ends by itself before its time limit; what is left goes on in the next. */
const RUN_MS = 3.5 * MINUTE;

/** The account of the key, and the connected ones to look at. */
export function sweptAccounts(config: Pick<Config, "ingest">): (string | null)[] {
  return [null, ...config.ingest.accounts];
}

/** Stripe; or the sandbox, which runs beside the service on a port of its own choice. @throws AppError when there is neither. */
export async function stripeOf(db: Database, config: Config, clock: Clock): Promise<StripeApi> {
  const source = stripeSource(config);
  const node = config.sandbox ? (await liveNodes(db.read, clock.now())).find(({ sandboxUrl }) => sandboxUrl !== null) : undefined;
  if (typeof node?.sandboxUrl === "string") source.useSandbox(node.sandboxUrl);
  return source.need();
}

const SANDBOX_START_MS = 20_000;

/** False when the sandbox does not run. At its very start the service is quicker than its sandbox, so it is waited for. */
export async function hasStripe(db: Database, config: Config, clock: Clock, signal: AbortSignal): Promise<boolean> {
  if (!config.sandbox) return true;
  const until = clock.now() + SANDBOX_START_MS;
  for (;;) {
    const nodes = await liveNodes(db.read, clock.now());
    if (nodes.some(({ sandboxUrl }) => sandboxUrl !== null)) return true;
    // A command may run without any service; then there is nothing to wait for.
    if (nodes.length === 0 || clock.now() >= until || signal.aborted) return false;
    await new Promise<void>((resolve) => setTimeout(resolve, 500));
  }
}

/** Who was compared longest ago comes first, so that with slow answers and little time none is left out for ever. */
async function inNeed(db: Database, accounts: readonly (string | null)[]): Promise<(string | null)[]> {
  const since = await Promise.all(accounts.map(async (account) => ({ account, at: (await sweepStatus(db.read, account))?.checkpointMs ?? 0 })));
  return since.sort((one, other) => one.at - other.at).map(({ account }) => account);
}

async function runSweep(db: Database, config: Config, clock: Clock, signal: AbortSignal): Promise<Evidence> {
  if (!(await hasStripe(db, config, clock, signal))) return { skipped: "the sandbox is not running" };
  const api = await stripeOf(db, config, clock);
  const list = eventLister(api);
  const endAt = clock.now() + RUN_MS;
  const { sweepMs, reads, allowed } = await readPace(db, config, clock);
  const sweeps = (await inNeed(db, sweptAccounts(config))).map((account) => createSweep({ db, clock, list, account, everyMs: sweepMs }));
  const { troubles, ...sum } = await sweepInTurn(sweeps, () => !signal.aborted && clock.now() < endAt);
  // What fails there is kept too, and told by the check.
  const unmade = await recoverUnmade({ db, clock, fetchObject: objectReader(api) });
  const [trouble] = troubles;
  if (trouble !== undefined) throw new AppError("upstream", trouble, { code: "sweep_failed" });
  const figure = await completeness(db.read, null, clock.now() - DAY, clock.now());
  return { ...sum, unmade, every_min: sweepMs / MINUTE, reads_a_month: reads, reads_allowed: allowed, completeness: completenessText(figure), backfill: Math.round(figure.backfill * 1000) / 1000 };
}

export function sweepTask(db: Database, config: Config, clock: Clock): TaskDefinition {
  return {
    name: "sweep",
    description: "Asks Stripe's list of events for what did not come by itself, and counts how complete they are",
    schedule: { kind: "every", everyMs: 5 * MINUTE },
    missed: "once",
    graceMs: MINUTE,
    timeLimitMs: 4.5 * MINUTE,
    enabled: config.ingest.sweep,
    // The check `sweep` says what fails, and since when.
    failuresToldElsewhere: true,
    run: ({ signal }) => runSweep(db, config, clock, signal),
  };
}

/** Checks `sweep` and `clock`; none while the sweep is off. */
export function sweepChecks({ db, config, clock }: { db: Database; config: Config; clock: Clock }): HealthCheck[] {
  if (!config.ingest.sweep) return [];
  const sweeps = sweptAccounts(config).map((account): HealthCheck => ({
    name: account === null ? "sweep" : `sweep_${account}`,
    timeoutMs: 3000,
    run: async () => {
      const status = await sweepStatus(db.read, account);
      if (status === null) return { state: "unknown", figure: "not yet compared with Stripe", todo: "the task sweep does it every five minutes while the service runs" };
      const { state, todo } = judgeSweep(status, clock.now());
      const text = completenessText(await completeness(db.read, account, clock.now() - DAY, clock.now()));
      const figure = status.backfill < 1 ? `${text}; backfill ${Math.floor(status.backfill * 100)} %` : text;
      return { state, figure, ...(todo === null ? {} : { todo }) };
    },
  }));
  return [...sweeps, clockCheck({ db, config, clock })];
}
