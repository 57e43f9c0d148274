import { admitQuarantined } from "../ingest/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import type { TaskDefinition } from "../tasks/index.ts";
import type { Config } from "./config.ts";

const MINUTE = 60_000;

/** Secrets change with a restart, so it is run at every start; a clock is mended while it runs, hence the interval. */
export function quarantineTask(db: Database, config: Config, clock: Clock): TaskDefinition {
  const secrets = config.stripe.webhookSecrets.map(({ endpoint, secret }) => ({ endpoint, secret: secret.reveal() }));
  return {
    name: "quarantine",
    description: "Verifies rejected deliveries again, and takes those that are authentic after all",
    schedule: { kind: "every", everyMs: 15 * MINUTE },
    missed: "once",
    graceMs: MINUTE,
    timeLimitMs: 5 * MINUTE,
    atStartup: true,
    run: async ({ signal }) => ({ ...(await admitQuarantined({ db, clock, secrets, signal })) }),
  };
}
