import type { State } from "../../ui/state.tsx";

/** The colour of an alert: what is over is fine, whatever it was. */
export function stateOf({ state, severity }: { readonly state: "pending" | "firing" | "recovering" | "resolved"; readonly severity: "WARNING" | "CRITICAL" }): State {
  switch (state) {
    case "resolved":
      return "fine";
    case "pending":
    case "recovering":
      return "attention";
    case "firing":
      return severity === "CRITICAL" ? "critical" : "attention";
  }
}
