import { HELP, UsageError, readCommandLine } from "./options.ts";
import { startSandbox } from "./sandbox.ts";

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const log = (event: string, facts: Record<string, unknown> = {}): void => void process.stderr.write(`${JSON.stringify({ ts: new Date().toISOString(), event, ...facts })}\n`);

async function main(): Promise<void> {
  const command = readCommandLine(process.argv.slice(2), process.env);
  if (command === null) {
    process.stdout.write(HELP);
    return;
  }
  const sandbox = await startSandbox({ ...command.sandbox, log });
  log("started", { url: sandbox.url, state: command.sandbox.state, traffic: command.sandbox.traffic?.ratePerMinute ?? 0 });
  say(JSON.stringify({ event: "ready", url: sandbox.url, port: sandbox.port }));
  let ending = false;
  const end = (reason: string): void => {
    if (ending) return;
    ending = true;
    log("stopping", { reason });
    // A delivery that hangs must not keep a finished process alive.
    setTimeout(() => process.exit(0), 2000).unref();
    sandbox.close().then(() => process.exit(0), () => process.exit(1));
  };
  process.on("SIGTERM", () => end("SIGTERM"));
  process.on("SIGINT", () => end("SIGINT"));
  if (command.exitWithParent) {
    process.stdin.on("end", () => end("parent gone")).on("close", () => end("parent gone")).resume();
  }
}

main().catch((error: unknown) => {
  const usage = error instanceof UsageError;
  const inUse = (error as { code?: string }).code === "EADDRINUSE";
  log("failed", { error: usage || inUse ? (error as Error).message : error instanceof Error ? error.stack : String(error) });
  process.exit(usage ? 2 : 1);
});
