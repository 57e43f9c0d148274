import type { Clock, Database, Tx } from "../../platform/index.ts";
import type { EndpointFacts, ListEvents, WebhookEndpoints } from "../../stripe/index.ts";
import { bookmark, setBookmark } from "../store.ts";
import { readPage } from "../sweep/page.ts";
import { type Finding, judgeChanges, judgeEndpoints, type Undelivered, type Wanted, worstFirst } from "./judge.ts";
import { noteVersions } from "./versions.ts";

/** The last look at the endpoints. */
export interface GuardState {
  readonly at: number;
  readonly endpoints: readonly EndpointFacts[];
  readonly undelivered: Undelivered;
  readonly findings: readonly Finding[];
  /** What was changed lately, and when it was seen, ms UTC. */
  readonly changes?: readonly { readonly at: number; readonly finding: Finding }[];
}

const NAME = "guard:endpoints";
const DAY = 86_400_000;
/** Stripe's retries end after three days; older ones are never sent again and say nothing of today. */
const LOOK_BACK_MS = 9 * DAY;
const GRACE_MS = 60_000;
const DAYS_BACK = [8, 6, 4, 2, 1] as const;
/** How long a change is told of. */
const NEWS_MS = DAY;

export async function guardState(tx: Tx): Promise<GuardState | null> {
  return await bookmark<GuardState>(tx, NAME);
}

export interface GuardOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly endpoints: Pick<WebhookEndpoints, "list">;
  readonly list: ListEvents;
  readonly wanted: Wanted;
}

async function undeliveredNow(options: GuardOptions): Promise<Undelivered> {
  const { list, clock } = options;
  const now = clock.now();
  const answer = await list({ account: null, createdGte: Math.floor((now - LOOK_BACK_MS) / 1000), createdLte: Math.floor((now - GRACE_MS) / 1000), startingAfter: null, undelivered: true });
  const page = readPage(answer.events, now);
  const newestMs = page.arrivals.reduce<number | null>((newest, { head }) => Math.max(newest ?? 0, head.createdAt), null);
  return { count: page.arrivals.length, more: answer.hasMore, oldestMs: answer.hasMore ? await oldestUndelivered(options, page.oldestMs) : page.oldestMs, newestMs };
}

/** The list begins with the newest: how long something has failed is asked for by days back, so that it costs few requests. */
async function oldestUndelivered({ list, clock }: GuardOptions, known: number | null): Promise<number | null> {
  const now = clock.now();
  for (const days of DAYS_BACK) {
    const answer = await list({ account: null, createdGte: Math.floor((now - LOOK_BACK_MS) / 1000), createdLte: Math.floor((now - days * DAY) / 1000), startingAfter: null, undelivered: true });
    const { oldestMs } = readPage(answer.events, now);
    if (oldestMs !== null) return Math.min(oldestMs, known ?? oldestMs);
  }
  return known;
}

const MAX_CHANGES = 20;

function recentChanges(before: GuardState | null, endpoints: readonly EndpointFacts[], wanted: Wanted, at: number): NonNullable<GuardState["changes"]> {
  if (before === null) return [];
  const fresh = judgeChanges(before.endpoints, endpoints, wanted).map((finding) => ({ at, finding }));
  return [...fresh, ...(before.changes ?? []).filter((one) => at - one.at < NEWS_MS)].slice(0, MAX_CHANGES);
}

/** Looks at the endpoints at Stripe (two requests, a few more when very much is undelivered), judges them and keeps what was found. @throws StripeTrouble */
export async function guardEndpoints(options: GuardOptions): Promise<GuardState> {
  const { db, clock, wanted } = options;
  const before = await guardState(db.read);
  const endpoints = await options.endpoints.list();
  const undelivered = await undeliveredNow(options);
  const at = clock.now();
  const changes = recentChanges(before, endpoints, wanted, at);
  const findings = [...judgeEndpoints({ endpoints, undelivered, before }, wanted, at), ...changes.map(({ finding }) => finding), ...(await noteVersions(db, at))].sort(worstFirst);
  const state: GuardState = { at, endpoints, undelivered, findings, changes };
  await db.write((tx) => setBookmark(tx, NAME, state, at));
  return state;
}
