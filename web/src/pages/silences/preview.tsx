import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answer, api } from "../../api/client.ts";
import { text } from "../../text/silences.ts";
import { useDebounced } from "../../ui/debounced.ts";
import { ProblemBox } from "../../ui/problem.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";

export interface Matcher {
  readonly label: string;
  readonly op: "=" | "!=";
  readonly value: string;
}

const STILL_MS = 300;
const SHOWN = 8;

interface Shown {
  readonly id: number;
  readonly title: string;
  readonly at: string;
}

function Alerts({ alerts }: { alerts: readonly Shown[] }) {
  return (
    <ul className="mt-1 space-y-1">
      {alerts.slice(0, SHOWN).map(({ id, title, at }) => (
        <li key={id} className="flex flex-wrap gap-x-2">
          <Link to="/alerts/$id" params={{ id: String(id) }} className="foreign-wrap text-accent underline">
            {title}
          </Link>
          <span className="text-sm text-muted">
            <Time at={at} only="absolute" />
          </span>
        </li>
      ))}
      {alerts.length > SHOWN ? <li className="text-muted">{text.preview.more(alerts.length - SHOWN)}</li> : null}
    </ul>
  );
}

/** What a silence with these conditions mutes now and would have muted in the last week; asked for when they are still. */
export function Preview({ matchers }: { matchers: readonly Matcher[] }) {
  const still = useDebounced(matchers, STILL_MS);
  const { data, error, refetch, isFetching } = useQuery({
    queryKey: ["silences", "preview", still],
    queryFn: async ({ signal }) => (await answer(api.POST("/api/silences/preview", { body: { matchers: still.map((one) => ({ ...one })) }, signal }))).data,
    enabled: still.length > 0,
    placeholderData: (before) => before,
  });
  return (
    <section aria-label={text.preview.title} aria-live="polite" className="min-h-24 rounded-md border border-line bg-sunken p-3">
      <h3 className="font-medium">{text.preview.title}</h3>
      {still.length === 0 ? (
        <p className="text-muted">{text.preview.wait}</p>
      ) : error !== null ? (
        <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
      ) : data === undefined ? (
        <Waiting what={text.preview.asking} />
      ) : (
        <div className="space-y-2">
          <div>
            <p>{text.preview.firing(data.firing.length)}</p>
            <Alerts alerts={data.firing.map(({ id, title, started_at }) => ({ id, title, at: started_at }))} />
          </div>
          <div>
            <p>{text.preview.past(data.past.length, data.looked_back_days, data.past.reduce((sum, { notices }) => sum + notices, 0))}</p>
            <Alerts alerts={data.past.map(({ id, title, fired_at }) => ({ id, title, at: fired_at }))} />
          </div>
          {data.incomplete ? <p className="text-sm text-muted">{text.preview.incomplete}</p> : null}
        </div>
      )}
    </section>
  );
}
