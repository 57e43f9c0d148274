import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { text } from "../../text/reports.ts";
import { Button } from "../../ui/button.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { Empty } from "../../ui/empty.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Time } from "../../ui/time.tsx";
import { Waiting } from "../../ui/waiting.tsx";

const SHOWN = 50;

async function readKept(signal: AbortSignal) {
  return await answer(api.GET("/api/reports", { params: { query: { limit: String(SHOWN) } }, signal }));
}
type Kept = Awaited<ReturnType<typeof readKept>>["data"][number];

const nameOf = ({ name, from }: Kept): string => text.kept.name[name](from);

function Remove({ asked, onClose }: { asked: Kept | null; onClose: () => void }) {
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: async (id: string) => await answer(api.DELETE("/api/reports/{id}", { params: { path: { id } } })),
    onSuccess: onClose,
    onSettled: () => void queries.invalidateQueries({ queryKey: ["kept-reports"] }),
  });
  const close = (): void => {
    remove.reset();
    onClose();
  };
  return (
    <Dialog open={asked !== null} onClose={close} closable={!remove.isPending} title={text.kept.removeTitle(asked === null ? "" : nameOf(asked))}>
      <p>{text.kept.removeBody}</p>
      {remove.error === null ? null : <ProblemBox error={remove.error} />}
      <Actions>
        <Button onClick={close} disabled={remove.isPending}>
          {text.kept.keep}
        </Button>
        <Button look="danger" onClick={() => (asked === null ? undefined : remove.mutate(asked.id))} busy={remove.isPending ? text.kept.removing : false}>
          {text.kept.remove}
        </Button>
      </Actions>
    </Dialog>
  );
}

/** Reports made by schedule: opened as they were made, removed by admins. */
export function KeptReports({ mayRemove }: { mayRemove: boolean }) {
  const { data, error, refetch, isFetching } = useQuery({ queryKey: ["kept-reports"], queryFn: ({ signal }) => readKept(signal) });
  const [asked, setAsked] = useState<Kept | null>(null);
  if (data === undefined) return error === null ? <Waiting what={text.kept.asking} /> : <ProblemBox error={error} retry={() => void refetch()} busy={isFetching} />;
  if (data.data.length === 0) return <Empty title={text.kept.empty.title}>{text.kept.empty.body}</Empty>;
  return (
    <>
      <ul>
        {data.data.map((report) => (
          <li key={report.id} className="flex flex-wrap items-center justify-between gap-2 border-t border-line py-3 first:border-t-0 first:pt-0">
            <div className="min-w-0 flex-1 basis-64">
              <p className="font-medium">{nameOf(report)}</p>
              <p className="text-sm text-muted">
                {text.kept.made} <Time at={report.made_at} />
              </p>
            </div>
            <span className="flex items-center gap-2">
              <a href={report.path} target="_blank" rel="noreferrer" className="text-accent underline" aria-label={`${text.kept.open}: ${nameOf(report)}`}>
                {text.kept.open}
              </a>
              {mayRemove ? (
                <Button small onClick={() => setAsked(report)} aria-label={`${text.kept.remove}: ${nameOf(report)}`}>
                  {text.kept.remove}
                </Button>
              ) : null}
            </span>
          </li>
        ))}
      </ul>
      {data.next_cursor === null ? null : <p className="mt-2 text-sm text-muted">{text.kept.older(SHOWN)}</p>}
      <Remove asked={asked} onClose={() => setAsked(null)} />
    </>
  );
}
