import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answer, api } from "../../api/client.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/on-call.ts";
import { Button } from "../../ui/button.tsx";
import { useDebounced } from "../../ui/debounced.ts";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { timeWords, useNow, zoneWords } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { momentOf, wallText } from "../../ui/zone.ts";
import { iso, type Person, useShifts, type Wanted } from "./read.ts";

const words = text.standIn;

/** Who would be on in that time, so that it is seen for whom somebody stands in. */
function Replaces({ wanted, zone }: { wanted: Wanted | null; zone: string }) {
  const still = useDebounced(wanted, 300);
  const now = useNow();
  const { data, error } = useShifts(still, still?.rotation);
  return (
    <section aria-label={words.replaces} aria-live="polite" className="min-h-16 rounded-md border border-line bg-sunken p-3">
      <h3 className="font-medium">{words.replaces}</h3>
      {wanted === null ? (
        <p className="text-muted">{words.invalid}</p>
      ) : error !== null ? (
        <ProblemBox error={error} />
      ) : data === undefined ? (
        <Waiting what={text.asking} lines={1} />
      ) : (
        <ul>
          {data.data.map(({ person, starts_at, ends_at }) => (
            <li key={starts_at} className="tabular">
              {person?.name ?? text.week.nobody}: {timeWords(starts_at, zone, now)} – {timeWords(ends_at, zone, now)} {zoneWords(zone, starts_at)}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

interface StandInProps {
  readonly wanted: Wanted | null;
  readonly rotations: readonly string[];
  readonly people: readonly Person[];
  readonly zone: string;
  readonly onClose: () => void;
}

export function StandIn(props: StandInProps) {
  const { wanted, onClose } = props;
  return (
    <Dialog open={wanted !== null} onClose={onClose} title={words.title} lead={words.lead}>
      {wanted === null ? null : <Form {...props} wanted={wanted} />}
    </Dialog>
  );
}

function Form({ wanted, rotations, people, zone, onClose }: StandInProps & { wanted: Wanted }) {
  const queries = useQueryClient();
  const [rotation, setRotation] = useState(wanted.rotation);
  const [person, setPerson] = useState(people[0]?.id ?? "");
  const [starts, setStarts] = useState(wallText(wanted.from, zone));
  const [ends, setEnds] = useState(wallText(wanted.to, zone));
  const [reason, setReason] = useState("");
  const [from, to] = [momentOf(starts, zone), momentOf(ends, zone)];
  const fits = to > from;
  const make = useMutation({
    mutationFn: async () => await answer(api.POST("/api/oncall/overrides", { body: { rotation, person, starts_at: iso(from), ends_at: iso(to), reason: reason.trim() } })),
    onSuccess: onClose,
    onSettled: () => void queries.invalidateQueries({ queryKey: ["oncall"] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  // As the zone is called then: the clock may change between the two.
  const zoneAt = (ms: number): string => zoneWords(zone, Number.isNaN(ms) ? wanted.from : ms);
  return (
    <form onSubmit={submit} className="space-y-3">
      <div className="grid gap-3 sm:grid-cols-2">
        <SelectField label={words.person} value={person} onChange={(event) => setPerson(event.target.value)} options={people.map(({ id, name }) => [id, name])} />
        <SelectField label={words.rotation} value={rotation} onChange={(event) => setRotation(event.target.value)} options={rotations.map((name) => [name, name])} />
        <TextField label={words.starts(zoneAt(from))} type="datetime-local" value={starts} onChange={(event) => setStarts(event.target.value)} required />
        <TextField label={words.ends(zoneAt(to))} type="datetime-local" value={ends} onChange={(event) => setEnds(event.target.value)} required />
      </div>
      <TextField label={words.reason} value={reason} onChange={(event) => setReason(event.target.value)} maxLength={500} autoComplete="off" />
      <Replaces wanted={fits ? { rotation, from, to } : null} zone={zone} />
      {make.error === null ? null : <ProblemBox error={make.error} />}
      <Actions>
        <Button onClick={onClose} disabled={make.isPending}>
          {frame.cancel}
        </Button>
        <Button type="submit" look="primary" disabled={!fits || person === ""} busy={make.isPending ? words.busy : false}>
          {words.submit(people.find(({ id }) => id === person)?.name ?? "")}
        </Button>
      </Actions>
    </form>
  );
}
