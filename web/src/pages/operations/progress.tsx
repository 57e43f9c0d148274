import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";
import { text } from "../../text/operations.ts";
import { Banner, type State } from "../../ui/state.tsx";
import { clockWords, useZone, zoneWords } from "../../ui/time.tsx";

/** States that nothing follows by itself. */
const FINAL = new Set(["confirmed", "failed", "rejected", "expired", "awaiting_approval"]);

export function useOperation(id: string | null) {
  return useQuery({
    queryKey: ["operation", id],
    queryFn: async ({ signal }) => (await answer(api.GET("/api/operations/{id}", { params: { path: { id: id ?? "" } }, signal }))).data,
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data !== undefined && FINAL.has(state.data.state) ? false : 1000),
  });
}

export const STATE_OF: Record<keyof typeof text.state, State> = { awaiting_approval: "attention", rejected: "unknown", expired: "unknown", sending: "attention", submitted: "attention", confirmed: "fine", failed: "critical" };

/** How far a refund is, until Stripe's event confirms it. */
export function RefundProgress({ operation }: { operation: string }) {
  const { data } = useOperation(operation);
  const zone = useZone();
  if (data === undefined) return null;
  const words = {
    awaiting_approval: text.refund.waiting,
    confirmed: text.refund.confirmed(data.confirmed === null ? "" : `${clockWords(data.confirmed, zone, true)} ${zoneWords(zone)}`),
    failed: data.error ?? text.refund.failed,
    submitted: text.refund.submitted,
    sending: text.refund.sending,
    rejected: text.state.rejected,
    expired: text.state.expired,
  }[data.state];
  return (
    <Banner state={STATE_OF[data.state]} title={text.state[data.state]}>
      <p>{words}</p>
    </Banner>
  );
}
