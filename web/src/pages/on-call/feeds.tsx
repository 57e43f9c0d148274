import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answer, api } from "../../api/client.ts";
import { text } from "../../text/on-call.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { CopyText } from "../../ui/copy.tsx";
import { SelectField } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner, StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import type { Person } from "./read.ts";

const words = text.feed;

function MakeFeed({ rotations, people }: { rotations: readonly string[]; people: readonly Person[] }) {
  const queries = useQueryClient();
  const [rotation, setRotation] = useState("");
  const [person, setPerson] = useState("");
  const make = useMutation({
    mutationFn: async () => await answer(api.POST("/api/oncall/feeds", { body: { rotation: rotation === "" ? null : rotation, person: person === "" ? null : person } })),
    // The address is a secret: it leaves the memory with this form.
    gcTime: 0,
    onSettled: () => void queries.invalidateQueries({ queryKey: ["oncall", "feeds"] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  if (make.data !== undefined) {
    const { url, path } = make.data;
    return (
      <Banner state="attention" title={words.shown}>
        <p>{words.shownBody}</p>
        <p className="my-2">
          <CopyText value={url ?? new URL(path, window.location.origin).href} />
        </p>
        {url === null ? <p className="mb-2 text-sm">{words.noUrl}</p> : null}
        <Button small onClick={() => make.reset()}>
          {words.kept}
        </Button>
      </Banner>
    );
  }
  return (
    <form onSubmit={submit} className="space-y-3">
      <div className="grid items-end gap-3 sm:grid-cols-[minmax(0,1fr)_minmax(0,1fr)_auto]">
        <SelectField label={words.rotation} value={rotation} onChange={(event) => setRotation(event.target.value)} options={[["", words.every], ...rotations.map((name) => [name, name] as const)]} />
        <SelectField label={words.person} value={person} onChange={(event) => setPerson(event.target.value)} options={[["", words.everybody], ...people.map(({ id, name }) => [id, name] as const)]} />
        <Button type="submit" look="primary" busy={make.isPending ? words.making : false}>
          {words.make}
        </Button>
      </div>
      {make.error === null ? null : <ProblemBox error={make.error} />}
    </form>
  );
}

/** Calendars that somebody subscribed to; made and revoked. */
export function Feeds({ rotations, people, may }: { rotations: readonly string[]; people: readonly Person[]; may: boolean }) {
  const queries = useQueryClient();
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["oncall", "feeds"], queryFn: async ({ signal }) => (await answer(api.GET("/api/oncall/feeds", { signal }))).data });
  const revoke = useMutation({
    mutationFn: async (id: number) => await answer(api.DELETE("/api/oncall/feeds/{id}", { params: { path: { id: String(id) } } })),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["oncall", "feeds"] }),
  });
  const whose = (id: string | null): string => (id === null ? words.everybody : (people.find((person) => person.id === id)?.name ?? id));
  return (
    <Card title={words.title}>
      <p className="mb-3 text-muted">{words.lead}</p>
      {may ? <MakeFeed rotations={rotations} people={people} /> : null}
      {revoke.error === null ? null : <ProblemBox error={revoke.error} />}
      {data === undefined ? (
        error === null ? <Waiting what={words.asking} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
      ) : data.length === 0 ? (
        <p className="mt-3 text-muted">{words.none}</p>
      ) : (
        <ul className="mt-3">
          {data.map(({ id, rotation, person, created_by, created_at, used_at, revoked_at }) => (
            <li key={id} className="flex flex-wrap items-center justify-between gap-2 border-t border-line py-2">
              <div className="min-w-0">
                <p className="flex flex-wrap items-center gap-2">
                  <strong className="foreign-wrap">{`${rotation ?? words.every}, ${whose(person)}`}</strong>
                  <StateBadge state={revoked_at === null ? "fine" : "unknown"}>{revoked_at === null ? words.active : words.revoked}</StateBadge>
                </p>
                <p className="text-sm text-muted">
                  {words.made} <Time at={created_at} only="ago" /> <span className="foreign-wrap">{words.by(created_by)}</span> · {words.used}: {used_at === null ? words.never : <Time at={used_at} only="ago" />}
                </p>
              </div>
              {revoked_at === null ? (
                <Button small onClick={() => revoke.mutate(id)} disabled={!may} busy={revoke.isPending && revoke.variables === id ? words.revoking : false} aria-label={`${words.revoke}: ${rotation ?? words.every}, ${whose(person)}`}>
                  {words.revoke}
                </Button>
              ) : null}
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
