import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useFilters } from "../../frame/filters.ts";
import { text } from "../../text/operations.ts";
import { Button } from "../../ui/button.tsx";
import { Card, PageHead } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { SelectField } from "../../ui/field.tsx";
import { type Column, VirtualList } from "../../ui/list.tsx";
import { Money } from "../../ui/money.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Approvals } from "./approvals.tsx";
import { InvoiceDialog } from "./invoice-dialog.tsx";
import { STATE_OF } from "./progress.tsx";
import { RefundDialog } from "./refund-dialog.tsx";

type Kind = keyof typeof text.kind;
type OperationState = keyof typeof text.state;

async function readPage(kind: Kind | undefined, state: OperationState | undefined, cursor: string | undefined, signal: AbortSignal) {
  return await answer(api.GET("/api/operations", { params: { query: { limit: 100, ...(kind === undefined ? {} : { kind }), ...(state === undefined ? {} : { state }), ...(cursor === undefined ? {} : { cursor }) } }, signal }));
}
type Row = Awaited<ReturnType<typeof readPage>>["data"][number];

const COLUMNS: readonly Column<Row>[] = [
  { title: text.what, width: "minmax(0,1fr)", cell: ({ id, kind }) => <Link to="/operations/$id" params={{ id }} className="font-medium">{text.kind[kind]}</Link> },
  { title: text.amount, width: "minmax(0,1fr)", right: true, cell: ({ amount, currency }) => <Money major={amount} currency={currency} /> },
  { title: text.stateFilter, width: "minmax(0,1.4fr)", cell: ({ state }) => <StateBadge state={STATE_OF[state]}>{text.state[state]}</StateBadge> },
  { title: text.asked, width: "minmax(0,1fr)", wide: true, cell: ({ asked_by }) => <span className="foreign">{asked_by}</span> },
  { title: text.payment, width: "minmax(0,1.6fr)", wide: true, cell: ({ payment_id }) => <code className="foreign font-mono text-sm text-muted">{payment_id ?? ""}</code> },
  { title: text.when, width: "minmax(0,1fr)", wide: true, cell: ({ created }) => <Time at={created} only="ago" /> },
];

const UNFINISHED: ReadonlySet<OperationState> = new Set(["awaiting_approval", "sending", "submitted"]);

export default function Operations() {
  const [filters, setFilters] = useFilters<"kind" | "state">();
  const [dialog, setDialog] = useState<"refund" | "invoice" | null>(null);
  const navigate = useNavigate();
  const kind = filters.kind !== undefined && filters.kind in text.kind ? (filters.kind as Kind) : undefined;
  const state = filters.state !== undefined && filters.state in text.state ? (filters.state as OperationState) : undefined;
  const query = useInfiniteQuery({
    queryKey: ["operations", kind, state],
    queryFn: ({ pageParam, signal }) => readPage(kind, state, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    // What Stripe has not confirmed yet is followed; what is over stands.
    refetchInterval: ({ state: { data } }) => (data?.pages.some((page) => page.data.some((one) => UNFINISHED.has(one.state))) === true ? 3000 : 30_000),
  });
  const filtered = kind !== undefined || state !== undefined;
  return (
    <>
      <PageHead title={text.title} lead={text.lead}>
        <Button onClick={() => setDialog("refund")}>{text.refund.open}</Button>
        <Button look="primary" onClick={() => setDialog("invoice")}>
          {text.invoice.open}
        </Button>
      </PageHead>
      <Approvals />
      <div className="mb-3 flex flex-wrap gap-2">
        <SelectField quiet label={text.kindFilter} value={kind ?? ""} onChange={(event) => setFilters({ kind: event.target.value })} options={[["", `${text.kindFilter}: ${text.all}`], ...Object.entries(text.kind)]} />
        <SelectField quiet label={text.stateFilter} value={state ?? ""} onChange={(event) => setFilters({ state: event.target.value })} options={[["", `${text.stateFilter}: ${text.all}`], ...Object.entries(text.state)]} />
      </div>
      <Card flush>
        <VirtualList query={query} columns={COLUMNS} keyOf={({ id }) => id} open={({ id }) => void navigate({ to: "/operations/$id", params: { id } })} label={text.title} what={text.asking} empty={<Empty title={filtered ? text.emptyFiltered.title : text.empty.title}>{filtered ? text.emptyFiltered.body : text.empty.body}</Empty>} />
      </Card>
      <RefundDialog open={dialog === "refund"} onClose={() => setDialog(null)} />
      <InvoiceDialog open={dialog === "invoice"} onClose={() => setDialog(null)} />
    </>
  );
}
