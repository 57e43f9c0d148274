import type { Policy, PolicyStep, Target } from "./settings.ts";

/** An alert on its way through a policy, as the policy was when the alert opened. Times in ms UTC. */
export interface Chain {
  readonly alertId: number;
  readonly policy: Policy;
  /** The route that asked for it; its channels hear of gaps, and when nobody took it. */
  readonly route: string;
  readonly channels: readonly string[];
  /** The next step, counted from 0. */
  readonly step: number;
  readonly round: number;
  /** When the next step is due; null while it is acknowledged. */
  readonly nextAt: number | null;
  readonly state: "running" | "done" | "exhausted";
}

/** Who a target is now. */
export interface Found {
  readonly channels: readonly string[];
  /** In words: `Ann Lee, on call (primary)`, or that nobody is. */
  readonly words: string;
}

export interface Told {
  readonly channels: readonly string[];
  readonly notes: readonly string[];
}

export function openChain(alertId: number, policy: Policy, route: { readonly path: string; readonly channels: readonly string[] }, nowMs: number): Chain {
  return { alertId, policy, route: route.path, channels: route.channels, step: 0, round: 0, nextAt: nowMs, state: "running" };
}

function whereOf({ policy, step, round }: Chain): string {
  return `Escalation ${policy.name}: step ${step + 1} of ${policy.steps.length}${policy.rounds > 1 ? `, round ${round + 1} of ${policy.rounds}` : ""}.`;
}

function after(chain: Chain, nextAt: number): Chain {
  const last = chain.step + 1 >= chain.policy.steps.length;
  return { ...chain, step: last ? 0 : chain.step + 1, round: last ? chain.round + 1 : chain.round, nextAt };
}

function turnTo(step: PolicyStep, find: (target: Target) => Found): { channels: string[]; words: string[] } {
  const found = step.targets.map(find);
  return { channels: [...new Set(found.flatMap(({ channels }) => channels))], words: found.map(({ words }) => words) };
}

/**
 * Goes on with a chain whose alert fires and may be told. A step that finds nobody is said to the route's channels and
 * waits for nobody; a round that found nobody at all waits as long as its steps would have.
 */
function goOn(chain: Chain, find: (target: Target) => Found, nowMs: number): { chain: Chain; told: Told[] } {
  const told: Told[] = [];
  let at = chain;
  for (;;) {
    if (at.round >= at.policy.rounds) {
      told.push({ channels: at.channels, notes: [`Nobody acknowledged: escalation ${at.policy.name} has gone through all its steps ${at.policy.rounds === 1 ? "once" : `${at.policy.rounds} times`}.`] });
      return { chain: { ...at, state: "exhausted", nextAt: null }, told };
    }
    const step = at.policy.steps[at.step];
    if (step === undefined) return { chain: { ...at, state: "exhausted", nextAt: null }, told };
    const { channels, words } = turnTo(step, find);
    const notes = [whereOf(at), ...words];
    if (channels.length > 0) {
      told.push({ channels, notes });
      return { chain: after(at, nowMs + step.waitMs), told };
    }
    told.push({ channels: at.channels, notes: [...notes, "Nobody could be reached at this step; going on to the next."] });
    const next = after(at, nowMs);
    if (next.round > at.round) return { chain: { ...next, nextAt: nowMs + Math.max(...at.policy.steps.map(({ waitMs }) => waitMs)) }, told };
    at = next;
  }
}

/** @param visible the alert may be told: it is neither silenced, inhibited nor muted. */
export function stepChain(chain: Chain, alert: { readonly firing: boolean; readonly visible: boolean; readonly acknowledged: boolean }, find: (target: Target) => Found, nowMs: number): { chain: Chain; told: Told[] } {
  if (chain.state === "done") return { chain, told: [] };
  if (!alert.firing) return { chain: { ...chain, state: "done", nextAt: null }, told: [] };
  if (alert.acknowledged && chain.nextAt === null && chain.state === "running") return { chain, told: [] };
  if (alert.acknowledged) return { chain: { ...chain, state: "running", step: 0, round: 0, nextAt: null }, told: [] };
  if (chain.state === "exhausted") return { chain, told: [] };
  // An acknowledgement that was withdrawn or forgotten: it begins anew.
  const due = chain.nextAt === null ? { ...chain, nextAt: nowMs } : chain;
  if (!alert.visible || (due.nextAt ?? 0) > nowMs) return { chain: due, told: [] };
  return goOn(due, find, nowMs);
}
