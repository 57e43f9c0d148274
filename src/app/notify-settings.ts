import { DEFAULT_INHIBIT, type Digest, type Informed, type NotifySettings, type Policy, type Route } from "../notify/index.ts";
import type { Rotation } from "../oncall/index.ts";
import type { ConfigProblem, TimeInterval } from "../platform/index.ts";
import type { FileConfig } from "./config/sections.ts";
import type { IntervalConfig, RootConfig, RouteConfig } from "./config/notify.ts";

type Sections = Pick<FileConfig, "notify" | "oncall" | "merchant">;

/** Nobody is woken by these kinds unless it is CRITICAL, when no route says otherwise. */
const PAGERS = new Set(["pagerduty", "opsgenie"]);

function intervalOf({ timeZone, ...rest }: IntervalConfig, merchantZone: string): TimeInterval {
  return { ...rest, timeZone: timeZone ?? merchantZone };
}

/** Channels that belong to a person are for escalations alone. */
export function personalChannels({ oncall }: Pick<Sections, "oncall">): Map<string, string> {
  return new Map(Object.values(oncall.people).flatMap(({ name, channels }) => channels.map((channel): [string, string] => [channel, name])));
}

class Routes {
  readonly #sections: Sections;

  constructor(sections: Sections) {
    this.#sections = sections;
  }

  #times(names: readonly string[] | undefined): TimeInterval[] | null {
    if (names === undefined) return null;
    const { notify, merchant } = this.#sections;
    return names.flatMap((name) => notify.times[name] ?? []).map((one) => intervalOf(one, merchant.timeZone));
  }

  #digest(given: RootConfig["digest"]): Digest | null | undefined {
    if (given === undefined) return undefined;
    if (given === false || given === "off") return null;
    return given === "hourly" ? { kind: "hourly" } : { kind: "daily", atMinute: given.daily, timeZone: given.time_zone ?? this.#sections.merchant.timeZone };
  }

  route(path: string, given: RootConfig | RouteConfig, parent: Route): Route {
    const digest = this.#digest(given.digest);
    const own: Route = {
      path,
      matchers: "match" in given ? given.match : [],
      goesOn: "continue" in given ? given.continue : false,
      channels: given.channels ?? parent.channels,
      groupBy: given.group_by ?? parent.groupBy,
      waitMs: given.wait ?? parent.waitMs,
      intervalMs: given.interval ?? parent.intervalMs,
      repeatMs: given.repeat ?? parent.repeatMs,
      // Times belong to the route that names them: Alertmanager has it so too.
      muted: this.#times(given.mute) ?? [],
      active: this.#times(given.active) ?? [],
      digest: digest === undefined ? parent.digest : digest,
      escalate: given.escalate === undefined ? parent.escalate : given.escalate === false ? null : given.escalate,
      routes: [],
    };
    return { ...own, routes: (given.routes ?? []).map((child) => this.route(`${path}/${child.name}`, child, own)) };
  }
}

const SECOND = 1000;
const BARE: Route = { path: "default", matchers: [], goesOn: false, channels: [], groupBy: ["subject"], waitMs: 30 * SECOND, intervalMs: 300 * SECOND, repeatMs: 4 * 3600 * SECOND, muted: [], active: [], digest: null, escalate: null, routes: [] };

/** Without a route of the user's: everybody hears everything, a pager only what is CRITICAL. */
function defaultRoute(sections: Sections): Route {
  const personal = personalChannels(sections);
  const known = Object.entries(sections.notify.channels);
  const own = known.filter(([name]) => !personal.has(name));
  // Where everybody has but a channel of their own, they are told there.
  const shared = own.length === 0 ? known : own;
  const all = shared.map(([name]) => name);
  const quiet = shared.filter(([, { kind }]) => !PAGERS.has(kind)).map(([name]) => name);
  if (quiet.length === all.length) return { ...BARE, channels: all };
  const critical: Route = { ...BARE, path: "default/critical", matchers: [{ label: "severity", op: "=", value: "CRITICAL" }], channels: all };
  return { ...BARE, channels: quiet, routes: [critical] };
}

/** What planning goes by, as configured. */
export function notifySettings(sections: Sections): NotifySettings {
  const { notify, oncall, merchant } = sections;
  const root = notify.route === undefined ? defaultRoute(sections) : new Routes(sections).route("default", notify.route, { ...BARE, channels: defaultRoute(sections).channels });
  return {
    root,
    inhibit: notify.inhibit ?? DEFAULT_INHIBIT,
    maintenance: Object.entries(notify.maintenance).map(([name, { match, times }]) => ({ name, matchers: match, times: times.map((one) => intervalOf(one, merchant.timeZone)) })),
    policies: Object.entries(oncall.policies).map(([name, { steps, rounds }]): Policy => ({ name, rounds, steps: steps.map(({ notify: targets, wait }) => ({ targets, waitMs: wait })) })),
    forgottenMs: notify.forgottenMs,
    channels: Object.keys(notify.channels),
  };
}

/** Who hears of changes that are no alert: a pager would make an incident of it that nothing ends. */
export function informedOf(sections: Sections): Informed {
  const { root, channels } = notifySettings(sections);
  return { root, channels: channels.filter((name) => !PAGERS.has(sections.notify.channels[name]?.kind ?? "")) };
}

/** The duties, as configured. */
export function rotationsOf({ oncall, merchant }: Pick<Sections, "oncall" | "merchant">): Rotation[] {
  return Object.entries(oncall.rotations).map(([name, { time_zone, layers }]) => {
    const timeZone = time_zone ?? merchant.timeZone;
    return { name, timeZone, layers: layers.map(({ only, ...layer }) => ({ ...layer, only: only.map((one) => intervalOf(one, timeZone)) })) };
  });
}

/** Names that lead nowhere: found at start, not at night. */
export function notifyProblems(sections: Sections & Pick<FileConfig, "reports">): ConfigProblem[] {
  const { notify, oncall } = sections;
  const problems: ConfigProblem[] = [];
  const known = { channel: Object.keys(notify.channels), time: Object.keys(notify.times), person: Object.keys(oncall.people), rotation: Object.keys(oncall.rotations), policy: Object.keys(oncall.policies) };
  const check = (key: string, kind: keyof typeof known, names: readonly string[]): void => {
    for (const name of names) {
      if (known[kind].includes(name)) continue;
      problems.push({ key, given: JSON.stringify(name), text: `there is no ${kind} of this name; ${known[kind].length === 0 ? `none is configured` : `there are: ${known[kind].join(", ")}`}`, file: null, line: null });
    }
  };
  const walk = (key: string, route: RootConfig | RouteConfig): void => {
    check(`${key}.channels`, "channel", route.channels ?? []);
    check(`${key}.mute`, "time", route.mute ?? []);
    check(`${key}.active`, "time", route.active ?? []);
    if (typeof route.escalate === "string") check(`${key}.escalate`, "policy", [route.escalate]);
    const names = (route.routes ?? []).map(({ name }) => name);
    for (const [index, child] of (route.routes ?? []).entries()) {
      if (names.indexOf(child.name) !== index) problems.push({ key: `${key}.routes`, given: JSON.stringify(child.name), text: "expected each name once among its neighbours: it names the groups", file: null, line: null });
      walk(`${key}.routes.${child.name}`, child);
    }
  };
  if (notify.route !== undefined) walk("notify.route", notify.route);
  check("reports.channels", "channel", sections.reports.channels);
  for (const name of sections.reports.channels) {
    if (PAGERS.has(notify.channels[name]?.kind ?? "")) problems.push({ key: "reports.channels", given: JSON.stringify(name), text: "this is a pager, which would make an incident of a report; name a channel that people read", file: null, line: null });
  }
  for (const [name, person] of Object.entries(oncall.people)) check(`oncall.people.${name}.channels`, "channel", person.channels);
  for (const [name, { layers }] of Object.entries(oncall.rotations)) for (const { people } of layers) check(`oncall.rotations.${name}.layers`, "person", people);
  for (const [name, { steps }] of Object.entries(oncall.policies)) for (const { notify: targets } of steps) for (const target of targets) check(`oncall.policies.${name}.steps`, target.kind, [target.name]);
  return problems;
}
