import { Command } from "commander";
import { healthChecks } from "../app/checks.ts";
import { taskDefinitions } from "../app/node-tasks.ts";
import { liveNodes } from "../app/nodes.ts";
import { stripeLook } from "../app/stripe-checks.ts";
import { stripeOf } from "../app/sweep.ts";
import { VERSION } from "../app/version.ts";
import { createExaminer, type HealthCheck, sinceMemory, systemHealth } from "../health/index.ts";
import type { Clock, Database } from "../platform/index.ts";
import { type ServiceContext, withDatabase } from "./context.ts";
import { table } from "./table.ts";

/** The command looks from outside: whether any service process gives signs of life is a check of its own. */
function serviceCheck(db: Database, clock: Clock): HealthCheck {
  return {
    name: "service",
    timeoutMs: 3000,
    run: async () => {
      const nodes = await liveNodes(db.read, clock.now());
      if (nodes.length === 0) return { state: "down", figure: "not running", todo: "start it: make run" };
      return { state: "ok", figure: nodes.map((node) => node.url).join(", ") };
    },
  };
}

/** `tillwatch health`: exit 0 unless something is down. */
export function healthCommand(context: ServiceContext): Command {
  return new Command("health")
    .description("is the service well? exit 1 when not")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample:\n  $ tillwatch health --json | jq '.checks | map_values(.state)'")
    .action(async (options: { json?: boolean }) => {
      const config = await context.config();
      const { clock } = context;
      await withDatabase(context, async (db) => {
        const tasks = taskDefinitions(db, config, clock, { append: () => {} });
        const checks = [serviceCheck(db, clock), ...healthChecks({ db, config, clock, tasks, stripe: stripeLook(() => stripeOf(db, config, clock), clock) })];
        const examination = await createExaminer({ checks, clock, memory: sinceMemory(db, { readOnly: true }), onError: (error) => void process.stderr.write(`tillwatch: ${String(error)}\n`) }).examine();
        const startedAt = (await liveNodes(db.read, clock.now()))[0]?.startedAt ?? clock.now();
        const health = systemHealth({ clock, version: VERSION, startedAt, mode: config.stripe.mode, sandbox: config.sandbox }, examination);
        if (options.json === true || !process.stdout.isTTY) context.print(JSON.stringify(health));
        else {
          context.print(`${health.status.toUpperCase()}${health.sandbox ? " (SANDBOX: no Stripe key is set)" : ""}, up ${health.uptime_s} s, version ${health.version}\n`);
          context.print(table(["CHECK", "STATE", "FIGURE", "SINCE", "TO DO"], Object.entries(health.checks).map(([name, check]) => [name, check.state, check.figure ?? null, check.since, check.todo ?? null])));
        }
        if (!health.ok) context.setExitCode(1);
      });
    });
}
