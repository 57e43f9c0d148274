import { Link, useNavigate } from "@tanstack/react-router";
import { useParam } from "../../frame/filters.ts";
import { useKeys } from "../../frame/keyboard.ts";
import { text } from "../../text/alerts.ts";
import { Card, Facts, PageHead } from "../../ui/card.tsx";
import { JsonBlock } from "../../ui/copy.tsx";
import { NotYet } from "../../ui/not-yet.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Act } from "./act.tsx";
import { AlertPicture } from "./picture.tsx";
import { type Alert, useAlert } from "./read.ts";
import { stateOf } from "./state.ts";

function number(value: number): string {
  return value.toLocaleString(undefined, { maximumFractionDigits: 2 });
}

/** What is wrong, what is usual, since when, what it costs, and what to do first. */
function Explanation({ alert }: { alert: Alert }) {
  return (
    <Card>
      <p className="foreign-wrap text-lg">{alert.summary}</p>
      {alert.details.length === 0 ? null : (
        <ul className="foreign-wrap mt-2 list-disc space-y-1 pl-5 text-muted">
          {alert.details.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      <p className="mt-3">
        <span className="text-muted">{text.stake}: </span>
        <strong className="tabular">{alert.stake?.text ?? text.noStake}</strong>
      </p>
      {alert.todo.length === 0 ? null : (
        <>
          <h2 className="mt-3 font-semibold">{text.todo}</h2>
          <ol className="foreign-wrap mt-1 list-decimal space-y-1 pl-5">
            {alert.todo.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ol>
        </>
      )}
    </Card>
  );
}

function Evidence({ evidence }: { evidence: NonNullable<Alert["evidence"]> }) {
  const names = text.evidenceFacts;
  const { of, expected, low, high, threshold, probability, scope, events } = evidence;
  return (
    <Card title={text.evidence}>
      <Facts
        facts={[
          [names.window, <span key="w"><Time at={evidence.from} only="absolute" /> – <Time at={evidence.until} only="absolute" /></span>],
          [names.seen, `${number(evidence.seen)}${of === null ? "" : ` ${names.of} ${number(of)}`} (${text.measure[evidence.measure] ?? evidence.measure})`],
          ...(expected === null ? [] : ([[names.expected, number(expected)]] as const)),
          ...(low === null || high === null ? [] : ([[names.band, `${number(low)} – ${number(high)}`]] as const)),
          ...(threshold === null ? [] : ([[names.threshold, number(threshold)]] as const)),
          ...(probability === null ? [] : ([[names.probability, text.chance(probability)]] as const)),
          ...(scope === null ? [] : ([[names.scope, `${scope.dimension}: ${scope.value}`]] as const)),
        ]}
      />
      <h3 className="mt-3 font-semibold">{text.events}</h3>
      {events.length === 0 ? (
        <p className="text-muted">{text.noEvents}</p>
      ) : (
        <ul className="mt-1 space-y-1">
          {events.map((id) => (
            <li key={id}>
              <Link to="/events/$id" params={{ id }} className="foreign font-mono text-sm text-accent underline">
                {id}
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function TimeLine({ alert }: { alert: Alert }) {
  return (
    <Card title={text.timeline}>
      <ol className="space-y-3">
        {alert.timeline.map((line) => (
          <li key={`${line.at} ${line.kind} ${line.reason ?? ""}`}>
            <p className="foreign-wrap">
              <strong>{text.kind[line.kind]}</strong> {line.reason === null ? null : `· ${line.reason}`}
            </p>
            <p className="text-sm text-muted">
              <Time at={line.at} seconds /> · <span className="foreign-wrap">{line.by}</span>
            </p>
          </li>
        ))}
      </ol>
    </Card>
  );
}

function Told({ alert }: { alert: Alert }) {
  return (
    <Card title={text.notices}>
      {alert.notices.length === 0 ? (
        <p className="text-muted">{text.noNotices}</p>
      ) : (
        <ul className="space-y-3">
          {alert.notices.map((notice) => (
            <li key={notice.id}>
              <p className="foreign-wrap">{notice.title}</p>
              <p className="text-sm text-muted">
                <Time at={notice.at} /> · {notice.status}
              </p>
              {notice.deliveries.map((delivery) => (
                <p key={delivery.channel} className="foreign-wrap text-sm">
                  {delivery.channel}: {delivery.state}
                  {delivery.error === null ? "" : ` (${delivery.error})`}
                </p>
              ))}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Before({ alert }: { alert: Alert }) {
  return (
    <Card title={text.previous}>
      {alert.previous.length === 0 ? (
        <p className="text-muted">{text.noPrevious}</p>
      ) : (
        <ul className="space-y-2">
          {alert.previous.map((one) => (
            <li key={one.id}>
              <Link to="/alerts/$id" params={{ id: String(one.id) }} className="foreign-wrap underline">
                {one.summary}
              </Link>
              <p className="text-sm text-muted">
                <Time at={one.fired_at} />
                {one.feedback === null ? "" : ` · ${text.judged[one.feedback]}`}
              </p>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

export default function AlertPage() {
  const query = useAlert(useParam("id"));
  const { data } = query;
  const navigate = useNavigate();
  useKeys({ single: { Escape: () => void navigate({ to: "/alerts" }) } });
  if (data === undefined) return <NotYet title={text.one} what={text.asking} lines={10} query={query} />;
  const { acknowledged } = data;
  return (
    <>
      <PageHead title={`${data.drill ? `${text.drill}: ` : ""}${data.title}`} lead={text.severity[data.severity]}>
        <StateBadge state={stateOf(data)}>{text.state[data.state]}</StateBadge>
      </PageHead>
      <div className="grid gap-4 lg:grid-cols-[minmax(0,2fr)_minmax(0,1fr)]">
        <div className="min-w-0 space-y-4">
          <Explanation alert={data} />
          <AlertPicture alert={data} />
          <TimeLine alert={data} />
        </div>
        <div className="min-w-0 space-y-4">
          <Act alert={data} />
          <Card title={text.known}>
            <Facts
              facts={[
                [text.facts.rule, data.rule],
                [text.facts.subject, data.subject],
                [text.facts.started, <Time key="s" at={data.started_at} />],
                [text.facts.fired, <Time key="f" at={data.fired_at} />],
                [text.facts.resolved, <Time key="r" at={data.resolved_at} />],
                [text.facts.acknowledged, acknowledged === null ? "–" : <span key="a" className="foreign-wrap">{acknowledged.by} · <Time at={acknowledged.at} /></span>],
              ]}
            />
          </Card>
          {data.evidence === null ? null : <Evidence evidence={data.evidence} />}
          <Told alert={data} />
          <Before alert={data} />
          <Card>
            <details>
              <summary>{text.json}</summary>
              <JsonBlock value={data} label={text.json} />
            </details>
          </Card>
        </div>
      </div>
    </>
  );
}
