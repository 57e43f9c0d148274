import { useQuery } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";
import { text } from "../../text/silences.ts";
import { Card } from "../../ui/card.tsx";
import { JsonBlock } from "../../ui/copy.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";

const EXAMPLE = `notify:
  maintenance:
    nightly_import:
      match: [subject=ingest]
      times:
        - hours: ["03:00-03:30"]`;

const words = text.maintenance;

/** The windows that recur: as configured, and when each is next. */
export function Maintenance() {
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["maintenance"], queryFn: async ({ signal }) => (await answer(api.GET("/api/maintenance", { signal }))).data, refetchInterval: 60_000 });
  return (
    <Card title={words.title}>
      {data === undefined ? (
        error === null ? <Waiting what={words.title} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
      ) : data.length === 0 ? (
        <div className="max-w-2xl space-y-2">
          <p className="text-muted">{words.nothing}</p>
          <JsonBlock value={EXAMPLE} label={words.copy} />
        </div>
      ) : (
        <>
          <p className="mb-2 text-muted">{words.body}</p>
          <ul>
            {data.map(({ name, matchers, times, active, next }) => (
              <li key={name} className="border-t border-line py-2 first:border-t-0">
                <p className="flex flex-wrap items-center gap-2">
                  <strong className="foreign-wrap">{name.replaceAll("_", " ")}</strong>
                  <StateBadge state={active ? "attention" : "unknown"}>{active ? words.active : next === null ? words.none : words.coming}</StateBadge>
                  <code className="foreign-wrap font-mono text-sm">{matchers.map((one) => one.text).join(", ")}</code>
                </p>
                {times.map(({ time_zone, weekdays, hours, dates }) => (
                  <p key={JSON.stringify([time_zone, weekdays, hours, dates])} className="text-sm">
                    {dates.length > 0 ? dates.join(", ") : weekdays.length === 0 ? words.everyDay : weekdays.map((day) => words.weekdays[day - 1]).join(", ")}, {hours.length === 0 ? words.wholeDay : hours.join(", ")} ({time_zone})
                  </p>
                ))}
                {next === null ? null : (
                  <p className="text-sm text-muted">
                    {active ? text.until.to : words.next}: <Time at={active ? next.ends_at : next.starts_at} />
                  </p>
                )}
              </li>
            ))}
          </ul>
        </>
      )}
    </Card>
  );
}
