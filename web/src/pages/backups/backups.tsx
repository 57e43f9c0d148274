import { text } from "../../text/backups.ts";
import { Button } from "../../ui/button.tsx";
import { Card, Facts, PageHead } from "../../ui/card.tsx";
import { JsonBlock } from "../../ui/copy.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner, type State, StateBadge } from "../../ui/state.tsx";
import { durationWords, Time, useNow } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { AlertDrills, OUTCOME, StartAlertDrill } from "./alert-drill.tsx";
import { type AlertDrill, bytesWords, type Check, type RestoreDrill, type Task, useAlertDrills, useBackups, useChecks, useRestoreDrills, useTasks } from "./read.ts";
import { measured, RestoreDrills, VERDICT } from "./restore.tsx";
import { Start } from "./start.tsx";

const EXAMPLE = `backup:
  directory: /mnt/other-disk/tillwatch`;
const WEEK_MS = 7 * 86_400_000;
const STATE_OF: Record<Check["state"], State> = { ok: "fine", degraded: "attention", down: "critical", unknown: "unknown" };

type Backups = NonNullable<ReturnType<typeof useBackups>["data"]>["pages"];

/** The badge and the words of a health check. */
function Verdict({ check }: { check: Check | undefined }) {
  if (check === undefined || check.todo === undefined) return null;
  return <p className="foreign-wrap text-sm">{check.todo}</p>;
}

function badge(check: Check | undefined) {
  return check === undefined ? null : <StateBadge state={STATE_OF[check.state]}>{text.state[check.state]}</StateBadge>;
}

function BackupCard({ pages, task, check }: { pages: Backups; task: Task | undefined; check: Check | undefined }) {
  const [first] = pages;
  return (
    <Card title={text.backup.title} action={badge(check)}>
      <div className="space-y-3">
        <Facts
          facts={[
            ...(first?.targets ?? []).map(({ target, newest_at }, index) => [`${text.backup.newest}${index === 0 ? "" : ` (${index + 1})`}`, <span key={target}>{newest_at === null ? text.backup.none : <Time at={newest_at} />} <span className="foreign-wrap block text-sm text-muted">{target}</span></span>] as const),
            [text.backup.next, <Time key="n" at={task?.next_run_at ?? null} />],
            [text.backup.encryption, first?.encryption === true ? text.backup.yes : text.backup.no],
          ]}
        />
        <Verdict check={check} />
        <Start what="backup" task={task} />
      </div>
    </Card>
  );
}

function RestoreCard({ drills, task, check }: { drills: readonly RestoreDrill[]; task: Task | undefined; check: Check | undefined }) {
  const [last] = drills;
  return (
    <Card title={text.restore.title} action={badge(check)}>
      <div className="space-y-3">
        <Facts
          facts={[
            [text.restore.last, last === undefined ? text.restore.none : <span key="l" className="flex flex-wrap items-center gap-2"><StateBadge state={VERDICT[last.outcome]}>{text.restore.outcome[last.outcome]}</StateBadge> <Time at={last.finished_at} only="ago" /></span>],
            [text.restore.time, <span key="t">{measured(last?.recovery_time_ms ?? null)} <span className="text-sm text-muted">{text.restore.timeHint}</span></span>],
            [text.restore.point, <span key="p">{measured(last?.recovery_point_ms ?? null)} <span className="text-sm text-muted">{text.restore.pointHint}</span></span>],
            [text.backup.next, <Time key="n" at={task?.next_run_at ?? null} />],
          ]}
        />
        <Verdict check={check} />
        <Start what="restore" task={task} />
      </div>
    </Card>
  );
}

function AlertCard({ drills }: { drills: readonly AlertDrill[] }) {
  const now = useNow();
  const [last] = drills;
  const overdue = last === undefined || now - Date.parse(last.started_at) > WEEK_MS;
  const slowest = (last?.hops ?? []).reduce<AlertDrill["hops"][number] | null>((worst, hop) => ((hop.latency_ms ?? -1) > (worst?.latency_ms ?? -1) ? hop : worst), null);
  return (
    <Card title={text.alert.title} action={<StateBadge state={overdue ? "attention" : OUTCOME[last.outcome]}>{overdue ? text.state.degraded : text.alert.outcome[last.outcome]}</StateBadge>}>
      <div className="space-y-3">
        <Facts
          facts={[
            [text.alert.last, last === undefined ? text.alert.none : <span key="l" className="flex flex-wrap items-center gap-2"><StateBadge state={OUTCOME[last.outcome]}>{text.alert.outcome[last.outcome]}</StateBadge> <Time at={last.started_at} only="ago" /></span>],
            [text.alert.slowest, slowest === null ? "–" : `${slowest.hop}, ${durationWords(slowest.latency_ms ?? 0)}`],
          ]}
        />
        {overdue ? <p className="text-sm">{text.alert.overdue}</p> : null}
        <StartAlertDrill running={last !== undefined && last.finished_at === null} />
      </div>
    </Card>
  );
}

function List({ pages, drills, more, moreBusy }: { pages: Backups; drills: readonly RestoreDrill[]; more: (() => void) | null; moreBusy: boolean }) {
  const rows = pages.flatMap(({ data }) => data);
  return (
    <Card title={text.history.backups} flush>
      {rows.length === 0 ? (
        <Empty title={text.history.none} />
      ) : (
        <ul>
          {rows.map(({ no, id, target, outcome, snapshot_at, bytes, encrypted, kept, error }) => {
            const proof = id === null ? undefined : drills.find((drill) => drill.backup_id === id);
            return (
              <li key={no} className="border-t border-line px-4 py-3 first:border-t-0">
                <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
                  <StateBadge state={outcome === "failed" ? "critical" : kept ? "fine" : "unknown"}>{outcome === "failed" ? text.failed : kept ? text.kept : text.gone}</StateBadge>
                  <Time at={snapshot_at} />
                  {bytes === null ? null : <span className="tabular font-medium">{bytesWords(bytes)}</span>}
                  {encrypted ? <span className="text-muted">{text.encrypted}</span> : null}
                </p>
                <p className="foreign-wrap text-sm text-muted">{target}</p>
                {error === null ? null : <p className="foreign-wrap text-critical">{error}</p>}
                {outcome === "failed" ? null : (
                  <p className="text-sm">
                    {text.column.proven}: {proof === undefined ? text.notProven : <>{text.restore.outcome[proof.outcome]} <Time at={proof.finished_at} only="ago" /></>}
                  </p>
                )}
              </li>
            );
          })}
        </ul>
      )}
      {more === null ? null : (
        <div className="border-t border-line p-3 text-center">
          <Button small onClick={more} busy={moreBusy ? text.moreBusy : false}>
            {text.more}
          </Button>
        </div>
      )}
    </Card>
  );
}

/** Backups, restore drills and alert drills: what there is, what is overdue, and each begun by a button. */
export default function BackupsPage() {
  const tasks = useTasks();
  const checks = useChecks().data?.checks;
  const [backup, drill] = ["backup", "drill"].map((name) => tasks.data?.find((task) => task.name === name));
  const busy = (backup?.running ?? drill?.running ?? null) !== null;
  const backups = useBackups(busy);
  const restores = useRestoreDrills(busy);
  const alerts = useAlertDrills();
  const error = tasks.error ?? backups.error ?? restores.error ?? alerts.error;
  const again = (): void => void Promise.all([tasks, backups, restores, alerts].map((query) => query.refetch()));
  if (tasks.data === undefined || backups.data === undefined || restores.data === undefined || alerts.data === undefined) {
    return (
      <>
        <PageHead title={text.title} lead={text.lead} />
        {error === null ? <Waiting what={text.asking} lines={10} /> : <ProblemBox error={error} retry={again} busy={tasks.isFetching || backups.isFetching} />}
      </>
    );
  }
  const { pages } = backups.data;
  const off = pages[0]?.targets.length === 0;
  return (
    <>
      <PageHead title={text.title} lead={text.lead} />
      <div className="space-y-4">
        {off ? (
          <Banner state="attention" title={text.off.title}>
            <p className="mb-2">{text.off.body}</p>
            <JsonBlock value={EXAMPLE} label={text.off.copy} />
          </Banner>
        ) : null}
        <div className="grid items-start gap-4 lg:grid-cols-3">
          {off ? null : <BackupCard pages={pages} task={backup} check={checks?.["backup"]} />}
          {off ? null : <RestoreCard drills={restores.data} task={drill} check={checks?.["drill"]} />}
          <AlertCard drills={alerts.data} />
        </div>
        <div className="grid items-start gap-4 lg:grid-cols-2">
          {off ? null : <List pages={pages} drills={restores.data} more={backups.hasNextPage ? () => void backups.fetchNextPage() : null} moreBusy={backups.isFetchingNextPage} />}
          <div className="space-y-4">
            {off ? null : <RestoreDrills drills={restores.data} />}
            <AlertDrills drills={alerts.data} />
          </div>
        </div>
      </div>
    </>
  );
}
