import { expect, it } from "vitest";
import { digestOf } from "./digest.ts";
import type { ShownReport } from "./present.ts";

const figure = (id: string, label: string, value: number, text: string, more: object = {}) => ({ id, label, unit: "count" as const, currency: null, value, text, previous: null, previous_text: null, change: null, change_unit: null, good: null, ...more });
const section = (id: string, title: string, figures: ShownReport["sections"][number]["figures"], nothing: string | null = null): ShownReport["sections"][number] => ({ id, title, question: "", state: nothing === null ? "told" : "nothing", nothing, figures, charts: [], tables: [], method: "", notes: [] });

const REPORT: ShownReport = {
  report: "enterprise",
  generated_at: "2026-03-09T07:00:00Z",
  merchant: "Shop\r\nBcc: evil@example.com <b>",
  mode: "test",
  public: false,
  time_zone: "Europe/Berlin",
  period: { from: "2026-03-01T23:00:00Z", to: "2026-03-08T23:00:00Z", time_zone: "Europe/Berlin", text: "2 Mar 2026 – 8 Mar 2026", complete: true },
  previous: null,
  notes: ["TEST mode: no real money."],
  sections: [
    section("revenue", "Revenue", [figure("net", "Net revenue (USD)", 123_456, "$1,234.56", { unit: "money", currency: "usd", previous: 100_000, previous_text: "$1,000.00", change: 0.2346, change_unit: "relative" }), figure("captures_usd", "Captures", 3, "3")]),
    section("payments", "Payments", [figure("success_rate_final", "Payments that succeeded in the end", 0.9831, "98.31 %", { unit: "rate", previous: 0.99, previous_text: "99.00 %", change: -0.0069, change_unit: "points" })]),
    section("alerts", "Alerts", [figure("fired", "Alerts fired", 1, "1")]),
    section("disputes", "Disputes", [], "No dispute moved money in this period."),
  ],
};

it("tells what a reader wants first, in words, with the zone and what was before", () => {
  const { subject, text } = digestOf(REPORT, "weekly", "https://till.example.com/report");
  expect(subject).toBe("[TEST] Shop Bcc: evil@example.com <b>, weekly report 2 Mar 2026 – 8 Mar 2026: net $1,234.56, 98.31 % of payments succeeded, 1 alert");
  expect(text).toContain("2 Mar 2026 – 8 Mar 2026 (Europe/Berlin)");
  expect(text).toContain("  Net revenue (USD): $1,234.56 (up 23.5 %, before: $1,000.00)");
  expect(text).toContain("down 0.69 points, before: 99.00 %");
  expect(text).toContain("Disputes\n  No dispute moved money in this period.");
  expect(text).toContain("and at https://till.example.com/report");
  expect(text).not.toContain("Captures");
});

it("lets nothing in a name become markup or a header", () => {
  const { subject, html, text } = digestOf(REPORT, "weekly", null);
  expect(subject).not.toMatch(/[\r\n]/);
  expect(text.split("\n")[0]).toBe("Shop Bcc: evil@example.com <b>: weekly report");
  expect(html).toContain("&lt;b&gt;");
  expect(html).not.toContain("<b>:");
});
