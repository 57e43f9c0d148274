import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { answer, api } from "../../api/client.ts";
import { useFilters } from "../../frame/filters.ts";
import { RANGES, sinceOf } from "../../frame/range.ts";
import { text } from "../../text/events.ts";
import { Button } from "../../ui/button.tsx";
import { Card, PageHead } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { SelectField } from "../../ui/field.tsx";
import { type Column, VirtualList } from "../../ui/list.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { SearchField } from "../../ui/search-field.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { type EventStatus, STATE_OF } from "./state.ts";

type Name = "q" | "type" | "status" | "range";

/** What was typed: a payment's id, or a type. An event's id is opened at once. */
function meaningOf(q: string | undefined): { payment_id?: string; type?: string } {
  if (q === undefined || q === "") return {};
  if (/^(pi|ch|py|re|pyr|dp|du)_\w+$/.test(q)) return { payment_id: q };
  const type = q.replaceAll(/[^a-zA-Z0-9_.*]/g, "").slice(0, 90);
  // Part of a word finds the types that have it; a whole type is meant as it is.
  return type === "" ? {} : { type: type.includes("*") || /^[a-z_0-9]+\.[a-z_.0-9]+$/.test(type) ? type : `*${type}*` };
}

function queryOf({ q, type, status, range }: Partial<Record<Name, string>>) {
  const since = sinceOf(range);
  return { ...meaningOf(q ?? type), ...(status !== undefined && status in text.status ? { status: status as EventStatus } : {}), ...(since === undefined ? {} : { since }) };
}

async function readPage(query: ReturnType<typeof queryOf>, cursor: string | undefined, signal: AbortSignal) {
  return await answer(api.GET("/api/payments/events", { params: { query: { limit: "100", ...query, ...(cursor === undefined ? {} : { cursor }) } }, signal }));
}
type Row = Awaited<ReturnType<typeof readPage>>["data"][number];

const COLUMNS: readonly Column<Row>[] = [
  { title: text.column.type, width: "minmax(0,2fr)", cell: ({ event_id, event_type }) => <Link to="/events/$id" params={{ id: event_id }} className="foreign block">{event_type}</Link> },
  { title: text.column.status, width: "minmax(6.5rem,0.8fr)", cell: ({ status }) => <StateBadge state={STATE_OF[status]}>{text.status[status]}</StateBadge> },
  { title: text.column.object, width: "minmax(0,1.6fr)", wide: true, cell: ({ object_id }) => <code className="foreign block font-mono text-sm text-muted">{object_id ?? "–"}</code> },
  { title: text.column.mode, width: "4rem", wide: true, cell: ({ mode }) => <span className="text-muted">{mode}</span> },
  { title: text.column.when, width: "minmax(5.75rem,0.8fr)", cell: ({ ts }) => <Time at={ts} only="ago" /> },
];

export default function Events() {
  const [filters, setFilters] = useFilters<Name>();
  const navigate = useNavigate();
  const search = queryOf(filters);
  const query = useInfiniteQuery({
    queryKey: ["events", search],
    queryFn: ({ pageParam, signal }) => readPage(search, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    staleTime: 15_000,
  });
  const filtered = Object.keys(search).length > 0;
  const { payment_id: _payment, ...exported } = search;
  const download = (format: "csv" | "ndjson"): void => window.location.assign(`/api/exports/events?${new URLSearchParams({ ...exported, format })}`);
  const look = (q: string): void => (/^evt_\w+$/.test(q) ? void navigate({ to: "/events/$id", params: { id: q } }) : setFilters({ q, type: undefined }));
  return (
    <>
      <PageHead title={text.title}>
        <Menu
          trigger={
            <Button icon={<Download aria-hidden size={16} />} disabled={search.payment_id !== undefined}>
              {text.export}
            </Button>
          }
        >
          <MenuItem onSelect={() => download("csv")}>{text.csv}</MenuItem>
          <MenuItem onSelect={() => download("ndjson")}>{text.ndjson}</MenuItem>
        </Menu>
      </PageHead>
      <div className="mb-3 flex flex-wrap gap-2">
        <SearchField label={text.search} hint={text.searchHint} value={filters.q ?? filters.type ?? ""} onChange={look} />
        <SelectField quiet label={text.filters.status} value={search.status ?? ""} onChange={(event) => setFilters({ status: event.target.value })} options={[["", `${text.filters.status}: ${text.filters.all}`], ...Object.entries(text.status)]} />
        <SelectField quiet label={text.filters.range} value={filters.range ?? ""} onChange={(event) => setFilters({ range: event.target.value })} options={RANGES.map(([value, words]) => [value, `${text.filters.range}: ${words}`])} />
      </div>
      <Card flush>
        <VirtualList
          query={query}
          columns={COLUMNS}
          keyOf={({ event_id }) => event_id}
          open={({ event_id }) => void navigate({ to: "/events/$id", params: { id: event_id } })}
          label={text.title}
          what={text.asking}
          empty={
            filtered ? (
              <Empty title={text.nothing.title}>
                <p>{text.nothing.body}</p>
                <Button className="mt-3" onClick={() => setFilters({ q: undefined, type: undefined, status: undefined, range: undefined })}>
                  {text.clear}
                </Button>
              </Empty>
            ) : (
              <Empty title={text.empty.title}>
                <p>{text.empty.body}</p>
                <Link to="/set-up" className="text-accent underline">
                  {text.setUp}
                </Link>
              </Empty>
            )
          }
        />
      </Card>
    </>
  );
}
