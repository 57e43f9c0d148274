import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { text } from "../../text/validation.ts";
import { Button } from "../../ui/button.tsx";
import { Card, PageHead } from "../../ui/card.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner, StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";

async function read(fresh: boolean, signal: AbortSignal) {
  return await answer(api.GET("/api/validation", { params: { query: fresh ? { fresh: "true" as const } : {} }, signal }));
}
type Check = Awaited<ReturnType<typeof read>>["checks"][number];

const STATE = { PASS: "fine", WARN: "attention", FAIL: "critical" } as const;

function Line({ check }: { check: Check }) {
  return (
    <li className="grid gap-x-4 gap-y-1 border-t border-line py-2 first:border-t-0 md:grid-cols-[6.5rem_14rem_minmax(0,1fr)]">
      <span>
        <StateBadge state={STATE[check.grade]}>{text.grade[check.grade]}</StateBadge>
      </span>
      <span className="font-medium">{check.title}</span>
      <div className="min-w-0">
        <p className="foreign-wrap">{check.found}</p>
        {check.todo.length === 0 ? null : (
          <ul className="mt-1 list-disc pl-5">
            {check.todo.map((todo) => (
              <li key={todo} className="foreign-wrap">
                {todo}
              </li>
            ))}
          </ul>
        )}
        {check.details.length === 0 ? null : (
          <ul className="mt-1 list-disc pl-5 text-sm text-muted">
            {check.details.map((detail) => (
              <li key={detail} className="foreign-wrap">
                {detail}
              </li>
            ))}
          </ul>
        )}
      </div>
    </li>
  );
}

/** The report card of the installation. */
export default function Validation() {
  const [looks, setLooks] = useState(0);
  const [all, setAll] = useState(true);
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["validation", looks], placeholderData: keepPreviousData, staleTime: 300_000, queryFn: ({ signal }) => read(looks > 0, signal) });
  const checks = data?.checks.filter(({ grade }) => all || grade !== "PASS") ?? [];
  const areas = [...new Set(checks.map(({ area }) => area))];
  return (
    <>
      <PageHead title={text.title} lead={text.lead}>
        <Button onClick={() => setLooks(looks + 1)} busy={isFetching ? text.looking : false}>
          {text.again}
        </Button>
        <a href="/api/validation/html" target="_blank" rel="noopener" className="text-accent underline">
          {text.print}
        </a>
      </PageHead>
      {data === undefined ? (
        error === null ? (
          <Waiting what={text.asking} lines={10} />
        ) : (
          <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
        )
      ) : (
        <div className="space-y-4">
          <Banner state={STATE[data.verdict]} title={text.verdict[data.verdict]}>
            <p>{text.counts(data.counts.pass, data.counts.warn, data.counts.fail)}</p>
            <p className="text-sm text-muted">
              {text.found} <Time at={data.ts} />
            </p>
            <Button small look="quiet" onClick={() => setAll(!all)}>
              {all ? text.fewer : text.all}
            </Button>
          </Banner>
          {areas.length === 0 ? <Empty title={text.nothing.title}>{text.nothing.body}</Empty> : null}
          {areas.map((area) => (
            <Card key={area} title={area}>
              <ul>
                {checks
                  .filter((check) => check.area === area)
                  .map((check) => (
                    <Line key={check.name} check={check} />
                  ))}
              </ul>
            </Card>
          ))}
        </div>
      )}
    </>
  );
}
