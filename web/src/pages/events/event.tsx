import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { answer, api } from "../../api/client.ts";
import { useParam } from "../../frame/filters.ts";
import { useKeys } from "../../frame/keyboard.ts";
import { text } from "../../text/events.ts";
import { Card, Facts, PageHead } from "../../ui/card.tsx";
import { CopyText, JsonBlock } from "../../ui/copy.tsx";
import { NotYet } from "../../ui/not-yet.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { changesBetween } from "./changes.ts";
import { STATE_OF } from "./state.ts";

function useEvent(id: string | null) {
  return useQuery({ queryKey: ["event", id], queryFn: async ({ signal }) => (await answer(api.GET("/api/events/{id}", { params: { path: { id: id ?? "" } }, signal }))).data, enabled: id !== null, staleTime: 10_000 });
}

function objectOf(body: Record<string, unknown> | undefined): Record<string, unknown> {
  const data = body?.["data"];
  const object = typeof data === "object" && data !== null && "object" in data ? data.object : null;
  return typeof object === "object" && object !== null ? (object as Record<string, unknown>) : {};
}

/** The payment that an object belongs to, where the object says so itself. */
function paymentOf(object: Record<string, unknown>): string | null {
  const candidates = [object["id"], object["payment_intent"], object["charge"]];
  const found = candidates.find((id) => typeof id === "string" && /^(pi|ch|py)_/.test(id));
  return typeof found === "string" ? found : null;
}

function Changes({ previous, body }: { previous: string | null; body: Record<string, unknown> }) {
  const before = useEvent(previous);
  if (previous === null) return <p className="text-muted">{text.noPrevious}</p>;
  if (before.data === undefined) return before.error === null ? <Waiting what={text.previous} /> : <ProblemBox error={before.error} retry={() => void before.refetch()} />;
  const changes = changesBetween(objectOf(before.data.body), objectOf(body));
  return (
    <>
      <p className="mb-2">
        {text.previous}:{" "}
        <Link to="/events/$id" params={{ id: previous }} className="text-accent underline">
          {before.data.event_type}
        </Link>{" "}
        <span className="text-sm text-muted">
          <Time at={before.data.created} />
        </span>
      </p>
      {changes.length === 0 ? (
        <p className="text-muted">{text.same}</p>
      ) : (
        <div tabIndex={0} role="region" aria-label={text.changes} className="max-h-80 overflow-auto">
          <table className="w-full text-left text-sm">
            <thead>
              <tr className="text-muted">
                <th scope="col">{text.path}</th>
                <th scope="col">{text.was}</th>
                <th scope="col">{text.is}</th>
              </tr>
            </thead>
            <tbody>
              {changes.slice(0, 300).map(({ path, was, is }) => (
                <tr key={path} className="border-t border-line align-top">
                  <th scope="row" className="py-1 pr-3 font-mono font-normal">
                    {path}
                  </th>
                  <td className="foreign-wrap py-1 pr-3 text-critical">{was ?? text.nothingThere}</td>
                  <td className="foreign-wrap py-1 text-fine">{is ?? text.nothingThere}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  );
}

export default function EventPage() {
  const id = useParam("id");
  const query = useEvent(id);
  const { data } = query;
  const navigate = useNavigate();
  useKeys({ single: { Escape: () => void navigate({ to: "/events" }) } });
  if (data === undefined) return <NotYet title={text.one} what={text.asking} lines={10} query={query} />;
  const payment = paymentOf(objectOf(data.body));
  return (
    <>
      <PageHead title={data.event_type} lead={<CopyText value={data.event_id} />}>
        <span title={text.statusHint[data.status]}>
          <StateBadge state={STATE_OF[data.status]}>{text.status[data.status]}</StateBadge>
        </span>
      </PageHead>
      <div className="grid gap-4 lg:grid-cols-2">
        <Card title={text.facts}>
          <Facts
            facts={[
              [text.created, <Time key="c" at={data.created} seconds />],
              [text.received, <Time key="r" at={data.ts} seconds />],
              [text.object, data.object_id === null ? "–" : <CopyText key="o" value={data.object_id} />],
              ...(payment === null ? [] : ([[text.payment, <Link key="p" to="/payments/$id" params={{ id: payment }} className="text-accent underline">{text.openPayment}</Link>]] as const)),
              [text.source, text.sources[data.source]],
              [text.mode, data.mode],
              [text.version, data.api_version ?? "–"],
              ...(data.account === null ? [] : ([[text.account, <CopyText key="a" value={data.account} />]] as const)),
              ...(data.error === undefined ? [] : ([[text.error, <span key="e" className="foreign-wrap text-critical">{data.error}</span>]] as const)),
            ]}
          />
        </Card>
        <Card title={text.changes}>
          <Changes previous={data.previous} body={data.body} />
        </Card>
        <Card title={text.raw} className="lg:col-span-2">
          <JsonBlock value={data.body} label={text.raw} />
        </Card>
        {data.variants.map((variant) => (
          <Card key={variant.received_at} title={text.variants} className="lg:col-span-2">
            <p className="mb-2 text-muted">{text.variant(variant.received_at)}</p>
            <JsonBlock value={variant.body} label={text.variants} />
          </Card>
        ))}
      </div>
    </>
  );
}
