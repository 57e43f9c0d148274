import type { Dispute } from "../shapes/dispute.ts";
import { closeDispute, reviewDispute } from "../work/dispute.ts";
import { badParam } from "./problem.ts";
import type { Route } from "./route.ts";
import { filterFrom, idOf, listOf, route } from "./route.ts";

export const disputeRoutes: readonly Route[] = [
  route("GET", "/v1/disputes", "dispute", (call) => listOf(call, "dispute", "/v1/disputes", filterFrom(call.params, "charge", "payment_intent"))),
  route("GET", "/v1/disputes/:id", "dispute", (call) => {
    call.params.done();
    return call.desk.find<Dispute>("dispute", idOf(call));
  }),
  route("POST", "/v1/disputes/:id", "dispute", (call) => {
    const { desk, params } = call;
    const before = desk.find<Dispute>("dispute", idOf(call));
    const sent: Record<string, string | null> = {};
    const evidence = params.child("evidence");
    for (const field of Object.keys(before.evidence)) {
      const value = field === "enhanced_evidence" ? undefined : evidence?.textOrUnset(field);
      if (value !== undefined) sent[field] = value;
    }
    const submit = params.flag("submit") ?? evidence !== undefined;
    const metadata = params.metadata(before.metadata);
    params.done();
    // The documented magic words decide a test dispute at once.
    const words = sent["uncategorized_text"];
    const reviewed = reviewDispute(desk, { ...before, metadata }, sent, submit);
    if (words === "winning_evidence") return closeDispute(desk, reviewed, "won");
    return words === "losing_evidence" ? closeDispute(desk, reviewed, "lost") : reviewed;
  }),
  route("POST", "/v1/disputes/:id/close", "dispute", (call) => {
    call.params.done();
    const before = call.desk.find<Dispute>("dispute", idOf(call));
    if (before.status !== "needs_response" && before.status !== "warning_needs_response") throw badParam("This dispute is already closed.", "dispute_already_closed", "dispute");
    return closeDispute(call.desk, before, "lost");
  }),
];
