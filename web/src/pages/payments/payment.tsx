import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useParam } from "../../frame/filters.ts";
import { useKeys } from "../../frame/keyboard.ts";
import { text as operations } from "../../text/operations.ts";
import { text } from "../../text/payments.ts";
import { Button } from "../../ui/button.tsx";
import { Card, Facts, PageHead } from "../../ui/card.tsx";
import { classes } from "../../ui/classes.ts";
import { CopyText, JsonBlock } from "../../ui/copy.tsx";
import { Money } from "../../ui/money.tsx";
import { NotYet } from "../../ui/not-yet.tsx";
import { Banner, StateBadge, StateIcon } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { RefundDialog } from "../operations/refund-dialog.tsx";
import { type Payment, useOperationsOf, usePayment, useReceiptsOf } from "./read.ts";
import { STATE_OF } from "./state.ts";
import { type Line, storyOf } from "./story.ts";

/** captured − refunded − disputed = left, always. */
function Sum({ payment }: { payment: Payment }) {
  const { currency } = payment;
  const part = (words: string, major: number | null, strong = false) => (
    <span className={classes("text-center", strong && "font-semibold")}>
      <span className="block text-lg">
        <Money major={major} currency={currency} />
      </span>
      <span className="text-sm text-muted">{words}</span>
    </span>
  );
  const sign = (words: string) => <span className="text-lg text-muted">{words}</span>;
  return (
    <Card>
      <p aria-label={text.sum} className="flex flex-wrap items-start justify-around gap-3">
        {part(text.captured, payment.captured)}
        {sign("−")}
        {part(text.refunded, payment.refunded)}
        {sign("−")}
        {part(text.disputed, payment.disputed)}
        {sign("=")}
        {part(text.left, payment.left, true)}
      </p>
    </Card>
  );
}

function StoryLine({ line }: { line: Line }) {
  const small = line.kind === "event";
  return (
    <li className="relative pl-8">
      <span className="absolute top-0.5 left-0 z-1 bg-surface">
        {small ? <span className="mx-[5px] my-1.5 block size-2 rounded-full bg-line-strong" /> : <StateIcon state={line.state} size={18} />}
      </span>
      <p className={classes("foreign-wrap", small ? "text-sm text-muted" : "font-medium")}>
        <span className="sr-only">{text.kind[line.kind]}: </span>
        {line.link === null ? line.words : <Link to={line.link.to} params={{ id: line.link.id }} className="underline">{line.words}</Link>}
      </p>
      <p className="flex flex-wrap items-center gap-x-3 text-sm text-muted">
        <Time at={line.at} seconds {...(small ? { only: "absolute" as const } : {})} />
        {line.id === "" || small ? null : <CopyText value={line.id} />}
      </p>
    </li>
  );
}

export default function PaymentPage() {
  const id = useParam("id");
  const query = usePayment(id);
  const { data } = query;
  const ops = useOperationsOf(data?.id).data ?? [];
  const charges = (data?.attempts ?? []).filter(({ kind, outcome }) => kind === "charge" && outcome === "succeeded").map((attempt) => attempt.id);
  const mails = useReceiptsOf(charges.filter((charge) => /^(ch|py)_/.test(charge))).data ?? [];
  const [refunding, setRefunding] = useState(false);
  const navigate = useNavigate();
  useKeys({ single: { Escape: () => void navigate({ to: "/payments" }) } });
  if (data === undefined) return <NotYet title={text.one} what={text.asking} lines={10} query={query} />;
  return (
    <>
      <PageHead title={text.one} lead={<CopyText value={data.id} />}>
        <StateBadge state={STATE_OF[data.status]}>{text.status[data.status]}</StateBadge>
        <Button look="danger" onClick={() => setRefunding(true)} disabled={(data.left ?? 0) <= 0 || !/^(pi|ch|py)_/.test(data.id)}>
          {operations.refund.open}
        </Button>
      </PageHead>
      {data.cut ? <Banner state="attention" title={text.cut} /> : null}
      <div className="space-y-4">
        <Sum payment={data} />
        <div className="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
          <Card title={text.timeline}>
            <ol className="relative space-y-3 before:absolute before:top-2 before:bottom-2 before:left-[8px] before:w-0.5 before:bg-line">
              {storyOf(data, ops, mails).map((line) => (
                <StoryLine key={line.key} line={line} />
              ))}
            </ol>
            {data.more_events ? (
              <p className="mt-3">
                {text.moreEvents}{" "}
                <Link to="/events" search={{ q: data.id }} className="text-accent underline">
                  {text.allEvents}
                </Link>
              </p>
            ) : null}
          </Card>
          <div className="space-y-4">
            <Card title={text.facts}>
              <Facts
                facts={[
                  [text.email, data.email === null ? "–" : <Link key="e" to="/payments" search={{ q: data.email }} className="foreign-wrap text-accent underline">{data.email}</Link>],
                  [text.customer, data.customer === null ? "–" : <CopyText key="c" value={data.customer} />],
                  [text.method, [data.brand ?? data.method, data.last4 === null ? null : `•••• ${data.last4}`].filter(Boolean).join(" ") || "–"],
                  [text.country, data.country ?? "–"],
                  [text.invoice, data.invoice === null ? "–" : <CopyText key="i" value={data.invoice} />],
                  ...(data.account === null ? [] : ([[text.account, <CopyText key="a" value={data.account} />]] as const)),
                  [text.created, <Time key="t" at={data.created} />],
                  [text.updated, <Time key="u" at={data.updated} />],
                ]}
              />
            </Card>
            <Card>
              <details>
                <summary>{text.json}</summary>
                <JsonBlock value={data} label={text.json} />
              </details>
            </Card>
          </div>
        </div>
      </div>
      <RefundDialog open={refunding} onClose={() => setRefunding(false)} payment={data.id} />
    </>
  );
}
