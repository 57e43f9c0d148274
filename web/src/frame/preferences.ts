import { useSyncExternalStore } from "react";

/** How a person likes to see it, kept in this browser. Nothing secret is ever kept there. */
export type Theme = "system" | "light" | "dark";
export type Density = "comfortable" | "compact";

const KEYS = { theme: "tillwatch.theme", density: "tillwatch.density" } as const;
const listeners = new Set<() => void>();

function read<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
  try {
    const value = window.localStorage.getItem(key) as T | null;
    return value !== null && allowed.includes(value) ? value : fallback;
  } catch {
    return fallback;
  }
}

const state: { theme: Theme; density: Density } = {
  theme: read(KEYS.theme, ["system", "light", "dark"], "system"),
  density: read(KEYS.density, ["comfortable", "compact"], "comfortable"),
};

function apply(): void {
  const { dataset } = document.documentElement;
  if (state.theme === "system") delete dataset["theme"];
  else dataset["theme"] = state.theme;
  dataset["density"] = state.density;
}
apply();

function set<K extends keyof typeof KEYS>(name: K, value: (typeof state)[K]): void {
  state[name] = value;
  try {
    window.localStorage.setItem(KEYS[name], value);
  } catch {
    // Private windows may refuse; then it holds until the page is left.
  }
  apply();
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): readonly [Theme, (theme: Theme) => void] {
  const theme = useSyncExternalStore(subscribe, () => state.theme);
  return [theme, (next) => set("theme", next)];
}

export function useDensity(): readonly [Density, (density: Density) => void] {
  const density = useSyncExternalStore(subscribe, () => state.density);
  return [density, (next) => set("density", next)];
}
