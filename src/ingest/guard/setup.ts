import type { EndpointChange, EndpointFacts } from "../../stripe/index.ts";
import { isOurs, type Wanted } from "./judge.ts";

/** All of them: the sweep compares with everything that Stripe has, and what is not sent would have to be fetched. */
export const ALL_EVENTS = ["*"] as const;

export type SetupPlan =
  | { readonly kind: "create"; readonly steps: readonly string[] }
  | { readonly kind: "mend"; readonly id: string; readonly change: EndpointChange; readonly steps: readonly string[] }
  | { readonly kind: "keep"; readonly id: string; readonly notes: readonly string[] };

/** What `tillwatch setup webhook` would do, each step in words. */
export function planSetup(endpoints: readonly EndpointFacts[], wanted: Wanted & { readonly url: string }): SetupPlan {
  const ours = endpoints.filter((endpoint) => isOurs(endpoint, wanted));
  const best = ours.find(({ enabled }) => enabled) ?? ours[0];
  if (best === undefined) return { kind: "create", steps: [`make an endpoint at Stripe that sends all events to ${wanted.url}, pinned to API version ${wanted.apiVersion}`] };
  const steps: string[] = [];
  const notes: string[] = [];
  if (!best.enabled) steps.push(`enable ${best.id} (${best.url}) again`);
  if (!best.events.includes("*")) steps.push(`let ${best.id} send all events instead of ${best.events.length} types`);
  if (best.apiVersion !== wanted.apiVersion) notes.push(`its API version is ${best.apiVersion ?? "the account's"}, not ${wanted.apiVersion}; Stripe cannot change that, and Tillwatch reads both`);
  if (steps.length === 0) return { kind: "keep", id: best.id, notes };
  return { kind: "mend", id: best.id, change: { ...(best.enabled ? {} : { enable: true }), ...(best.events.includes("*") ? {} : { events: ALL_EVENTS }) }, steps };
}
