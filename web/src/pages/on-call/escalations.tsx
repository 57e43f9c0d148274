import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";
import { text } from "../../text/on-call.ts";
import { Card } from "../../ui/card.tsx";
import { JsonBlock } from "../../ui/copy.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { durationWords } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import type { Person } from "./read.ts";

const EXAMPLE = `oncall:
  policies:
    standard:
      rounds: 3
      steps:
        - {notify: [rotation primary], wait: 5m}
        - {notify: [channel team], wait: 10m}
notify:
  route:
    routes:
      - name: critical
        match: [severity=CRITICAL]
        escalate: standard`;

const words = text.escalation;

/** The chains, step by step. */
export function Escalations({ people }: { people: readonly Person[] }) {
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["escalations"], queryFn: async ({ signal }) => (await answer(api.GET("/api/escalations", { signal }))).data });
  return (
    <Card title={words.title}>
      {data === undefined ? (
        error === null ? <Waiting what={words.asking} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
      ) : data.length === 0 ? (
        <div className="space-y-2">
          <p className="text-muted">{words.empty}</p>
          <JsonBlock value={EXAMPLE} label={words.copy} />
        </div>
      ) : (
        <div className="space-y-4">
          {data.map(({ name, rounds, steps, routes }) => (
            <section key={name} aria-label={name}>
              <h3 className="foreign-wrap font-semibold">{name}</h3>
              <ol className="mt-1 space-y-1">
                {steps.map(({ notify, wait_s }, index) => (
                  <li key={index}>
                    <span className="text-muted">{words.step(index + 1)}:</span> <span className="foreign-wrap">{notify.map(({ kind, name: target }) => words.kind[kind](kind === "person" ? (people.find(({ id }) => id === target)?.name ?? target) : target)).join(" + ")}</span> <span className="text-muted">{words.wait(durationWords(wait_s * 1000))}</span>
                  </li>
                ))}
              </ol>
              <p>{words.rounds(rounds)}</p>
              <p className="foreign-wrap text-sm text-muted">{routes.length === 0 ? words.unused : words.routes(routes.join(", "))}</p>
            </section>
          ))}
          <p className="text-sm text-muted">{words.frozen}</p>
        </div>
      )}
    </Card>
  );
}
