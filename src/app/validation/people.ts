import type { Validation } from "../../health/index.ts";
import { type ValidationParts, warn } from "./parts.ts";

/** That a person would hear of it, and that the data would survive this machine. */
export function peopleValidations(_parts: ValidationParts): Validation[] {
  return [
    {
      name: "alert_routes",
      area: "Watching",
      title: "Alert routes reachable",
      timeoutMs: 1000,
      run: async () => warn("no channel is configured: alerts stand in the database, on the API and in production_alerts.ndjson, and reach nobody", "Let something outside read GET /api/alerts?state=open or /metrics until a channel is configured"),
    },
    { name: "on_call", area: "Watching", title: "On-call configured", timeoutMs: 1000, run: async () => warn("nobody is on call: no rotation is configured") },
    {
      name: "backup",
      area: "Data",
      title: "Backups and last drill",
      timeoutMs: 1000,
      run: async () => warn("no backup is made by Tillwatch, and no restore was ever tried", "Copy the database by other means meanwhile: `sqlite3 data/tillwatch.db \".backup copy.db\"`, or pg_dump"),
    },
  ];
}
