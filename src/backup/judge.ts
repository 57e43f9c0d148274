import { DAY_MS, HOUR_MS, isoSeconds, type Tx } from "../platform/index.ts";
import { lastBackup, lastDrill } from "./store.ts";

/** In the words of a health check. */
export interface BackupVerdict {
  readonly state: "ok" | "degraded" | "down";
  readonly figure: string;
  readonly sinceMs?: number;
  readonly todo?: string;
}

function ageText(ms: number): string {
  return ms >= 2 * DAY_MS ? `${Math.floor(ms / DAY_MS)} days` : ms >= 2 * HOUR_MS ? `${Math.floor(ms / HOUR_MS)} hours` : `${Math.floor(ms / 60_000)} minutes`;
}

/**
 * How old the newest backup of a target is.
 *
 * @param sinceMs since when there could have been one: before `maxAgeMs` after that, none is missed yet.
 */
export async function judgeBackups(tx: Tx, target: string, options: { readonly sinceMs: number; readonly maxAgeMs: number; readonly nowMs: number }): Promise<BackupVerdict> {
  const { nowMs, maxAgeMs, sinceMs } = options;
  const [newest, failed] = [await lastBackup(tx, target, "ok"), await lastBackup(tx, target, "failed")];
  const failing = failed !== null && (newest === null || failed.no > newest.no) ? failed : null;
  const trouble = failing === null ? "" : `; the last attempt failed: ${failing.error ?? "see the log"}`;
  const todo = `make one now: tillwatch backup create${trouble}`;
  const age = nowMs - (newest?.snapshotAt ?? sinceMs);
  const figure = newest === null ? `no backup yet in ${target}` : `${ageText(age)} old, in ${target}`;
  const since = { sinceMs: newest?.snapshotAt ?? sinceMs };
  if (age > 3 * maxAgeMs) return { state: "down", figure, ...since, todo };
  if (age > maxAgeMs) return { state: "degraded", figure, ...since, todo };
  if (failing !== null) return { state: "degraded", figure, sinceMs: failing.finishedAt, todo };
  return { state: "ok", figure };
}

/** Whether a restore was proven lately. @param sinceMs as for `judgeBackups`. */
export async function judgeDrills(tx: Tx, options: { readonly sinceMs: number; readonly maxAgeMs: number; readonly nowMs: number }): Promise<BackupVerdict> {
  const { nowMs, maxAgeMs, sinceMs } = options;
  const [last, verified] = [await lastDrill(tx), await lastDrill(tx, "verified")];
  const bad = last?.steps.find(({ result }) => result === "failed" || result === "inconclusive");
  const found = bad === undefined ? "" : `: ${bad.step}: ${bad.text}`;
  if (last?.outcome === "failed") return { state: "down", figure: `failed at ${isoSeconds(last.finishedAt)}${found}`, sinceMs: last.finishedAt, todo: "the newest backup would not have saved you; make another, and drill again: tillwatch backup create && tillwatch drill restore" };
  const age = nowMs - (verified?.startedAt ?? sinceMs);
  const figure = verified === null ? "no restore was proven yet" : `verified ${ageText(age)} ago, usable after ${((verified.recoveryTimeMs ?? 0) / 1000).toFixed(1)} s`;
  if (age > maxAgeMs) return { state: "degraded", figure, sinceMs: verified?.startedAt ?? sinceMs, todo: `prove it: tillwatch drill restore${last?.outcome === "inconclusive" ? `; the last one was inconclusive${found}` : ""}` };
  return { state: "ok", figure: last?.outcome === "inconclusive" ? `${figure}; the last one was inconclusive${found}` : figure };
}
