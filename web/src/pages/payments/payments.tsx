import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { Download } from "lucide-react";
import { answer, api } from "../../api/client.ts";
import { useFilters } from "../../frame/filters.ts";
import { RANGES, sinceOf } from "../../frame/range.ts";
import { text } from "../../text/payments.ts";
import { Button } from "../../ui/button.tsx";
import { Card, PageHead } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { SelectField } from "../../ui/field.tsx";
import { type Column, VirtualList } from "../../ui/list.tsx";
import { Menu, MenuItem } from "../../ui/menu.tsx";
import { Money } from "../../ui/money.tsx";
import { SearchField } from "../../ui/search-field.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { type PaymentStatus, STATE_OF } from "./state.ts";

type Name = "q" | "status" | "cause" | "range";
type Cause = keyof typeof text.cause;

/** Only what the API knows: an address written by hand must not become a refused request. */
function queryOf(filters: Partial<Record<Name, string>>) {
  const { q, status, cause, range } = filters;
  const since = sinceOf(range);
  return {
    ...(q === undefined || q === "" ? {} : { q }),
    ...(status !== undefined && status in text.status ? { status: status as PaymentStatus } : {}),
    ...(cause !== undefined && cause in text.cause ? { cause: cause as Cause } : {}),
    ...(since === undefined ? {} : { since }),
  };
}

async function readPage(query: ReturnType<typeof queryOf>, cursor: string | undefined, signal: AbortSignal) {
  return await answer(api.GET("/api/payments", { params: { query: { limit: "100", ...query, ...(cursor === undefined ? {} : { cursor }) } }, signal }));
}
type Row = Awaited<ReturnType<typeof readPage>>["data"][number];

const COLUMNS: readonly Column<Row>[] = [
  { title: text.column.amount, width: "minmax(6.5rem,1fr)", right: true, cell: ({ id, amount, currency }) => <Link to="/payments/$id" params={{ id }}><Money major={amount} currency={currency} /></Link> },
  { title: text.column.status, width: "minmax(0,1.3fr)", cell: ({ status }) => <StateBadge state={STATE_OF[status]}>{text.status[status]}</StateBadge> },
  { title: text.column.who, width: "minmax(0,2fr)", wide: true, cell: ({ email, customer }) => <span className="foreign block">{email ?? customer ?? "–"}</span> },
  { title: text.column.how, width: "minmax(0,1fr)", wide: true, cell: ({ brand, method, code }) => <span className="text-muted">{code ?? brand ?? method ?? "–"}</span> },
  { title: text.column.id, width: "minmax(0,1.5fr)", wide: true, cell: ({ id }) => <code className="foreign block font-mono text-sm text-muted">{id}</code> },
  { title: text.column.when, width: "minmax(5.75rem,0.8fr)", cell: ({ created }) => <Time at={created} only="ago" /> },
];

export default function Payments() {
  const [filters, setFilters] = useFilters<Name>();
  const navigate = useNavigate();
  const search = queryOf(filters);
  const query = useInfiniteQuery({
    queryKey: ["payments", search],
    queryFn: ({ pageParam, signal }) => readPage(search, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    staleTime: 15_000,
  });
  const filtered = Object.keys(search).length > 0;
  const download = (format: "csv" | "ndjson"): void => window.location.assign(`/api/exports/payments?${new URLSearchParams({ ...search, format })}`);
  return (
    <>
      <PageHead title={text.title}>
        <Menu trigger={<Button icon={<Download aria-hidden size={16} />}>{text.export}</Button>}>
          <MenuItem onSelect={() => download("csv")}>{text.csv}</MenuItem>
          <MenuItem onSelect={() => download("ndjson")}>{text.ndjson}</MenuItem>
        </Menu>
      </PageHead>
      <div className="mb-3 flex flex-wrap gap-2">
        <SearchField label={text.search} hint={text.searchHint} value={filters.q ?? ""} onChange={(q) => setFilters({ q })} />
        <SelectField quiet label={text.filters.status} value={search.status ?? ""} onChange={(event) => setFilters({ status: event.target.value })} options={[["", `${text.filters.status}: ${text.filters.all}`], ...Object.entries(text.status)]} />
        <SelectField quiet label={text.filters.cause} value={search.cause ?? ""} onChange={(event) => setFilters({ cause: event.target.value })} options={[["", `${text.filters.cause}: ${text.filters.all}`], ...Object.entries(text.cause)]} />
        <SelectField quiet label={text.filters.range} value={filters.range ?? ""} onChange={(event) => setFilters({ range: event.target.value })} options={RANGES.map(([value, words]) => [value, `${text.filters.range}: ${words}`])} />
      </div>
      <Card flush>
        <VirtualList
          query={query}
          columns={COLUMNS}
          keyOf={({ id, mode }) => `${mode} ${id}`}
          open={({ id }) => void navigate({ to: "/payments/$id", params: { id } })}
          label={text.title}
          what={text.asking}
          empty={
            filtered ? (
              <Empty title={text.nothing.title}>
                <p>{text.nothing.body}</p>
                <Button className="mt-3" onClick={() => setFilters({ q: undefined, status: undefined, cause: undefined, range: undefined })}>
                  {text.clear}
                </Button>
              </Empty>
            ) : (
              <Empty title={text.empty.title}>{text.empty.body}</Empty>
            )
          }
        />
      </Card>
    </>
  );
}
