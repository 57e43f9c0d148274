import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client.ts";

/** What waits for a person, for the counts in the navigation. */
export interface Wants {
  /** Alerts that fire. */
  readonly alerts: number;
  /** Operations that somebody must approve. */
  readonly approvals: number;
}

/** Asked for every few seconds, and at once after something changed. */
export function useWants(): Wants {
  const { data } = useQuery({
    queryKey: ["wants"],
    queryFn: async ({ signal }): Promise<Wants> => (await answer(api.GET("/api/wants", { signal }))).data,
    refetchInterval: 10_000,
  });
  return data ?? { alerts: 0, approvals: 0 };
}
