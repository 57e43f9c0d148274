import { sql } from "kysely";
import type { Database, Tx } from "../../platform/index.ts";
import { bookmark, setBookmark } from "../store.ts";
import type { Finding } from "./judge.ts";

/** When each API version was first seen on an event that came by webhook, ms UTC of the look. */
type Seen = Readonly<Record<string, number>>;

const NAME = "guard:versions";
/** The events looked at; a change shows in the very next ones. */
const LOOK = 1000;
const DAY = 86_400_000;
/** How long a new version is news. */
const NEWS_MS = 3 * DAY;

async function recentVersions(tx: Tx): Promise<string[]> {
  const { rows } = await sql<{ version: string }>`
    select distinct version.value as version
    from (select version_id, source_id from event order by seq desc limit ${LOOK}) as recent
    join term as version on version.id = recent.version_id
    join term as source on source.id = recent.source_id
    where source.value = 'webhook'
    order by version.value`.execute(tx);
  return rows.map((row) => row.version);
}

/** Notices API versions that events did not come in before: an account was upgraded, or an endpoint was added. */
export async function noteVersions(db: Database, nowMs: number): Promise<Finding[]> {
  const seen = (await bookmark<Seen>(db.read, NAME)) ?? {};
  const now = await recentVersions(db.read);
  const known = Object.keys(seen);
  const fresh = now.filter((version) => !known.includes(version));
  // What is there at the first look is what was meant.
  const next: Seen = { ...seen, ...Object.fromEntries(fresh.map((version) => [version, known.length === 0 ? 0 : nowMs])) };
  if (fresh.length > 0) await db.write((tx) => setBookmark(tx, NAME, next, nowMs));
  const before = Object.keys(next).filter((version) => nowMs - (next[version] ?? 0) >= NEWS_MS);
  return now
    .filter((version) => nowMs - (next[version] ?? 0) < NEWS_MS)
    .map((version) => ({
      kind: "version_new",
      severity: "warning",
      endpoint: null,
      text: `events come in the API version ${version} since ${new Date(next[version] ?? 0).toISOString().slice(0, 16)}Z${before.length > 0 ? `, before in ${before.join(", ")}` : ""}; shapes of older and newer versions are read, but see at Stripe whether the change was meant (an upgraded account, another endpoint)`,
    }));
}
