import { type BackupRecord, backupsBetween, type Drill, drillsBetween, lastBackupBefore } from "../../backup/index.ts";
import { count, duration, type Figure, nothing, type Table, text, time, type Value } from "../report.ts";
import type { Section } from "../section.ts";

const SHOWN = 20;

function sizeText(bytes: number | null): string | null {
  if (bytes === null) return null;
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KiB`;
  return bytes < 1024 ** 3 ? `${(bytes / 1024 ** 2).toFixed(1)} MiB` : `${(bytes / 1024 ** 3).toFixed(2)} GiB`;
}

function byTarget(records: readonly BackupRecord[]): Table {
  return {
    id: "backups_by_place",
    title: "Backups by place",
    columns: [{ id: "place", label: "Place" }, { id: "made", label: "Made" }, { id: "failed", label: "Failed" }, { id: "newest", label: "Newest stands for" }, { id: "size", label: "Its size" }, { id: "encrypted", label: "Encrypted" }, { id: "trouble", label: "Last failure" }],
    rows: [...Map.groupBy(records, ({ target }) => target)].map(([target, of]) => {
      const made = of.filter(({ outcome }) => outcome === "ok");
      return [text(target), count(made.length), count(of.length - made.length), time(made[0]?.snapshotAt ?? null), text(sizeText(made[0]?.bytes ?? null)), text(made[0] === undefined ? null : made[0].encrypted ? "yes" : "no"), text(of.find(({ error }) => error !== null)?.error ?? null)];
    }),
    left: null,
    public: false,
  };
}

function drillTable(drills: readonly Drill[]): Table {
  return {
    id: "drills",
    title: "Restore drills, newest first",
    columns: [{ id: "at", label: "Begun" }, { id: "outcome", label: "Outcome" }, { id: "backup", label: "Backup" }, { id: "recovery_time", label: "Recovery time" }, { id: "recovery_point", label: "Recovery point" }, { id: "found", label: "What the steps found" }],
    rows: drills.slice(0, SHOWN).map((drill) => [time(drill.startedAt), text(drill.outcome), text(drill.backupId), duration(drill.recoveryTimeMs), duration(drill.recoveryPointMs), text(drill.steps.map(({ step, result, text: words }) => (result === "ok" ? `${step} ok` : `${step} ${result}: ${words}`)).join(", "))]),
    left: drills.length > SHOWN ? `${drills.length - SHOWN} earlier ones; see GET /api/drills` : null,
    public: false,
  };
}

/** The longest time within the period of which the state would have been lost, ms; null without any backup. */
function longestGap(made: readonly BackupRecord[], before: BackupRecord | null, { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number }): number | null {
  const taken = [...new Set(made.map(({ snapshotAt }) => snapshotAt))].sort((left, right) => left - right);
  const [first] = taken;
  if (first === undefined && before === null) return null;
  const points = [before === null ? (first ?? fromMs) : before.snapshotAt, ...taken, toMs];
  return Math.max(...points.map((at, index) => (index === 0 ? 0 : at - (points[index - 1] ?? at))));
}

export const backups: Section = {
  id: "backup",
  title: "Backups and restore drills",
  question: "Would it survive losing its disk tonight?",
  read: async ({ sources, period }) => {
    const method =
      "backup.backupsBetween and backup.drillsBetween: attempts and drills by the time they ended. A backup per place it is kept in. A drill restores the newest backup into a scratch place and holds it against its manifest. Recovery time: from the order to a usable database; recovery point: how old the restored state was; both of the last verified drill.";
    const db = sources.db.read;
    const { fromMs, toMs } = period;
    const [records, drills, newest, before] = [await backupsBetween(db, fromMs, toMs), await drillsBetween(db, fromMs, toMs), await lastBackupBefore(db, toMs), await lastBackupBefore(db, fromMs)];
    if (records.length === 0 && drills.length === 0 && newest === null) return nothing("No backup was made and no restore was drilled in this period, and there was none from before.", method);
    const made = records.filter(({ outcome }) => outcome === "ok");
    const verified = drills.filter(({ outcome }) => outcome === "verified");
    const figure = (id: string, label: string, value: Value, good: Figure["good"]): Figure => ({ id, label, value, good, public: true });
    return {
      nothing: null,
      figures: [
        figure("backups", "Backups made", count(made.length), "up"),
        figure("failed", "Attempts failed", count(records.length - made.length), "down"),
        figure("newest_age", "Age of the newest at the end", duration(newest === null ? null : Math.max(0, toMs - newest.snapshotAt)), "down"),
        figure("longest_gap", "Longest time without one", duration(longestGap(made, before, period)), "down"),
        figure("drills_verified", "Restore drills verified", count(verified.length), "up"),
        figure("drills_failed", "Restore drills failed", count(drills.filter(({ outcome }) => outcome === "failed").length), "down"),
        figure("drills_inconclusive", "Restore drills inconclusive", count(drills.filter(({ outcome }) => outcome === "inconclusive").length), "down"),
        figure("recovery_time", "Recovery time, last verified", duration(verified[0]?.recoveryTimeMs ?? null), "down"),
        figure("recovery_point", "Recovery point, last verified", duration(verified[0]?.recoveryPointMs ?? null), "down"),
      ],
      method,
      notes: verified.length === 0 ? ["No restore was proven in this period."] : [],
      charts: async () => [],
      tables: async () => [...(records.length === 0 ? [] : [byTarget(records)]), ...(drills.length === 0 ? [] : [drillTable(drills)])],
    };
  },
};
