import type { HealthCheck, Validated, Validation } from "../../health/index.ts";
import { healthChecks } from "../checks.ts";
import { fail, pass, type ValidationParts, warn } from "./parts.ts";

/** That a person would hear of it, and that the data would survive this machine. */

const TIMEOUT_MS = 5000;

/** What a health check says, as a grade: what cannot be seen is no pass. */
async function graded(check: HealthCheck, signal: AbortSignal): Promise<Validated> {
  const { state, figure, todo } = await check.run(signal);
  const told = `${check.name}: ${figure ?? state}`;
  const todos = todo === undefined ? [] : [todo];
  switch (state) {
    case "ok":
      return pass(told);
    case "down":
      return fail(told, ...todos);
    case "degraded":
    case "unknown":
      return warn(told, ...todos);
  }
}

const RANK = { PASS: 0, WARN: 1, FAIL: 2 } as const;

/** Of several checks the worst, with what each said; `absent` when there is none of them. */
async function worstOf(parts: ValidationParts, wanted: RegExp, absent: Validated, signal: AbortSignal): Promise<Validated> {
  const { db, config, clock, tasks } = parts;
  const checks = healthChecks({ db, config, clock, tasks }).filter(({ name }) => wanted.test(name));
  if (checks.length === 0) return absent;
  const all = await Promise.all(checks.map((check) => graded(check, signal)));
  const grade = all.reduce((worst, one) => (RANK[one.grade] > RANK[worst] ? one.grade : worst), all[0]?.grade ?? "WARN");
  return { grade, found: all.map(({ found }) => found).join("; "), todo: all.flatMap(({ todo }) => todo ?? []) };
}

/** A test notice that was asked for and did not go out must not look as if it had. */
function untried({ sendTestNotice }: ValidationParts, found: Validated): Validated {
  if (!sendTestNotice) return found;
  return { ...found, grade: found.grade === "PASS" ? "WARN" : found.grade, found: `no test notice was sent; ${found.found}`, todo: [...(found.todo ?? []), "Send one by each channel by its own test, and see that it arrives"] };
}

export function peopleValidations(parts: ValidationParts): Validation[] {
  const noChannel = warn("no channel is configured: alerts stand in the database, on the API and in production_alerts.ndjson, and reach nobody", "Let something outside read GET /api/alerts?state=open or /metrics until a channel is configured");
  const noBackup = warn("no backup is made by Tillwatch, and no restore was ever tried", "Copy the database by other means meanwhile: `sqlite3 data/tillwatch.db \".backup copy.db\"`, or pg_dump");
  return [
    { name: "alert_routes", area: "Watching", title: "Alert routes reachable", timeoutMs: TIMEOUT_MS, run: async (signal) => untried(parts, await worstOf(parts, /^notify_/, noChannel, signal)) },
    { name: "on_call", area: "Watching", title: "On-call configured", timeoutMs: TIMEOUT_MS, run: (signal) => worstOf(parts, /^oncall$/, warn("nobody is on call: no rotation is configured"), signal) },
    { name: "backup", area: "Data", title: "Backups and last drill", timeoutMs: TIMEOUT_MS, run: (signal) => worstOf(parts, /^(backup(_\d+)?|drill)$/, noBackup, signal) },
  ];
}
