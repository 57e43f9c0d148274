import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answer, api } from "../../api/client.ts";
import { text } from "../../text/reports.ts";
import { Button } from "../../ui/button.tsx";
import { CopyButton } from "../../ui/copy.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Empty } from "../../ui/empty.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";

const PAGE = "enterprise_report";
const DAYS: readonly number[] = [7, 30, 90];
const STATE_OF_LINK = { active: "fine", expired: "attention", revoked: "unknown" } as const;

async function readLinks(signal: AbortSignal) {
  return (await answer(api.GET("/api/links", { params: { query: { page: PAGE } }, signal }))).data;
}
type SignedLink = Awaited<ReturnType<typeof readLinks>>[number];

/** Without a public address configured the API gives a path: it is of this host. */
function whole(url: string): string {
  return new URL(url, window.location.origin).href;
}

function MakeLink({ order }: { order: Readonly<Record<string, string>> | null }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [days, setDays] = useState("30");
  const make = useMutation({
    mutationFn: async (params: Readonly<Record<string, string>>) => await answer(api.POST("/api/links", { body: { page: PAGE, name: name.trim(), params: { ...params }, expires_in_days: Number(days) } })),
    onSuccess: () => setName(""),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["links"] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (order !== null) make.mutate(order);
  };
  return (
    <form onSubmit={submit} className="mb-3 space-y-3">
      <div className="grid items-end gap-3 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_auto]">
        <TextField label={text.links.name} value={name} onChange={(event) => setName(event.target.value)} maxLength={200} autoComplete="off" />
        <SelectField label={text.links.days} value={days} onChange={(event) => setDays(event.target.value)} options={DAYS.map((count) => [String(count), text.links.inDays(count)])} />
        <Button type="submit" look="primary" disabled={order === null || name.trim() === ""} busy={make.isPending ? text.links.making : false}>
          {text.links.make}
        </Button>
      </div>
      {make.error === null ? null : <ProblemBox error={make.error} />}
    </form>
  );
}

function Revoke({ asked, onClose }: { asked: SignedLink | null; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    mutationFn: async (id: string) => await answer(api.DELETE("/api/links/{id}", { params: { path: { id } } })),
    onSuccess: onClose,
    onSettled: () => void queries.invalidateQueries({ queryKey: ["links"] }),
  });
  const close = (): void => {
    revoke.reset();
    onClose();
  };
  return (
    <Dialog open={asked !== null} onClose={close} closable={!revoke.isPending} title={text.links.revokeTitle(asked?.name ?? "")}>
      <p>{text.links.revokeBody}</p>
      {revoke.error === null ? null : <ProblemBox error={revoke.error} />}
      <Actions>
        <Button onClick={close} disabled={revoke.isPending}>
          {text.links.keep}
        </Button>
        <Button look="danger" onClick={() => (asked === null ? undefined : revoke.mutate(asked.id))} busy={revoke.isPending ? text.links.revoking : false}>
          {text.links.revoke}
        </Button>
      </Actions>
    </Dialog>
  );
}

/** Signed links to the report: made for the period chosen, copied, revoked; for admins. */
export function Links({ order }: { order: Readonly<Record<string, string>> | null }) {
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["links"], queryFn: ({ signal }) => readLinks(signal) });
  const [asked, setAsked] = useState<SignedLink | null>(null);
  return (
    <>
      <MakeLink order={order} />
      {data === undefined ? (
        error === null ? <Waiting what={text.links.asking} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />
      ) : data.length === 0 ? (
        <Empty title={text.links.empty.title}>{text.links.empty.body}</Empty>
      ) : (
        <ul>
          {data.map((link) => (
            <li key={link.id} className="flex flex-wrap items-center justify-between gap-2 border-t border-line py-3">
              <div className="min-w-0 flex-1 basis-64">
                <p className="flex flex-wrap items-center gap-2">
                  <strong className="foreign-wrap">{link.name}</strong>
                  <StateBadge state={STATE_OF_LINK[link.state]}>{text.links.state[link.state]}</StateBadge>
                </p>
                <p className="flex flex-wrap gap-x-4 text-sm text-muted">
                  <span>{Object.values(link.params).join(" · ")}</span>
                  <span>{text.links.ends} <Time at={link.expires_at} only="absolute" /></span>
                  <span>{text.links.used} <Time at={link.last_used_at} only="ago" /></span>
                </p>
              </div>
              {link.url === null ? null : (
                <span className="flex items-center gap-2">
                  <CopyButton value={whole(link.url)} label={`${text.links.made}: ${link.name}`} />
                  <a href={whole(link.url)} target="_blank" rel="noreferrer" className="text-accent underline" aria-label={`${text.links.open}: ${link.name}`}>
                    {text.links.open}
                  </a>
                  <Button small onClick={() => setAsked(link)} aria-label={`${text.links.revoke}: ${link.name}`}>
                    {text.links.revoke}
                  </Button>
                </span>
              )}
            </li>
          ))}
        </ul>
      )}
      <Revoke asked={asked} onClose={() => setAsked(null)} />
    </>
  );
}
