import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useFilters } from "../../frame/filters.ts";
import { useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/silences.ts";
import { Button } from "../../ui/button.tsx";
import { Card, PageHead } from "../../ui/card.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Empty } from "../../ui/empty.tsx";
import { SelectField } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { type State, StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { Maintenance } from "./maintenance.tsx";
import { type Kind, MakeSilence } from "./make.tsx";

type SilenceState = keyof typeof text.state;

async function readPage(filter: { state?: SilenceState; kind?: Kind }, cursor: string | undefined, signal: AbortSignal) {
  return await answer(api.GET("/api/silences", { params: { query: { limit: "50", ...filter, ...(cursor === undefined ? {} : { cursor }) } }, signal }));
}
type Silence = Awaited<ReturnType<typeof readPage>>["data"][number];

/** What is muted wants attention; what is over or to come is neither well nor bad. */
const STATE_OF: Record<SilenceState, State> = { active: "attention", pending: "unknown", ended: "unknown" };

function Expire({ silence, onClose }: { silence: Silence | null; onClose: () => void }) {
  const queries = useQueryClient();
  const expire = useMutation({
    mutationFn: async (id: number) => await answer(api.DELETE("/api/silences/{id}", { params: { path: { id: String(id) } } })),
    onSuccess: onClose,
    onSettled: () => void queries.invalidateQueries({ queryKey: ["silences"] }),
  });
  const close = (): void => {
    expire.reset();
    onClose();
  };
  return (
    <Dialog open={silence !== null} onClose={close} closable={!expire.isPending} title={text.expireTitle}>
      <p className="foreign-wrap font-medium">{silence?.matchers.map((one) => one.text).join(", ")}</p>
      <p>{text.expireBody}</p>
      {expire.error === null ? null : <ProblemBox error={expire.error} />}
      <Actions>
        <Button onClick={close} disabled={expire.isPending}>
          {text.keep}
        </Button>
        <Button look="primary" onClick={() => (silence === null ? undefined : expire.mutate(silence.id))} busy={expire.isPending ? text.expiring : false}>
          {text.expire}
        </Button>
      </Actions>
    </Dialog>
  );
}

function When({ silence: { state, starts_at, ends_at, ended_at, ended_by } }: { silence: Silence }) {
  if (state === "ended") return <>{text.until.ended} <Time at={ended_at ?? ends_at} /> {ended_by === null ? "" : text.until.by(ended_by)}</>;
  return (
    <>
      {text.until.from} {state === "pending" ? <Time at={starts_at} /> : <Time at={starts_at} only="absolute" />} {ends_at === null ? text.until.resolved : <>{text.until.to} <Time at={ends_at} /></>}
    </>
  );
}

function Line({ silence, may, end }: { silence: Silence; may: boolean; end: () => void }) {
  const { state, kind, matchers, author, reason } = silence;
  const matched = matchers.map((one) => one.text).join(", ");
  return (
    <li className="flex flex-wrap items-start justify-between gap-2 border-t border-line px-4 py-3 first:border-t-0">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-center gap-2">
          <StateBadge state={STATE_OF[state]}>{text.state[state]}</StateBadge>
          <code className="foreign-wrap font-mono font-semibold">{matched}</code>
          {kind === "maintenance" ? <span className="text-muted">{text.kind.maintenance}</span> : null}
        </p>
        <p className="foreign-wrap">{reason}</p>
        <p className="text-sm text-muted">
          <When silence={silence} /> · <span className="foreign-wrap">{text.by(author)}</span>
        </p>
      </div>
      {state === "ended" ? null : (
        <Button small onClick={end} disabled={!may} aria-label={`${state === "pending" ? text.expireComing : text.expire}: ${matched}`}>
          {state === "pending" ? text.expireComing : text.expire}
        </Button>
      )}
    </li>
  );
}

export default function Silences() {
  const [filters, setFilters] = useFilters<"state" | "kind">();
  const { may, role } = useMay("operator");
  const [making, setMaking] = useState<Kind | null>(null);
  const [ending, setEnding] = useState<Silence | null>(null);
  const filter = { ...(filters.state !== undefined && filters.state in text.state ? { state: filters.state as SilenceState } : {}), ...(filters.kind !== undefined && filters.kind in text.kind ? { kind: filters.kind as Kind } : {}) };
  const query = useInfiniteQuery({
    queryKey: ["silences", "list", filter],
    queryFn: ({ pageParam, signal }) => readPage(filter, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: 15_000,
  });
  const rows = query.data?.pages.flatMap(({ data }) => data);
  return (
    <>
      <PageHead title={text.title} lead={text.lead}>
        <Button look="primary" onClick={() => setMaking("silence")} disabled={!may}>
          {text.make}
        </Button>
        <Button onClick={() => setMaking("maintenance")} disabled={!may}>
          {text.maintenanceMake}
        </Button>
      </PageHead>
      {may ? null : <p className="mb-3 text-muted">{frame.needs(frame.role.operator, frame.role[role])}</p>}
      <div className="mb-3 flex flex-wrap gap-2">
        <SelectField quiet label={text.filter.state} value={filter.state ?? ""} onChange={(event) => setFilters({ state: event.target.value })} options={[["", `${text.filter.state}: ${text.all}`], ...Object.entries(text.state)]} />
        <SelectField quiet label={text.filter.kind} value={filter.kind ?? ""} onChange={(event) => setFilters({ kind: event.target.value })} options={[["", `${text.filter.kind}: ${text.all}`], ...Object.entries(text.kind)]} />
      </div>
      <div className="space-y-4">
        <Card title={text.list} flush>
          {rows === undefined ? (
            <div className="p-4">{query.error === null ? <Waiting what={text.asking} lines={6} /> : <ProblemBox error={query.error} retry={() => void query.refetch()} busy={query.isFetching} />}</div>
          ) : rows.length === 0 ? (
            <Empty title={text.empty.title}>{text.empty.body}</Empty>
          ) : (
            <ul>
              {rows.map((silence) => (
                <Line key={silence.id} silence={silence} may={may} end={() => setEnding(silence)} />
              ))}
            </ul>
          )}
          {query.hasNextPage ? (
            <div className="border-t border-line p-3 text-center">
              <Button small onClick={() => void query.fetchNextPage()} busy={query.isFetchingNextPage ? text.moreBusy : false}>
                {text.more}
              </Button>
            </div>
          ) : null}
        </Card>
        <Maintenance />
      </div>
      <MakeSilence kind={making} onClose={() => setMaking(null)} />
      <Expire silence={ending} onClose={() => setEnding(null)} />
    </>
  );
}
