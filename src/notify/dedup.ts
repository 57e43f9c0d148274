import type { Severity } from "./news.ts";
import type { NoticeReason } from "./notice.ts";

/** What a channel was last told of one alert. */
export interface Told {
  readonly id: number;
  readonly severity: Severity;
  /** `resolved`: it knows of the end; kept until nobody is owed a word of the alert any more. */
  readonly state: "firing" | "resolved";
  readonly acknowledged: boolean;
  /** It was silenced after it was told; said when the silence ends and it still fires. */
  readonly silenced: boolean;
}

/** How an alert of the group stands. */
export interface Standing {
  readonly id: number;
  readonly severity: Severity;
  readonly state: "firing" | "resolved";
  /** May be told as firing here: routed to this channel, and neither silenced, inhibited nor muted. */
  readonly visible: boolean;
  readonly silenced: boolean;
  /** When we first heard of it, ms UTC. */
  readonly knownAt: number;
  readonly acknowledged: boolean;
  /** The acknowledgement is there and too old to count. */
  readonly forgotten: boolean;
  /** When the acknowledgement will be too old, ms UTC; null without one. */
  readonly forgottenAt: number | null;
}

export interface Pace {
  readonly waitMs: number;
  readonly intervalMs: number;
  /** Null: nothing is repeated here. */
  readonly repeatMs: number | null;
  /** Digest: nothing is told before this time (ms UTC), and then everything; null for others. */
  readonly digestAt: number | null;
}

export type Decision =
  | { readonly kind: "send"; readonly reason: NoticeReason }
  /** `dueAt`: when it is to be asked again if nothing changes, ms UTC; null: not by itself. */
  | { readonly kind: "none"; readonly dueAt: number | null };

interface Candidate {
  readonly reason: NoticeReason;
  readonly dueAt: number;
}

/** The most important first: what a notice says is the first of these that is due; it tells all the same. */
const ORDER: readonly NoticeReason[] = [
  "first notification",
  "got worse",
  "new alerts added",
  "silence ended",
  "all alerts resolved",
  "some alerts resolved",
  "acknowledgement withdrawn",
  "acknowledgement forgotten",
  "acknowledged",
  "repeat interval elapsed",
];

function ofNew(fresh: readonly Standing[], anyTold: boolean, sentAt: number | null, pace: Pace): Candidate[] {
  if (fresh.length === 0) return [];
  // What is CRITICAL waits for no company and no interval.
  const dueAt = Math.min(...fresh.map(({ severity, knownAt }) => (severity === "CRITICAL" ? knownAt : Math.max(knownAt + pace.waitMs, sentAt === null ? 0 : sentAt + pace.intervalMs))));
  return [{ reason: anyTold ? "new alerts added" : "first notification", dueAt }];
}

function ofKnown(told: readonly Told[], standings: ReadonlyMap<number, Standing>, sentAt: number, pace: Pace, nowMs: number, more: boolean): Candidate[] {
  const found: Candidate[] = [];
  const gone: Told[] = [];
  for (const one of told) {
    const now = standings.get(one.id);
    if (now === undefined || now.state === "resolved") {
      gone.push(one);
      continue;
    }
    if (!now.visible) continue;
    if (one.severity === "WARNING" && now.severity === "CRITICAL") found.push({ reason: "got worse", dueAt: nowMs });
    if (one.silenced) found.push({ reason: "silence ended", dueAt: nowMs });
    if (now.acknowledged && !one.acknowledged) found.push({ reason: "acknowledged", dueAt: nowMs });
    if (!now.acknowledged && one.acknowledged) found.push({ reason: now.forgotten ? "acknowledgement forgotten" : "acknowledgement withdrawn", dueAt: nowMs });
    if (now.acknowledged && now.forgottenAt !== null) found.push({ reason: "acknowledgement forgotten", dueAt: now.forgottenAt });
    if (!now.acknowledged && pace.repeatMs !== null) found.push({ reason: "repeat interval elapsed", dueAt: sentAt + pace.repeatMs });
  }
  if (gone.length > 0) found.push(gone.length === told.length && !more ? { reason: "all alerts resolved", dueAt: nowMs } : { reason: "some alerts resolved", dueAt: sentAt + pace.intervalMs });
  return found;
}

/**
 * Whether a channel is to be told something of a group now, and why: a function of what it was told last (`told`,
 * `sentAt`), how the alerts stand, the pace of the route and the time.
 *
 * @param standings every alert of the group that is not over for everybody, and every one that was told.
 * @param sentAt when the channel was last told something of this group, ms UTC; null: never.
 */
export function dedup(told: readonly Told[], standings: ReadonlyMap<number, Standing>, sentAt: number | null, pace: Pace, nowMs: number): Decision {
  const open = told.filter(({ state }) => state === "firing");
  const known = new Map(told.map((one) => [one.id, one.state]));
  const last = sentAt === null ? null : Math.min(sentAt, nowMs);
  const fresh = [...standings.values()].filter(({ id, state, visible, acknowledged }) => state === "firing" && visible && !acknowledged && known.get(id) !== "firing");
  if (pace.digestAt !== null) {
    // An alert that came and went between two digests is in the next one too.
    const over = [...standings.values()].some(({ id, state, visible }) => state === "resolved" && (known.get(id) === "firing" || (visible && known.get(id) === undefined)));
    if (fresh.length === 0 && !over) return { kind: "none", dueAt: null };
    return pace.digestAt <= nowMs ? { kind: "send", reason: "digest" } : { kind: "none", dueAt: pace.digestAt };
  }
  const candidates = [...ofNew(fresh, open.length > 0, last, pace), ...ofKnown(open, standings, last ?? nowMs, pace, nowMs, fresh.length > 0)];
  const due = candidates.filter(({ dueAt }) => dueAt <= nowMs);
  const reason = ORDER.find((one) => due.some((candidate) => candidate.reason === one));
  if (reason !== undefined) return { kind: "send", reason };
  return { kind: "none", dueAt: candidates.length === 0 ? null : Math.min(...candidates.map(({ dueAt }) => dueAt)) };
}
