import { Link } from "@tanstack/react-router";
import { useParam } from "../../frame/filters.ts";
import { text } from "../../text/operations.ts";
import { Card, Facts, PageHead } from "../../ui/card.tsx";
import { CopyText, JsonBlock } from "../../ui/copy.tsx";
import { Money } from "../../ui/money.tsx";
import { NotYet } from "../../ui/not-yet.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Approvals } from "./approvals.tsx";
import { STATE_OF, useOperation } from "./progress.tsx";

/** One operation with its time line, renewed until nothing more happens by itself. */
export default function OperationPage() {
  const id = useParam("id");
  const query = useOperation(id);
  const { data } = query;
  if (data === undefined) return <NotYet title={text.title} what={text.asking} lines={8} query={query} />;
  return (
    <>
      <PageHead title={text.kind[data.kind]} lead={<CopyText value={data.id} />}>
        <StateBadge state={STATE_OF[data.state]}>{text.state[data.state]}</StateBadge>
      </PageHead>
      {data.state === "awaiting_approval" ? <Approvals /> : null}
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title={text.what}>
          <Facts
            facts={[
              [text.amount, <Money key="a" major={data.amount} currency={data.currency} />],
              [text.payment, data.payment_id === null ? "–" : <Link key="p" to="/payments/$id" params={{ id: data.payment_id }} className="font-mono text-sm text-accent underline">{data.payment_id}</Link>],
              [text.object, data.object_id === null ? "–" : <CopyText key="o" value={data.object_id} />],
              [text.asked, data.asked_by],
              [text.decided, data.decided_by ?? "–"],
              [text.when, <Time key="t" at={data.created} />],
              [text.reason, data.reason ?? "–"],
              [text.note, <span key="n" className="foreign-wrap">{data.note ?? "–"}</span>],
              ...(data.error === null ? [] : ([[text.error, <span key="e" className="foreign-wrap text-critical">{data.error}</span>]] as const)),
            ]}
          />
        </Card>
        <Card title={text.timeline}>
          <ol className="space-y-3 border-l-2 border-line pl-4">
            {data.timeline.map((step) => (
              <li key={`${step.ts} ${step.what}`}>
                <p className="font-medium">{step.what.replaceAll("_", " ")}</p>
                <p className="foreign-wrap">{step.text}</p>
                <p className="text-sm text-muted">
                  <Time at={step.ts} seconds /> {step.by === null ? "" : `· ${step.by}`}
                </p>
              </li>
            ))}
          </ol>
        </Card>
        <Card title={text.json} className="lg:col-span-2">
          <JsonBlock value={data} label={text.json} />
        </Card>
      </div>
    </>
  );
}
