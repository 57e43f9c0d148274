import { Command } from "commander";
import { serve } from "../app/serve.ts";
import { createLog, errorText } from "../platform/index.ts";
import type { ServiceContext } from "./context.ts";

/** A frame that stands out in a log: what it holds is shown this once. */
function announceKey(key: string): void {
  process.stdout.write(`\n  Admin key, made at this first start and shown only now:\n\n    ${key}\n\n  Send it as the header X-Dash-Key. Make others with: tillwatch keys create NAME --role ROLE\n\n`);
}

/** `tillwatch serve`. Ends with 0 on SIGTERM or Ctrl-C after what runs has ended; a second signal ends at once. */
export function serveCommand(context: ServiceContext): Command {
  return new Command("serve")
    .description("run the service: dashboard, API, webhook endpoint, scheduler")
    .addHelpText("after", "\nExample:\n  $ STRIPE_SECRET_KEY=rk_test_… STRIPE_WEBHOOK_SECRET=whsec_… tillwatch serve\n  $ tillwatch serve          (no key: on the built-in sandbox)")
    .action(async () => {
      const config = await context.config();
      const log = createLog();
      const service = await serve({
        config,
        clock: context.clock,
        log,
        onFirstKey: announceKey,
        onFatal: (error) => {
          log.fatal({ error: errorText(error) }, "ending: the service cannot go on");
          process.exit(70);
        },
      });
      const { promise: told, resolve } = Promise.withResolvers<void>();
      let signals = 0;
      for (const signal of ["SIGTERM", "SIGINT"] as const) {
        process.on(signal, () => {
          signals += 1;
          if (signals > 1) process.exit(1);
          log.info({ signal }, "ending");
          resolve();
        });
      }
      await told;
      await service.stop();
      log.info("ended");
      // A handle that a library left open must not keep a finished service alive.
      process.exit(0);
    });
}
