import { Command, CommanderError } from "commander";
import { AppError, type Clock, ConfigError, systemClock } from "../platform/index.ts";
import type { ServiceContext } from "./context.ts";

/** What each command is called, in words; its code is loaded only when it is asked for, so that every start is quick. */
const COMMANDS: Readonly<Record<string, { description: string; load(context: ServiceContext): Promise<Command> }>> = {
  serve: { description: "run the service: dashboard, API, webhook endpoint, scheduler", load: async (context) => (await import("./serve.ts")).serveCommand(context) },
  alerts: { description: "judge now, list alerts, replay history", load: async (context) => (await import("./alerts.ts")).alertsCommand(context) },
  rules: { description: "rules: find those that cannot fire, test them", load: async (context) => (await import("./rules.ts")).rulesCommand(context) },
  health: { description: "is the service well? exit 1 when not", load: async (context) => (await import("./health.ts")).healthCommand(context) },
  validate: { description: "is the whole installation as it should be? exit 0 PASS, 1 WARN, 2 FAIL", load: async (context) => (await import("./validate.ts")).validateCommand(context) },
  demo: { description: "a service on the sandbox with live traffic, an outage that fires and recovers, something to refund", load: async (context) => (await import("./demo.ts")).demoCommand(context) },
  refund: {
    description: "refund a payment, in full or in part",
    load: async (context) => (await import("./refund.ts")).refundCommand(context, (await import("./operation-setup.ts")).operationSetup(context)),
  },
  invoice: {
    description: "make, void and send invoices",
    load: async (context) => (await import("./invoice.ts")).invoiceCommand(context, (await import("./operation-setup.ts")).operationSetup(context)),
  },
  receipts: {
    description: "receipts by e-mail: list, look at, send again",
    load: async (context) => {
      const { receiptsCommand, receiptSetup } = await import("./receipts.ts");
      return receiptsCommand(context, receiptSetup(context));
    },
  },
  events: { description: "list, show and retry events", load: async (context) => (await import("./events.ts")).eventsCommand(context) },
  setup: { description: "set things up at Stripe: the webhook endpoint", load: async (context) => (await import("./setup.ts")).setupCommand(context) },
  verify: { description: "compare events, charges, refunds and balance with Stripe; exit 3 when they differ", load: async (context) => (await import("./verify.ts")).verifyCommand(context) },
  import: { description: "take the files of the older system, or exports from Stripe", load: async (context) => (await import("./import.ts")).importCommand(context) },
  slo: { description: "objectives: attainment, error budget, burn rates", load: async (context) => (await import("./slo.ts")).sloCommand(context) },
  pricing: { description: "gated price suggestions: facts, suggestions, approve, roll back", load: async (context) => (await import("./pricing.ts")).pricingCommand(context) },
  notify: { description: "notices and channels: test, list, enable", load: async (context) => (await import("./notify.ts")).notifyCommand(context) },
  silences: { description: "silences: list, add, end, look beforehand", load: async (context) => (await import("./silences.ts")).silencesCommand(context) },
  oncall: { description: "who is on call now, until when, and who is next", load: async (context) => (await import("./oncall.ts")).oncallCommand(context) },
  tasks: { description: "the scheduler: list, history, run now", load: async (context) => (await import("./task-setup.ts")).tasks(context) },
  keys: { description: "make, list and revoke keys", load: async (context) => (await import("./keys.ts")).keysCommand(context) },
  report: { description: "the enterprise report of a period, as page, PDF, CSV or JSON", load: async (context) => (await import("./report.ts")).reportCommand(context) },
  links: {
    description: "signed links to pages for people without a key: make, list and revoke",
    load: async (context) => {
      const [{ linksCommand }, { linkPages }] = await Promise.all([import("./links.ts"), import("../app/links.ts")]);
      return linksCommand(context, async () => linkPages(await context.config(), context.clock));
    },
  },
  audit: { description: "who changed what; verify that nothing was altered", load: async (context) => (await import("./audit.ts")).auditCommand(context) },
  backup: { description: "make, list, verify and restore backups", load: async (context) => (await import("./backup.ts")).backupCommand(context) },
  privacy: { description: "give out, or erase, what is held of a customer", load: async (context) => (await import("./privacy.ts")).privacyCommand(context) },
  drill: { description: "prove that the newest backup can be restored, and that alerts arrive", load: async (context) => (await import("./drill.ts")).drillCommand(context) },
  rebuild: { description: "derive payments and figures anew from the events", load: async (context) => (await import("./rebuild.ts")).rebuildCommand(context) },
  config: {
    description: "the configuration: what it may hold, and what it comes to",
    load: async (context) => {
      const [{ configCommand }, { loadConfig }] = await Promise.all([import("./config.ts"), import("../app/config.ts")]);
      return configCommand(context, () => loadConfig(process.env));
    },
  },
};

const EXIT_FAILED = 1;
const EXIT_USAGE = 64;

function makeContext(clock: Clock): ServiceContext {
  const context: ServiceContext = {
    clock,
    print: (text) => void process.stdout.write(`${text}\n`),
    setExitCode: (code) => {
      process.exitCode = code;
    },
    config: async () => (await import("../app/config.ts")).loadConfig(process.env),
    openDatabase: async () => (await import("../app/database.ts")).openDatabase(await context.config(), clock),
  };
  return context;
}

async function program(argv: readonly string[], context: ServiceContext): Promise<Command> {
  const root = new Command("tillwatch")
    .description("Payments operations for teams that take money through Stripe.")
    .addHelpText("after", "\nExamples:\n  $ tillwatch serve\n  $ tillwatch alerts run | jq .\n  $ tillwatch <command> --help")
    .helpCommand(false);
  root.version((await import("../app/version.ts")).VERSION, "--version", "print the version");
  const wanted = argv.find((argument) => !argument.startsWith("-"));
  for (const [name, { description, load }] of Object.entries(COMMANDS)) {
    root.addCommand(name === wanted ? await load(context) : new Command(name).description(description));
  }
  return root;
}

/** So that a usage error has its own exit code in every nested command too. */
function overrideExit(command: Command): void {
  command.exitOverride();
  for (const nested of command.commands) overrideExit(nested);
}

function fail(text: string, code: number): void {
  process.stderr.write(`tillwatch: ${text}\n`);
  process.exitCode = code;
}

/** Runs the command line; errors end as one line in words on stderr and an exit code, never as a stack. */
export async function run(argv: readonly string[]): Promise<void> {
  // `tillwatch … | head` closes the pipe; that is no failure of ours.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(process.exitCode ?? 0);
  });
  try {
    const root = await program(argv, makeContext(systemClock));
    overrideExit(root);
    await root.parseAsync(argv.length === 0 ? ["--help"] : [...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      // Its text is printed already; help and version are no error.
      process.exitCode = error.exitCode === 0 ? 0 : EXIT_USAGE;
    } else if (error instanceof ConfigError || error instanceof AppError) fail(error.message, EXIT_FAILED);
    else fail(error instanceof Error ? (process.env["TILLWATCH_DEBUG"] === undefined ? error.message : String(error.stack)) : String(error), EXIT_FAILED);
  }
}
