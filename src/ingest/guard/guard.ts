import type { Clock, Database, Tx } from "../../platform/index.ts";
import type { EndpointFacts, ListEvents, WebhookEndpoints } from "../../stripe/index.ts";
import { bookmark, setBookmark } from "../store.ts";
import { readPage } from "../sweep/page.ts";
import { type Finding, judgeEndpoints, type Undelivered, type Wanted, worstFirst } from "./judge.ts";
import { noteVersions } from "./versions.ts";

/** The last look at the endpoints. */
export interface GuardState {
  readonly at: number;
  readonly endpoints: readonly EndpointFacts[];
  readonly undelivered: Undelivered;
  readonly findings: readonly Finding[];
}

const NAME = "guard:endpoints";
const DAY = 86_400_000;
/** Stripe's retries end after three days; older ones are never sent again and say nothing of today. */
const LOOK_BACK_MS = 9 * DAY;
const GRACE_MS = 60_000;

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

async function undeliveredNow({ list, clock }: GuardOptions): Promise<Undelivered> {
  const now = clock.now();
  const answer = await list({ account: null, createdGte: Math.floor((now - LOOK_BACK_MS) / 1000), createdLte: Math.floor((now - GRACE_MS) / 1000), startingAfter: null, undelivered: true });
  const page = readPage(answer.events, now);
  return { count: page.arrivals.length, more: answer.hasMore, oldestMs: page.oldestMs };
}

/** Looks at the endpoints at Stripe (two requests), judges them and keeps what was found. @throws StripeTrouble */
export async function guardEndpoints(options: GuardOptions): Promise<GuardState> {
  const { db, clock, wanted } = options;
  const before = await guardState(db.read);
  const endpoints = await options.endpoints.list();
  const undelivered = await undeliveredNow(options);
  const at = clock.now();
  const findings = [...judgeEndpoints({ endpoints, undelivered, before }, wanted, at), ...(await noteVersions(db, at))].sort(worstFirst);
  const state: GuardState = { at, endpoints, undelivered, findings };
  await db.write((tx) => setBookmark(tx, NAME, state, at));
  return state;
}
