import type { Tx } from "../platform/index.ts";
import type { ExpectedStep, Kind, Outlook, UsualFailures } from "./detection/index.ts";

interface AlertUsualRow {
  name: string;
  at: number;
  body: string;
}

declare module "../platform/db/tables.ts" {
  interface Tables {
    alert_usual: AlertUsualRow;
  }
}

/** What is usual now, as the node that follows the minutes last said. Times in ms UTC, amounts in minor units. */
export interface UsualNow {
  /** Minutes up to here are judged. */
  readonly judgedUntil: number;
  readonly learningDaysLeft: number;
  /** Failed payments of the last hour, failed deliveries of the last five minutes; null while learning. */
  readonly payments: UsualFailures | null;
  readonly webhooks: UsualFailures | null;
  /** Today so far, from local midnight to `judgedUntil`: of all together (`all`), and of each currency that is followed. */
  readonly today: Readonly<Record<string, ExpectedStep>>;
  /** Which of the streams' amounts are in which currency; null: several. */
  readonly currencies: Readonly<Record<string, string | null>>;
  readonly outlook: Readonly<Record<string, Outlook>>;
  /** What the detectors hold open, told or not: for rules in which both parts must agree. */
  readonly open: readonly Kind[];
  /** Why a dip is not believed, when one is not. */
  readonly gate: string | null;
}

/** A day in steps of ten minutes, the day before it and it; of one stream. */
export interface UsualDays {
  readonly fromMs: number;
  readonly stepMs: number;
  readonly steps: readonly ExpectedStep[];
}

const NOW = "now";
/** Older than this nobody follows the minutes, and what was usual says nothing of now. */
const FRESH_MS = 10 * 60_000;
const DAYS_FRESH_MS = 90 * 60_000;

async function write(tx: Tx, name: string, body: unknown, nowMs: number): Promise<void> {
  const row = { at: nowMs, body: JSON.stringify(body) };
  await tx.insertInto("alert_usual").values({ name, ...row }).onConflict((conflict) => conflict.column("name").doUpdateSet(row)).execute();
}

async function read(tx: Tx, name: string, nowMs: number): Promise<unknown> {
  const row = await tx.selectFrom("alert_usual").selectAll().where("name", "=", name).executeTakeFirst();
  return row === undefined || nowMs - row.at > FRESH_MS ? null : (JSON.parse(row.body) as unknown);
}

export async function writeUsualNow(tx: Tx, usual: UsualNow, nowMs: number): Promise<void> {
  await write(tx, NOW, usual, nowMs);
}

/** Null when nobody has followed the minutes for ten minutes. */
export async function readUsualNow(tx: Tx, nowMs: number): Promise<UsualNow | null> {
  return (await read(tx, NOW, nowMs)) as UsualNow | null;
}

export async function writeUsualDays(tx: Tx, stream: string, days: UsualDays, nowMs: number): Promise<void> {
  await write(tx, `days:${stream}`, days, nowMs);
}

/** Null when it is not followed, or there is no profile yet. It is written every hour, and when a day begins. */
export async function readUsualDays(tx: Tx, stream: string, nowMs: number): Promise<UsualDays | null> {
  const row = await tx.selectFrom("alert_usual").selectAll().where("name", "=", `days:${stream}`).executeTakeFirst();
  return row === undefined || nowMs - row.at > DAYS_FRESH_MS ? null : (JSON.parse(row.body) as UsualDays);
}
