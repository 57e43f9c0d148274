export const text = {
  title: "Audit",
  lead: "Who changed what. Rows are chained: tillwatch audit verify finds any that was altered.",
  entry: "The whole entry",
  asking: "the audit trail",
  when: "When",
  who: "Who",
  what: "What",
  about: "About",
  outcome: "Outcome",
  action: "Action, e.g. refund.request",
  actionLabel: "Only this action",
  empty: { title: "Nothing yet", body: "Each change by a person or a program stands here: keys, sessions, refunds, approvals." },
} as const;
