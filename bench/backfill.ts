import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { serveEventList } from "../test/event-list.ts";
import { residentMb } from "./processes.ts";

export interface BackfillFigures {
  readonly events: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly peakMb: number;
  readonly kills: number;
  readonly requests: number;
  /** Pages that were asked for more than once. */
  readonly askedTwice: number;
}

interface Progress {
  readonly events: number;
  readonly share: number;
  readonly done: boolean;
}

const DAY_S = 86_400;

/** Runs the process until it has told `share` of the backfill or is done, and kills it (SIGKILL) or lets it end. */
async function runUntil(argv: readonly string[], share: number, onPeak: (mb: number) => void): Promise<Progress> {
  const child = spawn(process.execPath, ["--max-semi-space-size=8", "--disable-warning=ExperimentalWarning", ...argv], { stdio: ["ignore", "pipe", "inherit"] });
  let last: Progress = { events: 0, share: 0, done: false };
  const gone = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  for await (const line of createInterface({ input: child.stdout })) {
    last = JSON.parse(line) as Progress;
    onPeak(residentMb(child.pid ?? 0));
    process.stderr.write(`  ${(last.share * 100).toFixed(1)} % ${last.events} events\r`);
    if (!last.done && last.share >= share) child.kill("SIGKILL");
  }
  await gone;
  return last;
}

/**
 * The first start at a shop with `perDay` events a day: thirty days of Stripe's list, from a server that makes its pages
 * up as it is asked, into SQLite. Killed twice (SIGKILL) on the way.
 */
export async function benchBackfill(perDay: number, directory: string): Promise<BackfillFigures> {
  const now = Math.floor(Date.now() / 1000);
  const count = perDay * 30;
  // A day more at the end: the list must not run dry while it is read.
  const server = await serveEventList({ count, fromS: now - 30 * DAY_S + 600, toS: now - 120 });
  const argv = [join(import.meta.dirname, "backfill-process.ts"), "--database", join(directory, "backfill.db"), "--stripe", server.url];
  let peakMb = 0;
  const onPeak = (mb: number): void => {
    peakMb = Math.max(peakMb, mb);
  };
  const began = performance.now();
  let kills = 0;
  let last: Progress = { events: 0, share: 0, done: false };
  for (const share of [0.3, 0.7, 2]) {
    last = await runUntil(argv, share, onPeak);
    if (last.done) break;
    kills += 1;
  }
  const seconds = (performance.now() - began) / 1000;
  await server.close();
  if (!last.done || last.events !== count) throw new Error(`the backfill ended with ${last.events} of ${count} events`);
  // Windows overlap, so the page of another window is another page.
  const pages = server.asked.map(({ after, gte, lte }) => `${gte} ${lte} ${after}`);
  return { events: count, seconds, perSecond: Math.round(count / seconds), peakMb, kills, requests: server.asked.length, askedTwice: pages.length - new Set(pages).size };
}
