import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { answer, api } from "../../api/client.ts";
import { useFilters } from "../../frame/filters.ts";
import { RANGES, sinceOf } from "../../frame/range.ts";
import { text } from "../../text/alerts.ts";
import { Button } from "../../ui/button.tsx";
import { Card, PageHead } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { SelectField } from "../../ui/field.tsx";
import { type Column, VirtualList } from "../../ui/list.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { stateOf } from "./state.ts";

type Name = "state" | "severity" | "range";
type Severity = keyof typeof text.severity;

/** What is open comes first; `resolved` and `all` are asked for. Only what the API knows goes into the request. */
function queryOf({ state, severity, range }: Partial<Record<Name, string>>) {
  const since = sinceOf(range);
  return {
    ...(state === "all" ? {} : { state: state === "resolved" ? ("resolved" as const) : ("open" as const) }),
    ...(severity !== undefined && severity in text.severity ? { severity: severity as Severity } : {}),
    ...(since === undefined ? {} : { since }),
  };
}

async function readPage(query: ReturnType<typeof queryOf>, cursor: string | undefined, signal: AbortSignal) {
  return await answer(api.GET("/api/alerts", { params: { query: { limit: "100", ...query, ...(cursor === undefined ? {} : { cursor }) } }, signal }));
}
type Row = Awaited<ReturnType<typeof readPage>>["data"][number];

const COLUMNS: readonly Column<Row>[] = [
  { title: text.column.state, width: "minmax(6.5rem,0.8fr)", cell: (row) => <StateBadge state={stateOf(row)}>{text.state[row.state]}</StateBadge> },
  { title: text.column.severity, width: "minmax(0,0.6fr)", wide: true, cell: ({ severity }) => text.severity[severity] },
  {
    title: text.column.what,
    width: "minmax(0,3fr)",
    wrap: true,
    cell: ({ id, title, drill }) => (
      <Link to="/alerts/$id" params={{ id: String(id) }} title={title}>
        {drill ? `${text.drill}: ` : ""}
        {title}
      </Link>
    ),
  },
  { title: text.column.stake, width: "minmax(0,0.8fr)", right: true, wide: true, cell: ({ stake }) => <span className="tabular">{stake?.text ?? "–"}</span> },
  { title: text.column.who, width: "minmax(0,0.9fr)", wide: true, cell: ({ acknowledged }) => <span className="foreign text-muted">{acknowledged?.by ?? "–"}</span> },
  { title: text.column.when, width: "minmax(5rem,0.8fr)", cell: ({ opened_at }) => <Time at={opened_at} only="ago" /> },
];

export default function Alerts() {
  const [filters, setFilters] = useFilters<Name>();
  const navigate = useNavigate();
  const search = queryOf(filters);
  const query = useInfiniteQuery({
    queryKey: ["alerts", "list", search],
    queryFn: ({ pageParam, signal }) => readPage(search, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: 10_000,
    meta: { live: true },
  });
  const onlyOpen = search.state === "open" && Object.keys(search).length === 1;
  return (
    <>
      <PageHead title={text.title} />
      <div className="mb-3 flex flex-wrap gap-2">
        <SelectField quiet label={text.filters.show} value={search.state ?? "all"} onChange={(event) => setFilters({ state: event.target.value === "open" ? undefined : event.target.value })} options={[["open", `${text.filters.show}: ${text.filters.open}`], ["resolved", `${text.filters.show}: ${text.filters.history}`], ["all", `${text.filters.show}: ${text.filters.all}`]]} />
        <SelectField quiet label={text.filters.severity} value={search.severity ?? ""} onChange={(event) => setFilters({ severity: event.target.value })} options={[["", `${text.filters.severity}: ${text.filters.all}`], ...Object.entries(text.severity)]} />
        <SelectField quiet label={text.column.when} value={filters.range ?? ""} onChange={(event) => setFilters({ range: event.target.value })} options={RANGES.map(([value, words]) => [value, `${text.column.when}: ${words}`])} />
      </div>
      <Card flush>
        <VirtualList
          query={query}
          columns={COLUMNS}
          keyOf={({ id }) => String(id)}
          open={({ id }) => void navigate({ to: "/alerts/$id", params: { id: String(id) } })}
          label={text.title}
          what={text.asking}
          empty={
            <Empty title={onlyOpen ? text.empty.title : text.nothing.title}>
              <p>{onlyOpen ? text.empty.body : text.nothing.body}</p>
              <Button className="mt-3" onClick={() => setFilters({ state: onlyOpen ? "resolved" : "all", severity: undefined, range: undefined })}>
                {onlyOpen ? text.empty.link : text.filters.clear}
              </Button>
            </Empty>
          }
        />
      </Card>
    </>
  );
}
