import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { answer, api } from "../../api/client.ts";
import { useMay } from "../../frame/who.ts";
import { text } from "../../text/channels.ts";
import { text as frame } from "../../text/frame.ts";
import { Button } from "../../ui/button.tsx";
import { Card, Facts, PageHead } from "../../ui/card.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner, StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { AddChannel } from "./add.tsx";
import { type Channel, useChannels, useLastNotice } from "./read.ts";
import { STATE_OF } from "./state.ts";
import { TestChannel } from "./test.tsx";

function LastNotice({ channel }: { channel: string }) {
  const { data, error, refetch } = useLastNotice(channel);
  if (data === undefined) return error === null ? <span className="text-muted">…</span> : <button type="button" className="text-accent underline" onClick={() => void refetch()}>{frame.problem.retry}</button>;
  if (data === null) return <span className="text-muted">{text.noNotice}</span>;
  const delivery = data.deliveries.find((one) => one.channel === channel);
  const [alert] = data.alerts;
  return (
    <span>
      {alert === undefined ? <span className="foreign-wrap">{data.title}</span> : <Link to="/alerts/$id" params={{ id: String(alert.id) }} className="foreign-wrap text-accent underline">{data.title}</Link>}
      <span className="block text-sm text-muted">
        {delivery === undefined ? "" : `${text.delivery[delivery.state]} · `}
        <Time at={data.created_at} />
      </span>
    </span>
  );
}

function Enable({ name }: { name: string }) {
  const { may, role } = useMay("operator");
  const queries = useQueryClient();
  const enable = useMutation({
    mutationFn: async () => await answer(api.POST("/api/channels/{name}/enable", { params: { path: { name } } })),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["channels"] }),
  });
  return (
    <div className="space-y-2">
      <p>{text.stopped}</p>
      <Button small onClick={() => enable.mutate()} disabled={!may} title={may ? undefined : frame.needs(frame.role.operator, frame.role[role])} busy={enable.isPending ? text.enabling : false}>
        {text.enable}
      </Button>
      {enable.error === null ? null : <ProblemBox error={enable.error} />}
    </div>
  );
}

function OneChannel({ channel }: { channel: Channel }) {
  const { name, kind, person, state, waiting } = channel;
  const why = channel.disabled_why ?? channel.last_error;
  return (
    <Card title={<span className="flex flex-wrap items-baseline gap-x-2"><span className="foreign-wrap">{name}</span> <span className="text-sm font-normal text-muted">{text.kind[kind] ?? kind} · {person === null ? text.shared : text.personal(person)}</span></span>} action={<StateBadge state={STATE_OF[state]}>{text.state[state]}</StateBadge>}>
      <div className="space-y-3">
        {state === "disabled" ? <Enable name={name} /> : null}
        <Facts
          facts={[
            [text.fact.notice, <LastNotice key="n" channel={name} />],
            [text.fact.arrived, channel.last_success_at === null ? text.never : <Time key="s" at={channel.last_success_at} />],
            ...(channel.last_failure_at === null ? [] : ([[text.fact.failed, <Time key="f" at={channel.last_failure_at} />]] as const)),
            ...(why === null ? [] : ([[text.fact.why, <span key="w" className="foreign-wrap">{why}</span>]] as const)),
            ...(channel.next_try_at === null ? [] : ([[text.fact.next, <Time key="t" at={channel.next_try_at} />]] as const)),
            [text.fact.waiting, waiting === 0 ? text.noneWaiting : <span key="q">{text.waits(waiting)} <Time at={channel.oldest_waiting_at} /></span>],
          ]}
        />
        <TestChannel name={name} />
      </div>
    </Card>
  );
}

/** Every configured channel: how it is, what it told last, and a test. */
export default function Channels() {
  const { data, error, refetch, isFetching } = useChannels();
  const { may, role } = useMay("operator");
  return (
    <>
      <PageHead title={text.title} lead={text.lead} />
      {may ? null : <p className="mb-3 text-muted">{frame.needs(frame.role.operator, frame.role[role])}</p>}
      <div className="space-y-4">
        {data === undefined ? (
          error === null ? <Waiting what={text.asking} lines={8} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
        ) : data.length === 0 ? (
          <Banner state="attention" title={text.empty.title}>
            <p>{text.empty.body}</p>
          </Banner>
        ) : (
          <div className="grid gap-4 xl:grid-cols-2">
            {data.map((channel) => (
              <OneChannel key={channel.name} channel={channel} />
            ))}
          </div>
        )}
        <AddChannel />
      </div>
    </>
  );
}
