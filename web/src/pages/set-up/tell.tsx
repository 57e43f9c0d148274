import { Link } from "@tanstack/react-router";
import { text as backups } from "../../text/backups.ts";
import { text as channelWords } from "../../text/channels.ts";
import { text } from "../../text/set-up.ts";
import { ProblemBox } from "../../ui/problem.tsx";
import { type State, StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { Hops, OUTCOME, StartAlertDrill } from "../backups/alert-drill.tsx";
import { useAlertDrills } from "../backups/read.ts";
import { type Channel, useChannels } from "../channels/read.ts";
import { STATE_OF } from "../channels/state.ts";
import { TestChannel } from "../channels/test.tsx";
import { Step } from "./step.tsx";

/** Fine only when something truly arrived by one of them. */
function stateOf(channels: readonly Channel[] | undefined): State {
  if (channels === undefined || channels.length === 0) return "unknown";
  if (channels.some(({ state, last_success_at }) => state === "ok" && last_success_at !== null)) return "fine";
  return channels.every(({ state }) => state === "unused") ? "attention" : "critical";
}

function Channels({ channels }: { channels: readonly Channel[] }) {
  return (
    <ul className="space-y-3">
      {channels.map(({ name, kind, state }) => (
        <li key={name} className="space-y-2 border-t border-line pt-3">
          <p className="flex flex-wrap items-center gap-2">
            <strong className="foreign-wrap">{name}</strong>
            <span className="text-muted">{channelWords.kind[kind] ?? kind}</span>
            <StateBadge state={STATE_OF[state]}>{channelWords.state[state]}</StateBadge>
          </p>
          <TestChannel name={name} />
        </li>
      ))}
    </ul>
  );
}

function Drill() {
  const [last] = useAlertDrills().data ?? [];
  return (
    <div className="space-y-2 border-t border-line pt-3">
      <p>{text.tell.drill}</p>
      <StartAlertDrill running={last?.finished_at === null} />
      {last === undefined ? null : (
        <>
          <p className="flex flex-wrap items-center gap-2">
            {text.tell.last}: <StateBadge state={OUTCOME[last.outcome]}>{backups.alert.outcome[last.outcome]}</StateBadge> <Time at={last.started_at} />
          </p>
          <Hops hops={last.hops} />
        </>
      )}
    </div>
  );
}

/** The third step: the way to people, tried out here. */
export function Tell({ judged }: { judged: boolean }) {
  const { data, error, refetch, isFetching } = useChannels();
  const state = error !== null && data === undefined ? "unknown" : stateOf(data);
  return (
    <Step title={text.tell.title} state={state} light={text.tell.light[state]}>
      <p>{text.tell.body}</p>
      {judged ? null : <p className="text-sm text-muted">{text.tell.notJudged}</p>}
      {data === undefined ? (
        error === null ? <Waiting what={text.tell.asking} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
      ) : data.length === 0 ? (
        <p>
          {text.tell.none}{" "}
          <Link to="/settings/channels" className="font-medium text-accent underline">
            {text.tell.add}
          </Link>
        </p>
      ) : (
        <>
          <Channels channels={data} />
          <p>
            <Link to="/settings/channels" className="text-accent underline">
              {text.tell.more}
            </Link>
          </p>
          <Drill />
        </>
      )}
      <p>
        {text.tell.validation}{" "}
        <Link to="/validation" className="text-accent underline">
          {text.tell.validate}
        </Link>
      </p>
    </Step>
  );
}
