import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";
import { text } from "../../text/on-call.ts";
import { Button } from "../../ui/button.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import type { Override, Person } from "./read.ts";

const words = text.standIn;

/** Who stands in during the week, and calling it off. */
export function StandIns({ overrides, people, may, at }: { overrides: readonly Override[]; people: readonly Person[]; may: boolean; at: (time: string) => string }) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: async (id: number) => await answer(api.DELETE("/api/oncall/overrides/{id}", { params: { path: { id: String(id) } } })),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["oncall"] }),
  });
  const nameOf = (id: string): string => people.find((one) => one.id === id)?.name ?? id;
  return (
    <section className="mt-4" aria-label={words.heading}>
      <h3 className="font-semibold">{words.heading}</h3>
      {overrides.length === 0 ? <p className="text-muted">{words.none}</p> : null}
      {cancel.error === null ? null : <ProblemBox error={cancel.error} />}
      <ul>
        {overrides.map(({ id, person, rotation, starts_at, ends_at, author, reason }) => (
          <li key={id} className="flex flex-wrap items-center justify-between gap-2 border-t border-line py-2 first:border-t-0">
            <div className="min-w-0">
              <p className="foreign-wrap">
                <strong>{words.for(nameOf(person), rotation)}</strong> {reason}
              </p>
              <p className="text-sm text-muted">
                <span className="tabular">
                  {at(starts_at)} – {at(ends_at)}
                </span>
                , <span className="foreign-wrap">{words.by(author)}</span>
              </p>
            </div>
            {Date.parse(ends_at) > Date.now() ? (
              <Button small onClick={() => cancel.mutate(id)} disabled={!may} busy={cancel.isPending && cancel.variables === id ? words.cancelling : false} aria-label={`${words.cancel}: ${words.for(nameOf(person), rotation)}, ${at(starts_at)}`}>
                {words.cancel}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
    </section>
  );
}
