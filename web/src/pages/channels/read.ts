import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";

const RENEW_MS = 10_000;

export function useChannels() {
  return useQuery({ queryKey: ["channels"], queryFn: async ({ signal }) => (await answer(api.GET("/api/channels", { signal }))).data, refetchInterval: RENEW_MS });
}
export type Channel = NonNullable<ReturnType<typeof useChannels>["data"]>[number];
export type ChannelState = Channel["state"];

/** The newest notice of a channel; null: there is none yet. */
export function useLastNotice(channel: string) {
  return useQuery({
    queryKey: ["notices", "last", channel],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/notices", { params: { query: { channel, limit: "1" } }, signal }))).data[0] ?? null,
    refetchInterval: RENEW_MS,
  });
}
