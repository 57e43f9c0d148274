import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answer, api } from "../../api/client.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/silences.ts";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Preview } from "../silences/preview.tsx";
import type { Alert } from "./read.ts";

type Scope = keyof typeof text.alert.scopes;
const MINUTES = { when_resolved: null, "30m": 30, "1h": 60, "4h": 240, "1d": 1440, "7d": 10_080 } as const;
type Span = keyof typeof MINUTES;

/** Mutes an alert, its rule or its subject, after showing what that mutes. */
export function SilenceAlert({ alert, open, onClose, onDone }: { alert: Alert; open: boolean; onClose: () => void; onDone: () => void }) {
  const over = alert.state === "resolved";
  const queries = useQueryClient();
  const [scope, setScope] = useState<Scope>(over ? "rule" : "alert");
  const [span, setSpan] = useState<Span>(over ? "1h" : "when_resolved");
  const [reason, setReason] = useState("");
  const value = { alert: String(alert.id), rule: alert.rule, subject: alert.subject }[scope];
  const silence = useMutation({
    mutationFn: async () => {
      const minutes = MINUTES[span];
      return await answer(api.POST("/api/alerts/{id}/silence", { params: { path: { id: String(alert.id) } }, body: { scope, reason: reason.trim(), ...(minutes === null ? {} : { minutes }) } }));
    },
    onSuccess: () => {
      setReason("");
      onDone();
    },
    onSettled: () => void queries.invalidateQueries(),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    silence.mutate();
  };
  return (
    <Dialog open={open} onClose={onClose} closable={!silence.isPending} wide title={text.alert.title} lead={text.alert.lead}>
      <form onSubmit={submit} className="space-y-4">
        <div className="grid gap-3 sm:grid-cols-2">
          <SelectField label={text.alert.scope} value={scope} onChange={(event) => setScope((Object.keys(text.alert.scopes) as Scope[]).find((one) => one === event.target.value) ?? "alert")} options={Object.entries(text.alert.scopes).filter(([name]) => name !== "alert" || !over)} hint={`${scope}=${value}`} />
          <SelectField label={text.form.ends} value={span} onChange={(event) => setSpan((Object.keys(MINUTES) as Span[]).find((one) => one === event.target.value) ?? "1h")} options={(Object.keys(MINUTES) as Span[]).filter((name) => name !== "when_resolved" || !over).map((name) => [name, text.form.span[name]])} />
        </div>
        <Preview matchers={open ? [{ label: scope, op: "=", value }] : []} />
        <TextField label={text.form.reason} hint={text.form.reasonHint} value={reason} onChange={(event) => setReason(event.target.value)} required minLength={3} maxLength={1000} autoComplete="off" />
        {silence.error === null ? null : <ProblemBox error={silence.error} />}
        <Actions>
          <Button onClick={onClose} disabled={silence.isPending}>
            {frame.cancel}
          </Button>
          <Button type="submit" look="primary" disabled={reason.trim().length < 3} busy={silence.isPending ? text.form.busy : false}>
            {text.form.submit.silence}
          </Button>
        </Actions>
      </form>
    </Dialog>
  );
}
