import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { readHealth } from "../../frame/health.tsx";
import { useAbout } from "../../frame/who.ts";
import { text } from "../../text/set-up.ts";
import { PageHead } from "../../ui/card.tsx";
import { CopyText } from "../../ui/copy.tsx";
import { NotYet } from "../../ui/not-yet.tsx";
import type { State } from "../../ui/state.tsx";
import { timeWords, useNow, useZone, zoneWords } from "../../ui/time.tsx";
import { useOverview } from "../overview/read.ts";
import { Step } from "./step.tsx";
import { Tell } from "./tell.tsx";

/** Three steps, each with a light that is asked for and not assumed. */
export default function SetUp() {
  const about = useAbout();
  const overview = useOverview();
  const health = useQuery({ queryKey: ["health"], queryFn: ({ signal }) => readHealth(signal), refetchInterval: 5000 });
  const zone = useZone();
  const now = useNow();
  if (about.data === undefined || overview.data === undefined) return <NotYet title={text.title} what={text.asking} lines={8} query={about.data === undefined ? about : overview} />;
  const { mode, webhook_url, webhook_secret } = about.data;
  const { first_event_at } = overview.data;
  const stripe = health.data?.checks["stripe"]?.state;
  const judged = health.data?.checks["task_production_alerts"]?.state === "ok";
  const key: State = mode === "sandbox" ? "attention" : stripe === "ok" ? "fine" : stripe === undefined || stripe === "unknown" ? "unknown" : "critical";
  return (
    <>
      <PageHead title={text.title} lead={text.lead} />
      <div className="max-w-3xl space-y-4">
        <Step title={text.key.title} state={key} light={text.key.light[key]}>
          <p>{text.key[mode]}</p>
          {mode === "sandbox" ? <CopyText value={text.key.command} /> : null}
        </Step>
        <Step title={text.webhook.title} state={first_event_at === null ? (webhook_secret ? "unknown" : "critical") : "fine"} light={first_event_at === null ? text.waits : text.works}>
          <p>{text.webhook.body}</p>
          <p>
            {text.webhook.address}: <CopyText value={webhook_url ?? `${window.location.origin}/webhooks/stripe`} />
          </p>
          {webhook_url === null ? <p className="text-sm text-muted">{text.webhook.noUrl}</p> : null}
          <p>
            <CopyText value={text.webhook.command} />
          </p>
          {webhook_secret ? (
            <p>{text.webhook.secretSet}</p>
          ) : (
            <p className="text-critical">
              {text.webhook.secretMissing} <CopyText value={text.webhook.secret} />
            </p>
          )}
          <p className="font-medium">{first_event_at === null ? text.webhook.none : text.webhook.light(`${timeWords(first_event_at, zone, now)} ${zoneWords(zone, first_event_at)}`)}</p>
        </Step>
        <Tell judged={judged} />
        <p>
          <Link to="/" className="font-medium text-accent underline">
            {text.done}
          </Link>
        </p>
      </div>
    </>
  );
}
