import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";

/** Asked again soon after an event, and every few seconds without one. */
const OFTEN = { refetchInterval: 10_000, meta: { live: true } };

export function useOverview() {
  return useQuery({ queryKey: ["overview"], queryFn: async ({ signal }) => (await answer(api.GET("/api/overview", { signal }))).data, ...OFTEN });
}
export type Overview = NonNullable<ReturnType<typeof useOverview>["data"]>;

export function useSentence() {
  return useQuery({ queryKey: ["sentence"], queryFn: async ({ signal }) => (await answer(api.GET("/api/overview/sentence", { signal }))).data, ...OFTEN });
}

/** What is usual for today, in steps of ten minutes; revenue in minor units. */
export function useExpectation(metric: "revenue" | "success_rate") {
  return useQuery({ queryKey: ["expectation", metric], queryFn: async ({ signal }) => (await answer(api.GET("/api/expectation", { params: { query: { metric } }, signal }))).data, refetchInterval: 30_000 });
}
export type Expectation = NonNullable<ReturnType<typeof useExpectation>["data"]>;

export function useSlos() {
  return useQuery({ queryKey: ["slos"], queryFn: async ({ signal }) => (await answer(api.GET("/api/slos", { signal }))).data, refetchInterval: 30_000 });
}
