import type { Notice } from "./notice.ts";

/** What became of one attempt. `reason` is in words and holds no secret; `status` is the HTTP or SMTP one, null without. */
export type SendOutcome =
  | { readonly kind: "sent"; readonly status: number | null }
  /** Nobody there, overloaded, or it says itself that it may work later. `afterMs`: what it asked us to wait. */
  | { readonly kind: "later"; readonly status: number | null; readonly reason: string; readonly afterMs: number | null }
  /** This notice will never be taken; another may be. */
  | { readonly kind: "refused"; readonly status: number | null; readonly reason: string }
  /** Nothing will be taken until somebody changes the configuration or the other side. */
  | { readonly kind: "disabled"; readonly status: number | null; readonly reason: string };

/** A way to a person or another system. Settings and secrets are inside; `send` never throws. */
export interface Channel {
  readonly name: string;
  readonly kind: string;
  /**
   * What is done with notices that waited while it was away: `text` tells them all in one; `group` keeps one per group,
   * since the other side knows an incident by its group.
   */
  readonly merges: "text" | "group";
  /** Between two notices, ms: its published rate limit. */
  readonly gapMs: number;
  /** Tells one configuration (secrets included) from another, and says nothing of it. */
  readonly fingerprint: string;
  send(notice: Notice): Promise<SendOutcome>;
}
