import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useWho } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/settings.ts";
import { Button } from "../../ui/button.tsx";
import { Card } from "../../ui/card.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { MakeKey } from "./make-key.tsx";

async function readKeys(signal: AbortSignal) {
  return (await answer(api.GET("/api/keys", { signal }))).data;
}
type Key = Awaited<ReturnType<typeof readKeys>>[number];

const STATE_OF_KEY = { active: "fine", expired: "attention", revoked: "unknown" } as const;

function Revoke({ asked, onClose }: { asked: Key | null; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: async (id: string) => await answer(api.DELETE("/api/keys/{id}", { params: { path: { id } } })),
    onSuccess: onClose,
    onSettled: () => void queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  const close = (): void => {
    revoke.reset();
    onClose();
  };
  return (
    <Dialog open={asked !== null} onClose={close} closable={!revoke.isPending} title={text.keys.revokeTitle(asked?.name ?? "")}>
      <p>{text.keys.revokeBody}</p>
      {revoke.error === null ? null : <ProblemBox error={revoke.error} />}
      <Actions>
        <Button onClick={close} disabled={revoke.isPending}>
          {text.keys.keep}
        </Button>
        <Button look="danger" onClick={() => (asked === null ? undefined : revoke.mutate(asked.id))} busy={revoke.isPending ? text.keys.revoking : false}>
          {text.keys.revoke}
        </Button>
      </Actions>
    </Dialog>
  );
}

/** Keys, made, seen and revoked; for admins. */
export function Keys() {
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["keys"], queryFn: ({ signal }) => readKeys(signal) });
  const own = useWho().data?.key_id;
  const [asked, setAsked] = useState<Key | null>(null);
  return (
    <Card title={text.keys.title}>
      <p className="mb-3 text-muted">{text.keys.lead}</p>
      <MakeKey />
      <div className="mt-4">
        {data === undefined ? (
          error === null ? <Waiting what={text.keys.asking} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
        ) : (
          <ul>
            {data.map((key) => (
              <li key={key.id} className="flex flex-wrap items-center justify-between gap-2 border-t border-line py-3">
                <div className="min-w-0 flex-1 basis-64">
                  <p className="flex flex-wrap items-center gap-2">
                    <strong className="foreign-wrap">{key.name}</strong>
                    <span className="text-muted">{frame.role[key.role]}</span>
                    <StateBadge state={STATE_OF_KEY[key.state]}>{text.keys.state[key.state]}</StateBadge>
                    {key.id === own ? <span className="text-sm text-muted">({text.keys.yours})</span> : null}
                  </p>
                  {key.source === "environment" ? (
                    <p className="text-sm text-muted">{text.keys.environment}</p>
                  ) : (
                    <p className="flex flex-wrap gap-x-4 text-sm text-muted">
                      <span>{text.keys.column.made}: <Time at={key.created_at} only="absolute" /></span>
                      <span>{text.keys.column.used}: {key.last_used_at === null ? text.keys.none : <Time at={key.last_used_at} only="ago" />}</span>
                      <span>{text.keys.column.ends}: {key.expires_at === null ? text.keys.never : <Time at={key.expires_at} only="absolute" />}</span>
                    </p>
                  )}
                </div>
                {key.state === "active" && key.source === "database" ? (
                  <Button small onClick={() => setAsked(key)} aria-label={`${text.keys.revoke}: ${key.name}`}>
                    {text.keys.revoke}
                  </Button>
                ) : null}
              </li>
            ))}
          </ul>
        )}
      </div>
      <Revoke asked={asked} onClose={() => setAsked(null)} />
    </Card>
  );
}
