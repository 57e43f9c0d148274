import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answer, api } from "../../api/client.ts";
import { useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/pricing.ts";
import { Button } from "../../ui/button.tsx";
import { Card, PageHead } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner, StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { EffectPicture, STATE_OF } from "./effect.tsx";

async function readStatus(signal: AbortSignal) {
  return await answer(api.GET("/api/pricing", { signal }));
}
type Facts = NonNullable<Awaited<ReturnType<typeof readStatus>>["facts"]>;

function Suggestions() {
  const { data, error, refetch, isFetching, hasNextPage, fetchNextPage } = useInfiniteQuery({
    queryKey: ["pricing", "suggestions"],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) => await answer(api.GET("/api/pricing/suggestions", { params: { query: pageParam === undefined ? {} : { cursor: pageParam } }, signal })),
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    refetchInterval: 10_000,
  });
  if (data === undefined) return error === null ? <Card title={text.suggestions}><Waiting what={text.asking} lines={6} /></Card> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />;
  const all = data.pages.flatMap((page) => page.data);
  if (all.length === 0) return <Empty title={text.none.title}>{text.none.body}</Empty>;
  return (
    <Card title={text.suggestions} flush>
      <ul>
        {all.map((one) => (
          <li key={one.id} className="space-y-1 border-t border-line p-4 first:border-t-0">
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <Link to="/pricing/$id" params={{ id: one.id }} className="foreign-wrap font-semibold text-accent underline">
                {one.title}
              </Link>
              <StateBadge state={one.watch?.verdict === "worse" && one.state === "applied" ? "critical" : STATE_OF[one.state]}>{text.state[one.state]}</StateBadge>
              <span className="text-sm text-muted">
                <Time at={one.created} only="ago" />
              </span>
            </p>
            <EffectPicture low={one.effect.low} median={one.effect.median} high={one.effect.high} />
            <p className="foreign-wrap text-muted">{one.watch === null ? one.effect.text : one.watch.text}</p>
          </li>
        ))}
      </ul>
      {hasNextPage ? (
        <div className="border-t border-line p-3">
          <Button onClick={() => void fetchNextPage()}>{text.more}</Button>
        </div>
      ) : null}
    </Card>
  );
}

function Products({ facts }: { facts: Facts }) {
  return (
    <Card title={text.products} className="mt-4">
      <p className="text-muted">{text.priced(facts.priced, facts.payments)}</p>
      {facts.products.length === 0 ? <p className="mt-2">{text.noProducts}</p> : null}
      <ul className="mt-2">
        {facts.products.map((product) => (
          <li key={`${product.product} ${product.currency}`} className="border-t border-line py-3 first:border-t-0">
            <p className="foreign-wrap font-semibold">
              {product.name} <span className="text-muted">{product.currency.toUpperCase()}</span>
            </p>
            <p className="foreign-wrap">{product.finding.text}</p>
            <ul className="mt-1 text-sm text-muted">
              {product.points.map((point) => (
                <li key={point.unit_amount.minor} className="tabular">
                  {text.columns.price} {point.unit_amount.text}: {text.columns.offered.toLowerCase()} {point.offers.toLocaleString()}, {text.columns.paid.toLowerCase()} {point.paid.toLocaleString()}, {text.columns.taken.toLowerCase()} {point.captured.text}
                </li>
              ))}
            </ul>
          </li>
        ))}
      </ul>
    </Card>
  );
}

/** Suggestions and their state; what the figures of each product say, which mostly is how much is missing. */
export default function Pricing() {
  const { may, role } = useMay("operator");
  const queries = useQueryClient();
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["pricing"], queryFn: ({ signal }) => readStatus(signal), refetchInterval: 30_000 });
  const run = useMutation({ mutationFn: async () => await answer(api.POST("/api/pricing/run")), onSettled: () => void queries.invalidateQueries() });
  if (data === undefined) {
    return (
      <>
        <PageHead title={text.title} lead={text.lead} />
        {error === null ? <Waiting what={text.asking} lines={8} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />}
      </>
    );
  }
  return (
    <>
      <PageHead title={text.title} lead={text.lead}>
        {data.last_run === null ? null : (
          <span className="text-sm text-muted">
            {text.lastRun} <Time at={data.last_run} only="ago" />
          </span>
        )}
        {data.enabled ? (
          <Button onClick={() => run.mutate()} disabled={!may} title={may ? undefined : frame.needs(frame.role.operator, frame.role[role])} busy={run.isPending ? text.starting : false}>
            {text.run}
          </Button>
        ) : null}
      </PageHead>
      {run.error === null ? null : <ProblemBox error={run.error} />}
      {run.isSuccess ? <Banner state="unknown">{text.begun}</Banner> : null}
      {data.enabled ? null : (
        <div className="mb-4">
          <Empty title={text.off.title}>
            {text.off.body} {text.off.still}
          </Empty>
        </div>
      )}
      {data.enabled && data.facts === null ? <Empty title={text.never.title}>{text.never.body}</Empty> : null}
      {data.enabled || data.facts !== null ? <Suggestions /> : null}
      {data.facts === null ? null : <Products facts={data.facts} />}
    </>
  );
}
