import { type RunTally, tallyRuns } from "../../tasks/index.ts";
import { count, duration, type Figure, nothing, rate, text, type Value } from "../report.ts";
import type { Section } from "../section.ts";

const BAD: readonly RunTally["outcome"][] = ["failed", "timed_out", "lost"];

function runs(tallies: readonly RunTally[], ...outcomes: readonly RunTally["outcome"][]): number {
  return tallies.filter(({ outcome }) => outcomes.includes(outcome)).reduce((sum, one) => sum + one.runs, 0);
}

export const tasks: Section = {
  id: "tasks",
  title: "Scheduled tasks",
  question: "Did everything run that was due?",
  read: async ({ sources, period }) => {
    const method = "tasks.tallyRuns: runs by the time they began; failed includes those stopped at their time limit and those whose node died. Missed runs are those that were due while nothing ran, made up for by one late run or left out.";
    const found = await tallyRuns(sources.db.read, period.fromMs, period.toMs);
    const kept = sources.taskRunsKeptMs;
    const gone = kept !== null && period.toMs - period.fromMs > kept ? [`Runs are kept for ${Math.round(kept / 86_400_000)} days; earlier ones are not counted.`] : [];
    if (found.length === 0) return nothing(`No task ran in this period.${gone.length === 0 ? "" : ` ${gone[0]}`}`, method);
    const figure = (id: string, label: string, value: Value, good: Figure["good"]): Figure => ({ id, label, value, good, public: true });
    const ended = runs(found, "ok", ...BAD);
    return {
      nothing: null,
      figures: [
        figure("ok_rate", "Runs that ended well", rate(runs(found, "ok"), ended), "up"),
        figure("runs", "Runs ended", count(ended), null),
        figure("failed", "Failed", count(runs(found, ...BAD)), "down"),
        figure("missed", "Runs missed", count(found.reduce((sum, one) => sum + one.missed, 0) + runs(found, "skipped")), "down"),
      ],
      method,
      notes: gone,
      charts: async () => [],
      tables: async () => [
        {
          id: "tasks",
          title: "By task",
          columns: [{ id: "task", label: "Task" }, { id: "ok", label: "Ok" }, { id: "failed", label: "Failed" }, { id: "timed_out", label: "Stopped at limit" }, { id: "lost", label: "Lost" }, { id: "late", label: "Late" }, { id: "mean", label: "Mean time" }, { id: "longest", label: "Longest" }],
          rows: [...Map.groupBy(found, ({ task }) => task)].map(([task, of]) => {
            const ok = of.find(({ outcome }) => outcome === "ok");
            const longest = of.map(({ longestMs }) => longestMs).filter((ms) => ms !== null);
            return [text(task), count(runs(of, "ok")), count(runs(of, "failed")), count(runs(of, "timed_out")), count(runs(of, "lost")), count(of.reduce((sum, one) => sum + one.late, 0)), duration(ok?.meanMs ?? null), duration(longest.length === 0 ? null : Math.max(...longest))];
          }),
          left: null,
          public: false,
        },
      ],
    };
  },
};

