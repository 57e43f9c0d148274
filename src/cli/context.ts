import type { Config } from "../app/config.ts";
import type { Clock, Database } from "../platform/index.ts";

/** What a command stands on; made once by the entry, and by tests. */
export interface CliContext {
  /** The configured database, migrated; the command closes it. */
  openDatabase(): Promise<Database>;
  clock: Clock;
  /** Writes the text and a line end to stdout. */
  print(text: string): void;
  /** What the process ends with, unless it fails. */
  setExitCode(code: number): void;
}

/** For commands that act as the service does. */
export interface ServiceContext extends CliContext {
  /** The environment over `tillwatch.yaml`. @throws ConfigError with every problem. */
  config(): Promise<Config>;
}

/** Runs a command's work with the database open, and closes it whatever happens. */
export async function withDatabase(context: CliContext, work: (db: Database) => Promise<void>): Promise<void> {
  const db = await context.openDatabase();
  try {
    await work(db);
  } finally {
    await db.close();
  }
}
