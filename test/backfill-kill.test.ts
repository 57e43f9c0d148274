import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { completeness } from "../src/ingest/index.ts";
import { openSqlite } from "../src/platform/index.ts";
import { temporaryDirectory } from "./databases.ts";
import { serveEventList } from "./event-list.ts";

const DAY_S = 86_400;

it("a backfill that is killed goes on where it was, and asks Stripe for no page twice but the one under way", async () => {
  const nowS = Math.floor(Date.now() / 1000);
  const server = await serveEventList({ count: 9_000, fromS: nowS - 29 * DAY_S, toS: nowS - 120 });
  onTestFinished(() => server.close());
  const database = join(temporaryDirectory(), "backfill.db");
  const shares: number[] = [];
  let kills = 0;
  for (let done = false; !done; ) {
    const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "../bench/backfill-process.ts"), "--database", database, "--stripe", server.url], { stdio: ["ignore", "pipe", "inherit"] });
    const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
    const before = server.asked.length;
    const watch = setInterval(() => {
      // After some pages of work, at whatever line that is.
      if (kills < 3 && server.asked.length - before > 8 + kills * 9) child.kill("SIGKILL");
    }, 5);
    for await (const line of createInterface({ input: child.stdout })) {
      const told = JSON.parse(line) as { share: number; done: boolean };
      shares.push(told.share);
      done = told.done;
    }
    await gone;
    clearInterval(watch);
    if (!done) kills += 1;
  }
  expect(kills).toBe(3);
  const pages = server.asked.map(({ after, gte, lte }) => `${gte} ${lte} ${after}`);
  expect(pages.length - new Set(pages).size).toBeLessThanOrEqual(kills);
  expect(server.asked.length).toBeLessThan(90 + 5 + kills);
  expect(shares).toEqual(shares.toSorted((one, other) => one - other));
  const db = openSqlite(database);
  onTestFinished(() => db.close());
  expect(await completeness(db.read, null, 0, Number.MAX_SAFE_INTEGER)).toMatchObject({ events: 9_000, present: 9_000, recovered: 9_000, backfill: 1 });
}, 180_000);
