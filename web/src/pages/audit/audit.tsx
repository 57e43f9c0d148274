import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useFilters } from "../../frame/filters.ts";
import { useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/audit.ts";
import { Card, PageHead } from "../../ui/card.tsx";
import { JsonBlock } from "../../ui/copy.tsx";
import { Dialog } from "../../ui/dialog.tsx";
import { Empty } from "../../ui/empty.tsx";
import { type Column, VirtualList } from "../../ui/list.tsx";
import { SearchField } from "../../ui/search-field.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";

async function readPage(action: string | undefined, cursor: string | undefined, signal: AbortSignal) {
  return await answer(api.GET("/api/audit", { params: { query: { limit: "100", ...(action === undefined ? {} : { action }), ...(cursor === undefined ? {} : { cursor }) } }, signal }));
}
type Row = Awaited<ReturnType<typeof readPage>>["data"][number];

const COLUMNS: readonly Column<Row>[] = [
  { title: text.when, width: "minmax(0,1.2fr)", cell: ({ ts }) => <><span className="sm:hidden"><Time at={ts} only="ago" /></span><span className="max-sm:hidden"><Time at={ts} only="absolute" seconds /></span></> },
  { title: text.who, width: "minmax(0,1fr)", wrap: true, cell: ({ actor }) => <span title={actor}>{actor}</span> },
  { title: text.what, width: "minmax(0,1fr)", wrap: true, cell: ({ action }) => <span className="font-medium" title={action}>{action}</span> },
  { title: text.about, width: "minmax(0,2fr)", wide: true, cell: ({ subject, detail }) => <span className="foreign block text-sm" title={JSON.stringify(detail)}>{subject} <span className="text-muted">{JSON.stringify(detail)}</span></span> },
  { title: text.outcome, width: "minmax(0,0.7fr)", wide: true, cell: ({ outcome }) => <StateBadge state={outcome === "ok" ? "fine" : "critical"}>{outcome}</StateBadge> },
];

export default function Audit() {
  const [filters, setFilters] = useFilters<"action">();
  const { may, role } = useMay("admin");
  const [shown, setShown] = useState<Row | null>(null);
  const action = filters.action === "" ? undefined : filters.action;
  const query = useInfiniteQuery({ queryKey: ["audit", action], queryFn: ({ pageParam, signal }) => readPage(action, pageParam, signal), initialPageParam: undefined as string | undefined, getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined, enabled: may });
  return (
    <>
      <PageHead title={text.title} lead={text.lead} />
      {may ? (
        <>
          <div className="mb-3 flex max-w-md">
            <SearchField label={text.actionLabel} hint={text.action} value={filters.action ?? ""} onChange={(given) => setFilters({ action: given })} />
          </div>
          <Card flush>
            <VirtualList query={query} columns={COLUMNS} keyOf={({ id }) => String(id)} open={setShown} label={text.title} what={text.asking} empty={<Empty title={text.empty.title}>{text.empty.body}</Empty>} />
          </Card>
          <Dialog open={shown !== null} onClose={() => setShown(null)} wide title={shown?.action ?? ""}>
            <JsonBlock value={shown} label={text.entry} />
          </Dialog>
        </>
      ) : (
        <Empty title={text.title}>{frame.needs(frame.role.admin, frame.role[role])}</Empty>
      )}
    </>
  );
}
