export const text = { any: "any time", hour: "last hour", day: "last 24 hours", week: "last 7 days", month: "last 30 days" } as const;
