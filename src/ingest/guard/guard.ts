import type { Clock, Database, Tx } from "../../platform/index.ts";
import type { EndpointFacts, ListEvents, WebhookEndpoints } from "../../stripe/index.ts";
import { bookmark, setBookmark } from "../store.ts";
import { type Finding, judgeChanges, judgeEndpoints, type Undelivered, type Wanted, worstFirst } from "./judge.ts";
import { undeliveredNow } from "./undelivered.ts";
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
