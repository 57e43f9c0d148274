import { parseArgs } from "node:util";
import { migrations } from "../src/app/migrations.ts";
import { completeness, createSweep } from "../src/ingest/index.ts";
import { migrate, openSqlite, Secret, systemClock } from "../src/platform/index.ts";
import { eventLister, openStripe } from "../src/stripe/index.ts";

// The sweep of the service, alone in a process that may be killed: says how far it is, a line a second.
const { values } = parseArgs({ options: { database: { type: "string", default: "" }, stripe: { type: "string", default: "" } } });
const db = openSqlite(values.database);
await migrate(db, migrations, systemClock.now());
const api = openStripe({ secretKey: new Secret("sk_test_bench"), apiBase: values.stripe, live: false });
const sweep = createSweep({ db, clock: systemClock, list: eventLister(api), account: null });
let told = 0;
for (;;) {
  const outcome = await sweep.step();
  if (outcome.kind === "failed") throw new Error(outcome.trouble.text);
  const done = outcome.kind === "rest";
  if (done || performance.now() - told > 1000) {
    told = performance.now();
    const { events, backfill } = await completeness(db.read, null, 0, Number.MAX_SAFE_INTEGER);
    process.stdout.write(`${JSON.stringify({ events, share: backfill, done })}\n`);
  }
  if (done) break;
}
await db.close();
