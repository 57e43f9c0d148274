import type { EndpointFacts } from "../../stripe/index.ts";

/** What Tillwatch's own endpoint should be. */
export interface Wanted {
  /** Our webhook address; null when it is not configured: then any endpoint that ends in our path is ours. */
  readonly url: string | null;
  readonly apiVersion: string;
}

export const WEBHOOK_PATH = "/webhooks/stripe";

/** Events that the books cannot do without; `*` is better, since the sweep compares with everything. */
const NEEDED = ["charge.succeeded", "charge.failed", "charge.captured", "charge.refunded", "charge.dispute.created", "charge.dispute.funds_withdrawn", "charge.dispute.closed", "payment_intent.payment_failed", "payment_intent.succeeded", "refund.created", "refund.updated", "refund.failed"] as const;

export type FindingKind = "missing" | "disabled" | "events_missing" | "version_differs" | "twice" | "other_disabled" | "changed" | "undelivered" | "version_new";

export interface Finding {
  readonly kind: FindingKind;
  readonly severity: "critical" | "warning" | "info";
  /** Null where it is about no single endpoint. */
  readonly endpoint: string | null;
  /** What is wrong, and what mends it. */
  readonly text: string;
}

/**
 * What of Stripe's undelivered events still matters. Stripe lists an event for thirty days when some endpoint, also
 * another application's, never took it; but it sends it again for three days only, and once later ones of its kind are
 * taken the trouble is over. See `undelivered.ts` for how these are told apart.
 */
export interface Undelivered {
  /** That Stripe still sends again, and of whose kind none was taken since: deliveries fail now. */
  readonly count: number;
  /** There are more than were counted. */
  readonly more: boolean;
  /** Of `count`, those that Tillwatch's own endpoint did not take either. */
  readonly ours: number;
  /** Since when they fail: Stripe's time of the oldest in an unbroken row, ms UTC; null when there is none. */
  readonly oldestMs: number | null;
  /** And of the newest. */
  readonly newestMs: number | null;
  /** Of the last hours, not taken by another application while others of their kind are. */
  readonly single: number;
  /** Of the last days, over: Stripe has given them up, or others were taken since. */
  readonly over: number;
}

export const NONE_UNDELIVERED: Undelivered = { count: 0, more: false, ours: 0, oldestMs: null, newestMs: null, single: 0, over: 0 };

function sameUrl(one: string, other: string): boolean {
  return one.replace(/\/+$/, "") === other.replace(/\/+$/, "");
}

export function isOurs(endpoint: Pick<EndpointFacts, "url">, { url }: Pick<Wanted, "url">): boolean {
  if (url !== null) return sameUrl(endpoint.url, url);
  return URL.canParse(endpoint.url) && new URL(endpoint.url).pathname.endsWith(WEBHOOK_PATH);
}

export function lackingEvents(events: readonly string[]): string[] {
  return events.includes("*") ? [] : NEEDED.filter((type) => !events.includes(type));
}

function judgeOurs(endpoint: EndpointFacts, { apiVersion }: Wanted): Finding[] {
  const findings: Finding[] = [];
  const add = (kind: FindingKind, severity: Finding["severity"], text: string): void => void findings.push({ kind, severity, endpoint: endpoint.id, text });
  if (!endpoint.enabled) add("disabled", "critical", `Stripe has disabled the endpoint ${endpoint.url}: nothing is sent to it, and what happens meanwhile is never sent again (the sweep fetches it). Mend it with \`tillwatch setup webhook\``);
  const lacking = lackingEvents(endpoint.events);
  if (lacking.length > 0) add("events_missing", "warning", `the endpoint ${endpoint.url} does not listen for ${lacking.join(", ")}; mend it with \`tillwatch setup webhook\``);
  if (endpoint.apiVersion === null) add("version_differs", "info", `the endpoint ${endpoint.url} follows the account's API version, so an upgrade of the account changes what arrives; an endpoint made by \`tillwatch setup webhook\` is pinned to ${apiVersion}`);
  else if (endpoint.apiVersion !== apiVersion) add("version_differs", "info", `the endpoint ${endpoint.url} is pinned to the API version ${endpoint.apiVersion}, Tillwatch asks in ${apiVersion}; both are read`);
  return findings;
}

/** Stripe retries live deliveries for three days; users report that a failing endpoint is disabled after nine. */
const DISABLED_AFTER_DAYS = 9;
const DAY = 86_400_000;
const HOUR = 3_600_000;
/** For how long after it single deliveries that fail are told of. */
export const SINGLE_MS = 3 * HOUR;

/** Whose endpoint it is, as far as one can tell: what came here by itself was not taken by somebody else. */
function whose({ count, ours, more }: Undelivered): string {
  const number = `${count}${more ? " or more" : ""} events`;
  if (ours === 0) return `an application of yours besides Tillwatch does not take its events: ${number}`;
  const fetched = "Tillwatch has fetched them, or does within minutes";
  return ours === count ? `Tillwatch's own endpoint does not take its events: ${number} (${fetched})` : `${number} are not taken, ${ours} of them by Tillwatch's own endpoint (${fetched}), the others by another application's`;
}

function judgeUndelivered(now: Undelivered, before: Undelivered | null, nowMs: number): Finding[] {
  const findings: Finding[] = [];
  const add = (severity: Finding["severity"], text: string): void => void findings.push({ kind: "undelivered", severity, endpoint: null, text });
  const age = now.oldestMs === null ? 0 : nowMs - now.oldestMs;
  // Within the hour Stripe's first retries mend most.
  if (now.count > 0 && age >= HOUR) {
    const left = Math.max(0, DISABLED_AFTER_DAYS - age / DAY);
    // Past what is counted the newest one tells: something still fails.
    const growing = before !== null && (now.count > before.count || (now.more && (now.newestMs ?? 0) > (before.newestMs ?? Number.POSITIVE_INFINITY)));
    const mend = now.ours === now.count ? "`tillwatch validate` says whether it is there and reached" : "while it is mended, events can be had from Tillwatch: set ingest.forward";
    add(growing || left < 5 ? "critical" : "warning", `${whose(now)}, the oldest for ${Math.floor(age / HOUR)} h${growing ? ", and they grow" : ""}. Stripe disables an endpoint that only fails after about ${DISABLED_AFTER_DAYS} days: ${left.toFixed(1)} days are left. See at Stripe (Developers, Webhooks) which endpoint fails, and why; ${mend}`);
  }
  if (now.single > 0) add("warning", `${now.single} events of the last ${SINGLE_MS / HOUR} h were not taken by an application besides Tillwatch, while others of their kind are. Stripe sends them again for three days; see at Stripe (Developers, Webhooks) what it answered`);
  if (now.over > 0) add("info", `${now.over}${now.more && now.count === 0 ? " or more" : ""} events of the last days were not taken in time by every endpoint; that is over. What another application lacks for good, \`tillwatch events replay\` sends it when ingest.forward names it`);
  return findings;
}

interface Change {
  readonly text: string;
  /** Something that was sent may not be any more, or not there. */
  readonly loses: boolean;
}

/** What changed about an endpoint between two looks, in words; null when nothing did. */
function changeOf(before: EndpointFacts, now: EndpointFacts): Change | null {
  const changes: string[] = [];
  if (before.url !== now.url) changes.push(`its address from ${before.url} to ${now.url}`);
  if (before.apiVersion !== now.apiVersion) changes.push(`its API version from ${before.apiVersion ?? "the account's"} to ${now.apiVersion ?? "the account's"}`);
  const [gone, come] = [before.events.filter((type) => !now.events.includes(type)), now.events.filter((type) => !before.events.includes(type))];
  if (gone.length > 0) changes.push(`no longer ${gone.slice(0, 10).join(", ")}`);
  if (come.length > 0) changes.push(`now also ${come.slice(0, 10).join(", ")}`);
  return changes.length === 0 ? null : { text: changes.join("; "), loses: before.url !== now.url || (gone.length > 0 && !now.events.includes("*")) || before.apiVersion !== now.apiVersion };
}

/** What was changed since the last look: news for a day, since only one look can see it. */
export function judgeChanges(before: readonly EndpointFacts[], now: readonly EndpointFacts[], wanted: Wanted): Finding[] {
  return before.flatMap((known) => {
    const found = now.find(({ id }) => id === known.id);
    const change = found === undefined ? { text: "it was deleted", loses: true } : changeOf(known, found);
    if (change === null) return [];
    const mend = isOurs(known, wanted) ? "`tillwatch setup webhook` mends it" : "change it back at Stripe (Developers, Webhooks)";
    return [{ kind: "changed", severity: change.loses ? "warning" : "info", endpoint: known.id, text: `the endpoint ${known.url} was changed at Stripe: ${change.text}. If that was not meant, ${mend}` } satisfies Finding];
  });
}

export interface GuardEvidence {
  readonly endpoints: readonly EndpointFacts[];
  readonly undelivered: Undelivered;
  /** The look before; null at the first. */
  readonly before: { readonly undelivered: Undelivered } | null;
}

/** Everything that is wrong, or about to go wrong, with the endpoints at Stripe. Worst first. */
export function judgeEndpoints({ endpoints, undelivered, before }: GuardEvidence, wanted: Wanted, nowMs: number): Finding[] {
  const ours = endpoints.filter((endpoint) => isOurs(endpoint, wanted));
  const findings: Finding[] = ours.flatMap((endpoint) => judgeOurs(endpoint, wanted));
  if (ours.length === 0) {
    findings.push({ kind: "missing", severity: "critical", endpoint: null, text: `no endpoint at Stripe sends to ${wanted.url ?? `an address ending in ${WEBHOOK_PATH}`}; make it with \`tillwatch setup webhook\`` });
  }
  if (ours.filter(({ enabled }) => enabled).length > 1) {
    findings.push({ kind: "twice", severity: "info", endpoint: null, text: `${ours.length} endpoints send to Tillwatch, so events come more than once (each counts once); one is enough unless one is for connected accounts` });
  }
  for (const endpoint of endpoints) {
    if (isOurs(endpoint, wanted)) continue;
    if (!endpoint.enabled) findings.push({ kind: "other_disabled", severity: "warning", endpoint: endpoint.id, text: `another application's endpoint ${endpoint.url} is disabled: that application hears of nothing, and what happens meanwhile is never sent to it again. Mend it, then enable it at Stripe (Developers, Webhooks); what it missed is sent by \`tillwatch events replay\` when ingest.forward names it` });
  }
  findings.push(...judgeUndelivered(undelivered, before?.undelivered ?? null, nowMs));
  return findings.sort(worstFirst);
}

const RANK = { critical: 0, warning: 1, info: 2 } as const;

export function worstFirst(one: Finding, other: Finding): number {
  return RANK[one.severity] - RANK[other.severity];
}
