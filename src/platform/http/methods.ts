/**
 * Which methods an address knows, to tell 405 from 404: the router answers "no such route" for both. Only asked after
 * it found nothing, so a walk over all routes is cheap enough.
 */
export interface RouteMethods {
  add(pattern: string, methods: readonly string[]): void;
  /** Methods of the patterns that fit the path, sorted; empty when none does. */
  at(path: string): string[];
}

interface KnownRoute {
  segments: readonly string[];
  methods: Set<string>;
}

function fits(segments: readonly string[], path: readonly string[]): boolean {
  if (segments.at(-1) === "*") {
    const fixed = segments.slice(0, -1);
    // A catch-all at the root (a page for every address) says nothing about one address.
    return fixed.length > 1 && path.length > fixed.length && fixed.every((segment, index) => segment.includes(":") || segment === path[index]);
  }
  return segments.length === path.length && segments.every((segment, index) => (segment.includes(":") ? path[index] !== "" : segment === path[index]));
}

export function routeMethods(): RouteMethods {
  const known = new Map<string, KnownRoute>();
  return {
    add: (pattern, methods) => {
      const route = known.get(pattern) ?? { segments: pattern.split("/"), methods: new Set<string>() };
      for (const method of methods) route.methods.add(method);
      known.set(pattern, route);
    },
    at: (path) => {
      const segments = path.split("/");
      const found = new Set<string>();
      for (const route of known.values()) {
        if (fits(route.segments, segments)) for (const method of route.methods) found.add(method);
      }
      return [...found].sort();
    },
  };
}
