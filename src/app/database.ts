import { AppError, type Clock, type Database, errorText, makeDirectory, migrate, openPostgres, openSqlite, prepareSchema } from "../platform/index.ts";
import type { Config } from "./config.ts";
import { migrations } from "./migrations.ts";

interface ConnectOptions {
  connections?: number;
  onIdleError?: (error: Error) => void;
  /** What this thread does most, so that the other connection takes little memory. */
  mostly?: "reading" | "writing";
}

const CACHES = {
  reading: { writeCacheKib: 1024, readCacheKib: 16_384 },
  writing: { writeCacheKib: 16_384, readCacheKib: 4096 },
} as const;

/** Opens the configured database as it is, without bringing its schema up to date. */
export function connect(config: Config, options: ConnectOptions = {}): Database {
  const { database } = config;
  switch (database.kind) {
    case "sqlite":
      return openSqlite(database.file, options.mostly === undefined ? {} : CACHES[options.mostly]);
    case "postgres":
      return openPostgres(database.url.reveal(), {
        schema: database.schema,
        ...(options.connections === undefined ? {} : { connections: options.connections }),
        ...(options.onIdleError === undefined ? {} : { onIdleError: options.onIdleError }),
      });
  }
}

/** Payment data are nobody else's on the machine: the folder is the owner's alone. */
function prepareDirectory(directory: string): void {
  try {
    makeDirectory(directory, 0o700);
  } catch (error) {
    throw new AppError("unavailable", `cannot make the data directory ${directory} (${errorText(error)}); set DATA_DIR to a directory that can be written`, {
      code: "data_dir_unwritable",
      cause: error,
    });
  }
}

/**
 * Opens the configured database, made and migrated when needed. Safe while the service runs.
 *
 * @throws AppError `unavailable` with what to do when it cannot be reached or written, `conflict` when it is of a newer
 *   version.
 */
export async function openDatabase(config: Config, clock: Clock): Promise<Database> {
  prepareDirectory(config.dataDir);
  const db = connect(config, { mostly: "reading" });
  try {
    if (db.kind === "postgres" && config.database.kind === "postgres") await prepareSchema(db, config.database.schema);
    await migrate(db, migrations, clock.now());
    return db;
  } catch (error) {
    await db.close();
    if (error instanceof AppError) throw error;
    const where = config.database.kind === "sqlite" ? config.database.file : "PostgreSQL (DATABASE_URL)";
    throw new AppError("unavailable", `cannot use the database ${where}: ${errorText(error)}`, { code: "database_not_opened", cause: error });
  }
}
