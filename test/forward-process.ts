import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { createForward, forwardStatus, sendOver } from "../src/ingest/index.ts";
import { openSqlite } from "../src/platform/index.ts";

// Passing on as the service does it, alone in a process that may be killed; ends when nothing waits. Its clock is ahead
// by so much that what a killed one held is free.
const { values } = parseArgs({ options: { database: { type: "string", default: "" }, url: { type: "string", default: "" }, ahead: { type: "string", default: "0" } } });
const db = openSqlite(values.database);
const target = { name: "shop", url: values.url, secret: "whsec_shop", signature: "own" as const, types: [], timeoutMs: 5000 };
const forward = createForward({ db, clock: { now: () => Date.now() + Number(values.ahead) }, target, send: sendOver, owner: `process-${process.pid}` });
do {
  while (await forward.step());
  await wait(20);
} while (((await forwardStatus(db.read, "shop"))?.behind ?? 1) > 0);
await db.close();
