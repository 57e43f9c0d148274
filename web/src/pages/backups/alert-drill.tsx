import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useMay } from "../../frame/who.ts";
import { text } from "../../text/backups.ts";
import { text as frame } from "../../text/frame.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Empty } from "../../ui/empty.tsx";
import { CheckField } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner, type State, StateBadge } from "../../ui/state.tsx";
import { durationWords, Time } from "../../ui/time.tsx";
import type { AlertDrill } from "./read.ts";

export const OUTCOME: Record<AlertDrill["outcome"], State> = { running: "unknown", ending: "unknown", passed: "fine", failed: "critical" };

/** Asks first, since it calls people; then says that it has begun. */
export function StartAlertDrill({ running }: { running: boolean }) {
  const { may, role } = useMay("operator");
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const [acknowledge, setAcknowledge] = useState(false);
  const start = useMutation({
    mutationFn: async () => await answer(api.POST("/api/drills/alerts", { body: { acknowledge } })),
    onSuccess: () => setAsking(false),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["drills"] }),
  });
  return (
    <div className="space-y-2">
      <Button look="primary" onClick={() => setAsking(true)} disabled={!may || running} title={may ? undefined : frame.needs(frame.role.operator, frame.role[role])}>
        {text.alert.now}
      </Button>
      {may ? null : <p className="text-sm text-muted">{frame.needs(frame.role.operator, frame.role[role])}</p>}
      {start.data === undefined || !running ? null : <Banner state="unknown">{text.alert.begun}</Banner>}
      <Dialog open={asking} onClose={() => setAsking(false)} closable={!start.isPending} title={text.alert.confirm}>
        <p className="mb-3">{text.alert.confirmBody}</p>
        <CheckField label={text.alert.acknowledge} checked={acknowledge} onChange={(event) => setAcknowledge(event.target.checked)} />
        {start.error === null ? null : <ProblemBox error={start.error} />}
        <Actions>
          <Button onClick={() => setAsking(false)} disabled={start.isPending}>
            {frame.cancel}
          </Button>
          <Button look="primary" onClick={() => start.mutate()} busy={start.isPending ? text.alert.sending : false}>
            {text.alert.send}
          </Button>
        </Actions>
      </Dialog>
    </div>
  );
}

/** A drill's way from the rule to a person, hop by hop. */
export function Hops({ hops }: { hops: AlertDrill["hops"] }) {
  return (
    <ol className="space-y-1">
      {hops.map(({ hop, ok, latency_ms, words }) => (
        <li key={hop} className="flex flex-wrap items-baseline gap-x-2">
          <StateBadge state={ok ? "fine" : "critical"}>{ok ? text.hop.ok : text.hop.failed}</StateBadge>
          <strong className="foreign-wrap">{hop}</strong>
          <span className="foreign-wrap min-w-0">{words}</span>
          {latency_ms === null ? null : <span className="text-sm text-muted">{text.took(durationWords(latency_ms))}</span>}
        </li>
      ))}
    </ol>
  );
}

export function AlertDrills({ drills }: { drills: readonly AlertDrill[] }) {
  return (
    <Card title={text.history.alerts} flush>
      {drills.length === 0 ? (
        <Empty title={text.alert.none} />
      ) : (
        <ul>
          {drills.map(({ id, outcome, started_at, asked_by, hops }, index) => (
            <li key={id} className="border-t border-line px-4 py-3 first:border-t-0">
              <p className="flex flex-wrap items-center gap-2">
                <StateBadge state={OUTCOME[outcome]}>{text.alert.outcome[outcome]}</StateBadge>
                <Time at={started_at} />
                <span className="foreign-wrap text-muted">{text.asked(asked_by)}</span>
              </p>
              <details className="mt-1" open={index === 0}>
                <summary>{text.steps}</summary>
                <div className="mt-1">
                  <Hops hops={hops} />
                </div>
              </details>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
