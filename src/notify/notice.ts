import type { Labels } from "./matcher.ts";
import type { AlertNews, Severity } from "./news.ts";

/** Why a notice is sent: the decision of `dedup.ts`, or what else there is to say. */
export type NoticeReason =
  | "first notification"
  | "new alerts added"
  | "got worse"
  | "some alerts resolved"
  | "all alerts resolved"
  | "acknowledged"
  | "acknowledgement withdrawn"
  | "acknowledgement forgotten"
  | "silence ended"
  | "repeat interval elapsed"
  | "escalation"
  | "digest"
  | "caught up"
  | "channel trouble"
  /** What people should know of, and no alert. */
  | "change"
  | "test";

export type NoticeStatus = "firing" | "acknowledged" | "resolved" | "information";

/** One alert as a notice shows it. Times in ms UTC. */
export interface NoticeAlert {
  readonly state: "firing" | "acknowledged" | "resolved";
  readonly news: AlertNews;
}

/** What is said to one or more channels about one group of alerts. */
export interface Notice {
  readonly id: number;
  /** Names the group for ever: what a pager knows the incident by. */
  readonly key: string;
  readonly route: string;
  readonly reason: NoticeReason;
  readonly status: NoticeStatus;
  readonly severity: Severity;
  readonly title: string;
  readonly createdAt: number;
  readonly drill: boolean;
  readonly labels: Labels;
  /** Of all alerts of the group, shown here or not. */
  readonly firing: number;
  readonly resolved: number;
  /** The worst and newest first; at most 50: more are counted, not shown. */
  readonly alerts: readonly NoticeAlert[];
  /** Further lines: nobody was on call, a silence has ended, what else happened meanwhile. */
  readonly notes: readonly string[];
}

export type NewNotice = Omit<Notice, "id"> & {
  /** Every alert it is about, also those not shown. */
  readonly alertIds: readonly number[];
};

/** What became of a notice on its way to one channel. */
export type DeliveryState =
  | "queued"
  | "sent"
  /** Given up on; other channels were told. */
  | "dead"
  /** Told together with others, in one notice, after the channel had been away. */
  | "merged"
  /** Its channel is configured no more. */
  | "dropped";
