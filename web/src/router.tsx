import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { NotFound } from "./frame/not-found.tsx";
import { Root } from "./frame/root.tsx";
import { PageFault } from "./ui/problem.tsx";
import { Waiting } from "./ui/waiting.tsx";
import { pages } from "./page.ts";

const root = createRootRoute({ component: Root, notFoundComponent: NotFound });

const routes = pages.map(({ path, load }) => createRoute({ getParentRoute: () => root, path, component: lazyRouteComponent(load) }));

/** Plain `?status=failed`, readable and writable by hand; the default would put JSON there. */
const parseSearch = (search: string): Record<string, string> => Object.fromEntries(new URLSearchParams(search));
const stringifySearch = (search: Record<string, unknown>): string => {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(search)) if (typeof value === "string" && value !== "") given.set(name, value);
  const line = given.toString();
  return line === "" ? "" : `?${line}`;
};

export const router = createRouter({
  routeTree: root.addChildren(routes),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPendingComponent: () => <Waiting what="" />,
  defaultErrorComponent: PageFault,
  scrollRestoration: true,
});
