import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";
import { readHealth } from "../../frame/health.tsx";

const CALM_MS = 15_000;
const BUSY_MS = 1500;

/** The three tasks behind the page, asked for more often while one of them runs. */
export function useTasks() {
  return useQuery({
    queryKey: ["tasks"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/tasks", { signal }))).data,
    refetchInterval: ({ state }) => (state.data?.some(({ name, running }) => running !== null && (name === "backup" || name === "drill")) === true ? BUSY_MS : CALM_MS),
  });
}
export type Task = NonNullable<ReturnType<typeof useTasks>["data"]>[number];

/** What the health checks say of backups and drills: they know what is overdue. */
export function useChecks() {
  return useQuery({ queryKey: ["health"], queryFn: ({ signal }) => readHealth(signal), refetchInterval: CALM_MS });
}
export type Check = NonNullable<ReturnType<typeof useChecks>["data"]>["checks"][string];

export function useBackups(often: boolean) {
  return useInfiniteQuery({
    queryKey: ["backups"],
    queryFn: async ({ pageParam, signal }) => await answer(api.GET("/api/backups", { params: { query: { limit: "20", ...(pageParam === undefined ? {} : { cursor: pageParam }) } }, signal })),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: often ? BUSY_MS : CALM_MS,
  });
}

export function useRestoreDrills(often: boolean) {
  return useQuery({ queryKey: ["drills", "restore"], queryFn: async ({ signal }) => (await answer(api.GET("/api/drills", { params: { query: { limit: "20" } }, signal }))).data, refetchInterval: often ? BUSY_MS : CALM_MS });
}
export type RestoreDrill = NonNullable<ReturnType<typeof useRestoreDrills>["data"]>[number];

export function useAlertDrills() {
  return useQuery({
    queryKey: ["drills", "alerts"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/drills/alerts", { params: { query: { limit: "10" } }, signal }))).data,
    refetchInterval: ({ state }) => (state.data?.some(({ finished_at }) => finished_at === null) === true ? BUSY_MS : CALM_MS),
  });
}
export type AlertDrill = NonNullable<ReturnType<typeof useAlertDrills>["data"]>[number];

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** `4.2 MB`. */
export function bytesWords(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  return `${(bytes / 1000 ** power).toLocaleString(undefined, { maximumFractionDigits: power === 0 ? 0 : 1 })} ${UNITS[power]}`;
}
