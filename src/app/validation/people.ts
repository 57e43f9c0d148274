import type { HealthCheck, Validated, Validation } from "../../health/index.ts";
import { tryChannel } from "../../notify/index.ts";
import { healthChecks } from "../checks.ts";
import { notifyChannels } from "../notify.ts";
import { fail, pass, type ValidationParts, warn } from "./parts.ts";

/** That a person would hear of it, and that the data would survive this machine. */

const TIMEOUT_MS = 5000;
/** Longer than a channel may take to answer (`timeout`, at most 25 s). */
const SEND_TIMEOUT_MS = 28_000;

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

/** Sends one by each channel, all at once, and says what each answered. */
async function testNotices({ db, config, clock }: ValidationParts): Promise<Validated> {
  const { channels } = await notifyChannels(config, db);
  if (channels.length === 0) return warn("no test notice was sent");
  const tried = await Promise.all(channels.map(async ({ name }) => ({ name, ...(await tryChannel({ db, clock }, channels, name, "tillwatch validate")) })));
  const failed = tried.filter(({ outcome }) => outcome.kind !== "sent");
  const details = tried.map(({ name, noticeId, outcome, latencyMs }) => `${name}: ${outcome.kind === "sent" ? `taken after ${latencyMs} ms` : outcome.reason} (notice ${noticeId})`);
  const words = `${tried.length - failed.length} of ${tried.length} channels took a test notice`;
  if (failed.length === 0) return pass(words, details);
  return { ...fail(words, ...failed.map(({ name }) => `Mend ${name}, then: tillwatch notify test ${name}`)), details };
}

/** Sent first, when that was asked for: one that arrives enables its channel, and the checks say so. */
async function routesReach(parts: ValidationParts, noChannel: Validated, signal: AbortSignal): Promise<Validated> {
  const sent = parts.sendTestNotice ? await testNotices(parts) : null;
  const found = await worstOf(parts, /^notify_/, noChannel, signal);
  if (sent === null) return found;
  const grade = RANK[sent.grade] > RANK[found.grade] ? sent.grade : found.grade;
  return { grade, found: `${sent.found}; ${found.found}`, todo: [...(sent.todo ?? []), ...(found.todo ?? [])], details: sent.details ?? [] };
}

export function peopleValidations(parts: ValidationParts): Validation[] {
  const noChannel = warn("no channel is configured: alerts stand in the database, on the API and in production_alerts.ndjson, and reach nobody", "Let something outside read GET /api/alerts?state=open or /metrics until a channel is configured");
  const noBackup = warn("no backup is made by Tillwatch, and no restore was ever tried", "Copy the database by other means meanwhile: `sqlite3 data/tillwatch.db \".backup copy.db\"`, or pg_dump");
  return [
    { name: "alert_routes", area: "Watching", title: "Alert routes reachable", timeoutMs: parts.sendTestNotice ? SEND_TIMEOUT_MS : TIMEOUT_MS, run: async (signal) => await routesReach(parts, noChannel, signal) },
    { name: "on_call", area: "Watching", title: "On-call configured", timeoutMs: TIMEOUT_MS, run: (signal) => worstOf(parts, /^oncall$/, warn("nobody is on call: no rotation is configured"), signal) },
    { name: "backup", area: "Data", title: "Backups and last drill", timeoutMs: TIMEOUT_MS, run: (signal) => worstOf(parts, /^(backup(_\d+)?|drill)$/, noBackup, signal) },
  ];
}
