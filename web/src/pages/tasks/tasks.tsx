import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";
import { useFilters } from "../../frame/filters.ts";
import { useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/tasks.ts";
import { Button } from "../../ui/button.tsx";
import { Card, PageHead } from "../../ui/card.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { type State, StateBadge } from "../../ui/state.tsx";
import { durationWords, Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";

async function readTasks(signal: AbortSignal) {
  return (await answer(api.GET("/api/tasks", { signal }))).data;
}
type Task = Awaited<ReturnType<typeof readTasks>>[number];
type Outcome = keyof typeof text.outcome;

const STATE_OF: Record<Outcome, State> = { running: "unknown", ok: "fine", failed: "critical", timed_out: "critical", lost: "critical", skipped: "unknown" };

function Runs({ task }: { task: string }) {
  const { data, error, refetch } = useQuery({ queryKey: ["runs", task], queryFn: async ({ signal }) => (await answer(api.GET("/api/tasks/{name}/runs", { params: { path: { name: task }, query: { limit: "20" } }, signal }))).data, refetchInterval: 5000 });
  if (data === undefined) return error === null ? <Waiting what={text.runs} /> : <ProblemBox error={error} retry={() => void refetch()} />;
  if (data.length === 0) return <p className="text-muted">{text.noRuns}</p>;
  return (
    <ul aria-label={text.runs} className="space-y-2">
      {data.map((run) => (
        <li key={run.id} className="border-t border-line pt-2 first:border-t-0">
          <p className="flex flex-wrap items-center gap-x-3">
            <StateBadge state={STATE_OF[run.outcome]}>{text.outcome[run.outcome]}</StateBadge>
            <Time at={run.started_at} seconds />
            <span className="text-muted">
              {run.duration_ms === null ? "" : durationWords(run.duration_ms)} {text.cause[run.cause]} {run.late ? text.late : ""}
            </span>
          </p>
          {run.error === null ? null : <p className="foreign-wrap text-critical">{run.error}</p>}
          {run.evidence === null ? null : <p className="foreign-wrap font-mono text-xs text-muted">{JSON.stringify(run.evidence).slice(0, 400)}</p>}
        </li>
      ))}
    </ul>
  );
}

function Line({ task, open, toggle }: { task: Task; open: boolean; toggle: () => void }) {
  const { may, role } = useMay("operator");
  const queries = useQueryClient();
  const run = useMutation({ mutationFn: async () => await answer(api.POST("/api/tasks/{name}/run", { params: { path: { name: task.name } } })), onSettled: () => void queries.invalidateQueries() });
  const { schedule, last_run: last } = task;
  return (
    <li className="border-t border-line p-4 first:border-t-0">
      <div className="flex flex-wrap items-start justify-between gap-3">
        <div className="min-w-0 flex-1 basis-72">
          <button type="button" aria-expanded={open} onClick={toggle} className="font-semibold underline">
            {task.name}
          </button>
          <p className="text-sm text-muted">{task.description}</p>
          <p className="text-sm text-muted">
            {"every_ms" in schedule ? text.every(durationWords(schedule.every_ms)) : `${schedule.cron} (${schedule.time_zone})`}
            {task.enabled ? "" : ` · ${text.off}`}
          </p>
        </div>
        <div className="min-w-56 text-sm">
          <p className="flex flex-wrap items-center gap-2">
            {text.last}: {last === null ? text.never : <StateBadge state={STATE_OF[last.outcome]}>{text.outcome[last.outcome]}</StateBadge>} {last === null ? null : <Time at={last.started_at} only="ago" />}
          </p>
          <p>
            {text.next}: {task.next_run_at === null ? text.notPlanned : <Time at={task.next_run_at} />} {task.overdue_ms > 0 ? <StateBadge state="attention">{text.overdue}</StateBadge> : null}
          </p>
        </div>
        <Button small onClick={() => run.mutate()} disabled={!may || task.running !== null} title={may ? undefined : frame.needs(frame.role.operator, frame.role[role])} busy={run.isPending ? text.starting : false}>
          {text.run}
        </Button>
      </div>
      {run.error === null ? null : <ProblemBox error={run.error} />}
      {open ? (
        <div className="mt-3">
          <Runs task={task.name} />
        </div>
      ) : null}
    </li>
  );
}

export default function Tasks() {
  const [filters, setFilters] = useFilters<"task">();
  const { may, role } = useMay("operator");
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["tasks"], queryFn: ({ signal }) => readTasks(signal), refetchInterval: 5000 });
  return (
    <>
      <PageHead title={text.title} lead={text.lead} />
      {may ? null : <p className="mb-3 text-muted">{frame.needs(frame.role.operator, frame.role[role])}</p>}
      {data === undefined ? (
        error === null ? <Card><Waiting what={text.asking} lines={12} /></Card> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
      ) : (
        <Card flush>
          <ul>
            {data.map((task) => (
              <Line key={task.name} task={task} open={filters.task === task.name} toggle={() => setFilters({ task: filters.task === task.name ? undefined : task.name })} />
            ))}
          </ul>
        </Card>
      )}
    </>
  );
}
