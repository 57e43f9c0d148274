import { useNavigate, useParams, useSearch } from "@tanstack/react-router";

/** Filters, sort and time range of a list live in the address, as plain text: a link shows another person the same. */
export function useFilters<Name extends string>(): readonly [Partial<Record<Name, string>>, (patch: Partial<Record<Name, string | undefined>>) => void] {
  const search = useSearch({ strict: false }) as Partial<Record<Name, string>>;
  const navigate = useNavigate();
  const set = (patch: Partial<Record<Name, string | undefined>>): void => {
    const next = Object.fromEntries(Object.entries({ ...search, ...patch }).filter(([, value]) => value !== undefined && value !== ""));
    void navigate({ to: ".", search: next, replace: true });
  };
  return [search, set];
}

/** A named part of the address. */
export function useParam(name: string): string {
  const params = useParams({ strict: false }) as Record<string, string | undefined>;
  return params[name] ?? "";
}
