import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";

export function useAlert(id: string) {
  return useQuery({
    queryKey: ["alerts", "one", id],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/alerts/{id}", { params: { path: { id } }, signal }))).data,
    refetchInterval: 10_000,
    meta: { live: true },
  });
}
export type Alert = NonNullable<ReturnType<typeof useAlert>["data"]>;
