import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";

export function useOnCall() {
  return useQuery({ queryKey: ["oncall", "now"], queryFn: async ({ signal }) => await answer(api.GET("/api/oncall", { signal })), refetchInterval: 30_000 });
}
export type Duty = NonNullable<ReturnType<typeof useOnCall>["data"]>["data"][number];
export type Person = NonNullable<ReturnType<typeof useOnCall>["data"]>["people"][number];

/** Shifts of a time, ms UTC; `null`: not asked for. */
export function useShifts(span: Span | null, rotation?: string) {
  return useQuery({
    queryKey: ["oncall", "shifts", span, rotation],
    queryFn: async ({ signal }) => await answer(api.GET("/api/oncall/calendar", { params: { query: { from: iso(span?.from ?? 0), to: iso(span?.to ?? 0), ...(rotation === undefined ? {} : { rotation }) } }, signal })),
    enabled: span !== null,
    refetchInterval: 60_000,
  });
}
export type Shift = NonNullable<ReturnType<typeof useShifts>["data"]>["data"][number];
export type Override = NonNullable<ReturnType<typeof useShifts>["data"]>["overrides"][number];

/** Times in ms UTC. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** What a stand-in is asked for, before it is. */
export interface Wanted extends Span {
  readonly rotation: string;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}
