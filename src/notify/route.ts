import { type Labels, matches } from "./matcher.ts";
import type { Route } from "./settings.ts";

/**
 * The routes that take these labels, as Alertmanager has it: of the children the first that matches, and those behind
 * it too while they say so; the node itself when no child does.
 */
export function routesFor(root: Route, labels: Labels): Route[] {
  if (!matches(root.matchers, labels)) return [];
  const found: Route[] = [];
  for (const child of root.routes) {
    const taken = routesFor(child, labels);
    found.push(...taken);
    if (taken.length > 0 && !child.goesOn) break;
  }
  return found.length > 0 ? found : [root];
}

/** Every node, the root first. */
export function allRoutes(root: Route): Route[] {
  return [root, ...root.routes.flatMap(allRoutes)];
}

export interface GroupOf {
  readonly key: string;
  readonly labels: Labels;
}

/** Which group of a route these labels belong to. */
export function groupOf(route: Pick<Route, "path" | "groupBy">, labels: Labels, kind: "single" | "digest" | "drill"): GroupOf {
  const shared = Object.fromEntries(route.groupBy.map((name) => [name, labels[name] ?? ""]));
  const inside = Object.entries(shared).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  return { key: `${route.path}{${inside.join(",")}}${kind === "single" ? "" : `#${kind}`}`, labels: shared };
}
