import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";

export function usePayment(id: string) {
  return useQuery({ queryKey: ["payment", id], queryFn: async ({ signal }) => (await answer(api.GET("/api/payments/{id}", { params: { path: { id } }, signal }))).data, refetchInterval: 10_000, meta: { live: true } });
}
export type Payment = NonNullable<ReturnType<typeof usePayment>["data"]>;

/** What was asked for here about this payment. */
export function useOperationsOf(id: string | undefined) {
  return useQuery({
    queryKey: ["operations", "of", id],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/operations", { params: { query: { payment_id: id ?? "", limit: 100 } }, signal }))).data,
    enabled: id !== undefined && /^(pi|ch|py)_/.test(id),
    refetchInterval: 10_000,
  });
}
export type OperationOf = NonNullable<ReturnType<typeof useOperationsOf>["data"]>[number];

/** Receipts of its charges. */
export function useReceiptsOf(charges: readonly string[]) {
  return useQuery({
    queryKey: ["receipts", charges],
    queryFn: async ({ signal }) => (await Promise.all(charges.slice(0, 10).map(async (charge) => (await answer(api.GET("/api/receipts", { params: { query: { charge, limit: 20 } }, signal }))).data))).flat(),
    enabled: charges.length > 0,
  });
}
export type ReceiptOf = NonNullable<ReturnType<typeof useReceiptsOf>["data"]>[number];
