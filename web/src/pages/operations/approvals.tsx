import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useMay, useWho } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/operations.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { TextField } from "../../ui/field.tsx";
import { Money } from "../../ui/money.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Time } from "../../ui/time.tsx";

async function readWaiting(signal: AbortSignal) {
  return (await answer(api.GET("/api/operations", { params: { query: { state: "awaiting_approval", limit: 100 } }, signal }))).data;
}
type Waiting = Awaited<ReturnType<typeof readWaiting>>[number];

function Decision({ operation }: { operation: Waiting }) {
  const { may, role } = useMay("operator");
  const own = useWho().data?.key_id === operation.asked_by_key;
  const queries = useQueryClient();
  const [why, setWhy] = useState("");
  const path = { id: operation.id };
  const onSettled = (): void => void queries.invalidateQueries();
  const approve = useMutation({ mutationFn: async () => await answer(api.POST("/api/operations/{id}/approve", { params: { path } })), onSettled });
  const reject = useMutation({ mutationFn: async () => await answer(api.POST("/api/operations/{id}/reject", { params: { path }, body: { why: why.trim() === "" ? null : why.trim() } })), onSettled });
  const pending = approve.isPending || reject.isPending;
  const problem = approve.error ?? reject.error;
  return (
    <li className="space-y-2 border-t border-line p-4 first:border-t-0">
      <p className="flex flex-wrap items-center gap-x-3">
        <Link to="/operations/$id" params={{ id: operation.id }} className="font-semibold text-accent underline">
          {text.kind[operation.kind]}
        </Link>
        <strong>
          <Money major={operation.amount} currency={operation.currency} />
        </strong>
        {operation.payment_id === null ? null : (
          <Link to="/payments/$id" params={{ id: operation.payment_id }} className="foreign font-mono text-sm text-accent underline">
            {operation.payment_id}
          </Link>
        )}
        <span className="text-muted">
          {text.approvals.asked(operation.asked_by)} · <Time at={operation.created} only="ago" />
        </span>
      </p>
      {operation.note === null ? null : <p className="foreign-wrap text-muted">{operation.note}</p>}
      {problem === null ? null : <ProblemBox error={problem} />}
      {own ? <p className="text-sm text-muted">{text.approvals.own}</p> : null}
      {may ? null : <p className="text-sm text-muted">{frame.needs(frame.role.operator, frame.role[role])}</p>}
      <div className="flex flex-wrap items-end gap-2">
        <div className="w-64 max-w-full">
          <TextField label={text.approvals.why} value={why} onChange={(event) => setWhy(event.target.value)} disabled={!may || own || pending} maxLength={500} />
        </div>
        <Button onClick={() => reject.mutate()} disabled={!may || own || pending} busy={reject.isPending ? text.approvals.rejecting : false}>
          {text.approvals.reject}
        </Button>
        <Button look="danger" onClick={() => approve.mutate()} disabled={!may || own || pending} busy={approve.isPending ? text.approvals.approving : false}>
          {text.approvals.approve}
        </Button>
      </div>
    </li>
  );
}

/** What a second person has to decide; nothing is shown while nothing waits. */
export function Approvals() {
  const { data } = useQuery({ queryKey: ["operations", "waiting"], queryFn: ({ signal }) => readWaiting(signal), refetchInterval: 10_000 });
  if (data === undefined || data.length === 0) return null;
  return (
    <Card title={text.approvals.title} flush className="mb-4">
      <ul>
        {data.map((operation) => (
          <Decision key={operation.id} operation={operation} />
        ))}
      </ul>
    </Card>
  );
}
