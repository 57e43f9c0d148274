import type { TimeInterval } from "../platform/index.ts";
import type { Matcher } from "./matcher.ts";

/** Warnings are collected and told once an hour or a day instead of one by one. */
export type Digest = { readonly kind: "hourly" } | { readonly kind: "daily"; /** Minutes after midnight. */ readonly atMinute: number; readonly timeZone: string };

/** A node of the tree; what a node leaves out it has from its parent, filled in before it comes here. */
export interface Route {
  /** Unique and stable: names the groups, also for a pager. */
  readonly path: string;
  readonly matchers: readonly Matcher[];
  /** Look at the siblings behind it too. */
  readonly goesOn: boolean;
  readonly channels: readonly string[];
  /** Labels that make a group; none: everything of this route is one. */
  readonly groupBy: readonly string[];
  /** How long a WARNING waits for company before it is told; a CRITICAL waits for nothing. */
  readonly waitMs: number;
  /** Between notices of one group. */
  readonly intervalMs: number;
  /** After which what still fires is told again. */
  readonly repeatMs: number;
  /** While any of these holds, only the end of what was told is told. */
  readonly muted: readonly TimeInterval[];
  /** When there are any: only while one of these holds. */
  readonly active: readonly TimeInterval[];
  readonly digest: Digest | null;
  /** Name of the policy that makes sure somebody takes it. */
  readonly escalate: string | null;
  readonly routes: readonly Route[];
}

/** While a source fires, the targets that agree with it in `equal` are what it causes, and are not told. */
export interface InhibitRule {
  readonly name: string;
  readonly source: readonly Matcher[];
  readonly target: readonly Matcher[];
  readonly equal: readonly string[];
}

/** A recurring maintenance window. */
export interface Maintenance {
  readonly name: string;
  readonly matchers: readonly Matcher[];
  readonly times: readonly TimeInterval[];
}

/** Who a step of a policy turns to. */
export type Target = { readonly kind: "rotation" | "person" | "channel"; readonly name: string };

export interface PolicyStep {
  readonly targets: readonly Target[];
  /** How long they have before the next step. */
  readonly waitMs: number;
}

export interface Policy {
  readonly name: string;
  readonly steps: readonly PolicyStep[];
  /** How often the whole is gone through; 1 to 5. */
  readonly rounds: number;
}

export interface NotifySettings {
  readonly root: Route;
  readonly inhibit: readonly InhibitRule[];
  readonly maintenance: readonly Maintenance[];
  readonly policies: readonly Policy[];
  /** An acknowledgement older than this is asked about again. */
  readonly forgottenMs: number;
  /** Names of the channels there are. */
  readonly channels: readonly string[];
}
