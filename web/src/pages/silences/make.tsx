import { useMutation, useQueryClient } from "@tanstack/react-query";
import { X } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { answer, api } from "../../api/client.ts";
import { text } from "../../text/silences.ts";
import { text as frame } from "../../text/frame.ts";
import { Button, IconButton } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { useZone, zoneWords } from "../../ui/time.tsx";
import { momentOf } from "../../ui/zone.ts";
import { type Matcher, Preview } from "./preview.tsx";

export type Kind = keyof typeof text.kind;
type Span = keyof typeof text.form.span;

const FIRST: Matcher = { label: "rule", op: "=", value: "" };

function Matchers({ matchers, onChange }: { matchers: readonly Matcher[]; onChange: (matchers: readonly Matcher[]) => void }) {
  const labels = useId();
  const set = (index: number, patch: Partial<Matcher>): void => onChange(matchers.map((one, at) => (at === index ? { ...one, ...patch } : one)));
  return (
    <fieldset className="min-w-0 space-y-2">
      <legend className="mb-1 font-medium">{text.form.matchers}</legend>
      <datalist id={labels}>
        {Object.values(text.labels).map((label) => (
          <option key={label} value={label} />
        ))}
      </datalist>
      {matchers.map(({ label, op, value }, index) => (
        <div key={index} className="grid grid-cols-[minmax(0,1fr)_5.5rem_minmax(0,1.5fr)_auto] items-center gap-2">
          <TextField quiet label={text.form.label} value={label} list={labels} onChange={(event) => set(index, { label: event.target.value.trim() })} maxLength={100} required autoComplete="off" spellCheck={false} />
          <SelectField quiet label={text.form.is} value={op} onChange={(event) => set(index, { op: event.target.value === "!=" ? "!=" : "=" })} options={Object.entries(text.form.op)} />
          <TextField quiet label={text.form.value} value={value} onChange={(event) => set(index, { value: event.target.value })} maxLength={200} required autoComplete="off" spellCheck={false} />
          <IconButton label={text.form.remove(index + 1)} disabled={matchers.length === 1} onClick={() => onChange(matchers.filter((_one, at) => at !== index))}>
            <X aria-hidden size={16} />
          </IconButton>
        </div>
      ))}
      <div className="flex flex-wrap items-center gap-3">
        <Button small onClick={() => onChange([...matchers, { label: "", op: "=", value: "" }])} disabled={matchers.length >= 20}>
          {text.form.another}
        </Button>
        <span className="text-sm text-muted">{text.form.matchersHint}</span>
      </div>
    </fieldset>
  );
}

/** A silence or an announced maintenance window, with what it would mute before it is made. */
export function MakeSilence({ kind, onClose }: { kind: Kind | null; onClose: () => void }) {
  return (
    <Dialog open={kind !== null} onClose={onClose} wide title={text.form[kind ?? "silence"]} lead={text.form.lead}>
      <Form kind={kind ?? "silence"} onClose={onClose} />
    </Dialog>
  );
}

function Form({ kind, onClose }: { kind: Kind; onClose: () => void }) {
  const queries = useQueryClient();
  const zone = useZone();
  const [matchers, setMatchers] = useState<readonly Matcher[]>([FIRST]);
  const [reason, setReason] = useState("");
  const [starts, setStarts] = useState("");
  const [span, setSpan] = useState<Span>("1h");
  const [ends, setEnds] = useState("");
  const ready = matchers.filter(({ label, value }) => label !== "" && value !== "");
  const make = useMutation({
    mutationFn: async () => {
      // The generated type knows the word alone; the API takes a time as well.
      const end = span === "at" ? { ends_at: iso(ends) as "when_resolved" } : span === "when_resolved" ? { ends_at: span } : { duration: span };
      return await answer(api.POST("/api/silences", { body: { kind, matchers: ready.map((one) => ({ ...one })), reason: reason.trim(), ...(starts === "" ? {} : { starts_at: iso(starts) }), ...end } }));
    },
    onSuccess: onClose,
    onSettled: () => void queries.invalidateQueries({ queryKey: ["silences"] }),
  });
  const iso = (wall: string): string => {
    const ms = momentOf(wall, zone);
    return Number.isNaN(ms) ? wall : new Date(ms).toISOString();
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  // In the zone as it is then: summer and winter have different names.
  const zoneAt = (wall: string): string => zoneWords(zone, wall === "" || Number.isNaN(momentOf(wall, zone)) ? Date.now() : momentOf(wall, zone));
  return (
    <form onSubmit={submit} className="space-y-4">
      <Matchers matchers={matchers} onChange={setMatchers} />
      <Preview matchers={ready.length === matchers.length ? ready : []} />
      <TextField label={text.form.reason} hint={text.form.reasonHint} value={reason} onChange={(event) => setReason(event.target.value)} required minLength={3} maxLength={1000} autoComplete="off" />
      <div className="grid gap-3 sm:grid-cols-2">
        <TextField label={text.form.starts(zoneAt(starts))} hint={text.form.startsNow} type="datetime-local" value={starts} onChange={(event) => setStarts(event.target.value)} required={kind === "maintenance"} />
        <SelectField label={text.form.ends} value={span} onChange={(event) => setSpan((Object.keys(text.form.span) as Span[]).find((one) => one === event.target.value) ?? "1h")} options={Object.entries(text.form.span).filter(([name]) => name !== "when_resolved" || (kind === "silence" && starts === ""))} />
        {span === "at" ? <TextField label={text.form.endsAt(zoneAt(ends))} type="datetime-local" value={ends} onChange={(event) => setEnds(event.target.value)} required /> : null}
      </div>
      {make.error === null ? null : <ProblemBox error={make.error} />}
      <Actions>
        <Button onClick={onClose} disabled={make.isPending}>
          {frame.cancel}
        </Button>
        <Button type="submit" look="primary" disabled={ready.length !== matchers.length || reason.trim().length < 3} busy={make.isPending ? text.form.busy : false}>
          {text.form.submit[kind]}
        </Button>
      </Actions>
    </form>
  );
}
