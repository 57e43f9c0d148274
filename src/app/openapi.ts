import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAccess } from "../access/index.ts";
import { createExaminer } from "../health/index.ts";
import { openGate } from "../ingest/index.ts";
import { AppError, createLog, openSqlite, systemClock } from "../platform/index.ts";
import { loadConfig } from "./config.ts";
import { createServer } from "./server.ts";
import { answerCount } from "./slo.ts";
import { stripeSource } from "./stripe.ts";

/** The OpenAPI document of a service, without a service: every route is mounted on a server that never listens. */
export async function openapiDocument(): Promise<Record<string, unknown>> {
  const config = loadConfig({ LOG_DIR: "off" });
  const folder = mkdtempSync(join(tmpdir(), "tillwatch-openapi-"));
  const db = openSqlite(join(folder, "empty.db"));
  const clock = systemClock;
  const none = async (): Promise<never> => {
    throw new AppError("unavailable", "this server only describes itself");
  };
  try {
    const http = await createServer({
      config,
      db,
      clock,
      log: createLog({ level: "silent" }),
      access: createAccess({ db, clock, dashboardKey: null }),
      gate: openGate(none, () => {}),
      stripe: stripeSource(config),
      onRefused: () => {},
      answers: answerCount(),
      reports: { make: none },
      health: createExaminer({ checks: [], clock, onError: () => {} }),
      tasks: [],
      startedAt: clock.now(),
      accepting: () => false,
      runTask: none,
    });
    await http.ready();
    const document = http.swagger() as unknown as Record<string, unknown>;
    await http.close();
    return document;
  } finally {
    await db.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
