import type { Told } from "../alert.ts";

/** What is told of a made-up alert. */
export function toldPlainly(over: Partial<Told>): Told {
  return {
    severity: "WARNING",
    value: 1,
    summary: "",
    subject: "payments",
    title: "Payments fail",
    details: [],
    todo: [],
    stake: null,
    labels: {},
    evidence: null,
    startedAt: null,
    ...over,
  };
}
