import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useMay } from "../../frame/who.ts";
import { text } from "../../text/alerts.ts";
import { text as frame } from "../../text/frame.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { TextField } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner } from "../../ui/state.tsx";
import { useKeys } from "../../frame/keyboard.ts";
import { text as silences } from "../../text/silences.ts";
import type { Alert } from "./read.ts";
import { SilenceAlert } from "./silence.tsx";

type Verb = keyof typeof text.act.done;
type Judgement = keyof typeof text.judged;
type Order = { readonly verb: "ack" | "comment" | "resolve" } | { readonly verb: "feedback"; readonly feedback: Judgement };

/** Take it on, comment, resolve, judge; each stands in the time line, which is read anew after it. */
export function Act({ alert }: { alert: Alert }) {
  const { may, role } = useMay("operator");
  const queries = useQueryClient();
  const [note, setNote] = useState("");
  const [done, setDone] = useState<Verb | "silence" | null>(null);
  const [silencing, setSilencing] = useState(false);
  const words = note.trim();
  const params = { path: { id: String(alert.id) } };
  const act = useMutation({
    mutationFn: async (order: Order) => {
      switch (order.verb) {
        case "ack":
          return await answer(api.POST("/api/alerts/{id}/ack", { params, body: { note: words === "" ? null : words } }));
        case "comment":
          return await answer(api.POST("/api/alerts/{id}/comment", { params, body: { text: words } }));
        case "resolve":
          return await answer(api.POST("/api/alerts/{id}/resolve", { params, body: { reason: words } }));
        case "feedback":
          return await answer(api.POST("/api/alerts/{id}/feedback", { params, body: { feedback: order.feedback, note: words === "" ? null : words } }));
      }
    },
    onMutate: () => setDone(null),
    onSuccess: (_answer, { verb }) => {
      setNote("");
      setDone(verb);
    },
    onSettled: () => void queries.invalidateQueries(),
  });
  const open = alert.state !== "resolved";
  const doing = act.isPending ? act.variables.verb : null;
  const still = !may || act.isPending;
  useKeys({ single: { t: () => (!open || still || alert.acknowledged !== null ? undefined : act.mutate({ verb: "ack" })), m: () => (may ? setSilencing(true) : undefined) } });
  return (
    <Card title={text.act.title}>
      <div className="space-y-3">
        {may ? null : <p className="text-sm text-muted">{frame.needs(frame.role.operator, frame.role[role])}</p>}
        {open ? null : <p className="text-sm text-muted">{text.act.closed}</p>}
        <TextField label={text.act.note} hint={text.act.noteHint} value={note} onChange={(event) => setNote(event.target.value)} disabled={still} maxLength={1000} />
        <div className="flex flex-wrap gap-2">
          {open ? (
            <Button look="primary" onClick={() => act.mutate({ verb: "ack" })} disabled={still || alert.acknowledged !== null} busy={doing === "ack" ? text.act.acknowledging : false}>
              {alert.acknowledged === null ? text.act.acknowledge : text.act.acknowledged}
            </Button>
          ) : null}
          <Button onClick={() => setSilencing(true)} disabled={still}>
            {silences.alert.open}
          </Button>
          <Button onClick={() => act.mutate({ verb: "comment" })} disabled={still || words === ""} busy={doing === "comment" ? text.act.commenting : false}>
            {text.act.comment}
          </Button>
          {open ? (
            <Button onClick={() => act.mutate({ verb: "resolve" })} disabled={still || words === ""} busy={doing === "resolve" ? text.act.resolving : false}>
              {text.act.resolve}
            </Button>
          ) : null}
        </div>
        <div role="group" aria-label={text.act.judge} className="flex flex-wrap items-center gap-2">
          <span className="text-muted">{text.act.judge}</span>
          {(Object.keys(text.judged) as Judgement[]).map((feedback) => (
            <Button key={feedback} small aria-pressed={alert.feedback === feedback} look={alert.feedback === feedback ? "primary" : "plain"} onClick={() => act.mutate({ verb: "feedback", feedback })} disabled={still}>
              {text.judged[feedback]}
            </Button>
          ))}
        </div>
        {act.error === null ? null : <ProblemBox error={act.error} />}
        {done === null ? null : <Banner state="fine" title={done === "silence" ? silences.alert.done : text.act.done[done]} />}
        <p className="hidden text-sm text-muted sm:block">{text.act.keys}</p>
      </div>
      <SilenceAlert
        alert={alert}
        open={silencing}
        onClose={() => setSilencing(false)}
        onDone={() => {
          setSilencing(false);
          setDone("silence");
        }}
      />
    </Card>
  );
}
