import type { Section } from "../section.ts";
import { readGivenBack } from "./refunds.ts";

export const disputes: Section = {
  id: "disputes",
  title: "Disputes",
  question: "How much did cardholders' banks take back?",
  read: async (scope) =>
    await readGivenBack(scope, {
      sum: "disputed",
      times: "disputes",
      label: "Disputes",
      sumLabel: "Withdrawn by disputes",
      method: "metrics.sumWindow and sumBy(\"currency\"): disputes whose funds were withdrawn, by that time; what was reinstated is taken off at the time of the reinstatement, so that an amount can be negative. Warnings move no money and are not counted.",
      none: "No dispute moved money in this period.",
    }),
};
