import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../api/client.ts";

export type Role = "viewer" | "operator" | "admin";

const ORDER: readonly Role[] = ["viewer", "operator", "admin"];

/** Who is signed in; a Problem of status 401 when nobody is. */
export function useWho() {
  return useQuery({
    queryKey: ["whoami"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/whoami", { signal }))).data,
    staleTime: 60_000,
  });
}

/** Whether who is signed in may do what needs this role. The service asks again; this only says it beforehand. */
export function useMay(needed: Role): { readonly may: boolean; readonly role: Role } {
  const role = useWho().data?.role ?? "viewer";
  return { may: ORDER.indexOf(role) >= ORDER.indexOf(needed), role };
}

/** Whose service this is, its time zone and mode. */
export function useAbout() {
  return useQuery({
    queryKey: ["about"],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/about", { signal }))).data,
    staleTime: 300_000,
  });
}
