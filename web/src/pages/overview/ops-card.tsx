import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useAbout, useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text as operations } from "../../text/operations.ts";
import { text } from "../../text/overview.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { CopyText, JsonBlock } from "../../ui/copy.tsx";
import { TextField } from "../../ui/field.tsx";
import { moneyWords } from "../../ui/money.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { RefundDialog } from "../operations/refund-dialog.tsx";
import { isUnclear, useRequestKey, useUnderway } from "../operations/request-key.ts";

/** The charge of the older system: half a unit of the main currency, paid on Stripe's page. */
const AMOUNT = 0.5;

function Charge() {
  const { may, role } = useMay("operator");
  const currency = useAbout().data?.merchant.currency ?? "usd";
  const queries = useQueryClient();
  const keyOf = useRequestKey();
  const underway = useUnderway();
  const [email, setEmail] = useState("");
  const [round, setRound] = useState(0);
  const body = { amount: AMOUNT, email: email.trim(), description: "Payment", days_until_due: 7, send: false };
  const make = useMutation({
    mutationFn: async () => await answer(api.POST("/api/payments/create-invoice", { body, headers: { "idempotency-key": keyOf({ ...body, round }) } })),
    onSuccess: () => setRound(round + 1),
    onSettled: () => {
      underway.end();
      void queries.invalidateQueries({ queryKey: ["last-events"] });
    },
  });
  return (
    <form
      className="min-w-0"
      onSubmit={(event) => {
        event.preventDefault();
        if (may && underway.begin()) make.mutate();
      }}
    >
      <h3 className="font-medium">{text.ops.charge(moneyWords(AMOUNT, currency))}</h3>
      <p className="mb-2 text-sm text-muted">{may ? text.ops.chargeHint : frame.needs(frame.role.operator, frame.role[role])}</p>
      <div className="flex gap-2">
        <div className="min-w-0 flex-1">
          <TextField quiet label={text.ops.email} placeholder={text.ops.email} type="email" required value={email} onChange={(event) => setEmail(event.target.value)} disabled={!may || make.isPending} />
        </div>
        <Button type="submit" look="primary" disabled={!may} busy={make.isPending ? text.ops.making : false}>
          {text.ops.make}
        </Button>
      </div>
      {make.error === null ? null : (
        <div className="mt-2">
          <ProblemBox error={make.error} money={isUnclear(make.error) ? operations.invoice.unclear : operations.invoice.nothing} />
        </div>
      )}
      {make.data === undefined ? null : (
        <div className="mt-2 space-y-2" role="status">
          <p>
            {text.ops.made(moneyWords(make.data.amount_due ?? AMOUNT, make.data.currency ?? currency))}{" "}
            <a href={make.data.hosted_invoice_url ?? undefined} target="_blank" rel="noopener noreferrer" className="font-medium text-accent underline">
              {operations.invoice.link}
            </a>
          </p>
          <CopyText value={make.data.hosted_invoice_url ?? ""} />
          <details>
            <summary className="text-sm text-muted">{text.ops.json}</summary>
            <JsonBlock value={make.data} label={text.ops.json} />
          </details>
        </div>
      )}
    </form>
  );
}

function LastEvents() {
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ["last-events"],
    queryFn: async ({ signal }) => await answer(api.GET("/api/payments/events", { params: { query: { limit: "10" } }, signal })),
    refetchInterval: 15_000,
    meta: { live: true },
  });
  return (
    <div className="min-w-0">
      <h3 className="mb-1 font-medium">{text.ops.last}</h3>
      {data === undefined ? (
        error === null ? <Waiting what={text.ops.asking} lines={6} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
      ) : data.count === 0 ? (
        <p className="text-muted">{text.ops.none}</p>
      ) : (
        <>
          <ol>
            {data.data.map((event) => (
              <li key={event.event_id} className="flex h-7 items-center justify-between gap-3">
                <Link to="/events/$id" params={{ id: event.event_id }} className="foreign hover:underline">
                  {event.event_type}
                </Link>
                <span className="text-sm whitespace-nowrap text-muted">
                  <Time at={event.ts} only="ago" />
                </span>
              </li>
            ))}
          </ol>
          <details>
            <summary className="text-sm text-muted">{text.ops.json}</summary>
            <JsonBlock value={data} label={text.ops.json} />
          </details>
        </>
      )}
    </div>
  );
}

/** The three actions of the older system's card. */
export function OpsCard() {
  const [refunding, setRefunding] = useState(false);
  return (
    <Card title={text.ops.title}>
      <div className="grid gap-6 md:grid-cols-2">
        <div className="space-y-6">
          <Charge />
          <div>
            <h3 className="font-medium">{text.ops.refund}</h3>
            <p className="mb-2 text-sm text-muted">{text.ops.refundHint}</p>
            <Button onClick={() => setRefunding(true)}>{operations.refund.open}</Button>
          </div>
        </div>
        <LastEvents />
      </div>
      <RefundDialog open={refunding} onClose={() => setRefunding(false)} />
    </Card>
  );
}
