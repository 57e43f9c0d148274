import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { answer, api } from "../../api/client.ts";
import { useMay } from "../../frame/who.ts";
import { text } from "../../text/backups.ts";
import { text as frame } from "../../text/frame.ts";
import { Button } from "../../ui/button.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import type { Task } from "./read.ts";

/** Begins a backup or a restore drill, and says what became of it once it has ended. */
export function Start({ what, task }: { what: "backup" | "restore"; task: Task | undefined }) {
  const { may, role } = useMay("admin");
  const queries = useQueryClient();
  const words = text[what];
  const start = useMutation({
    mutationFn: async () => (await answer(what === "backup" ? api.POST("/api/backups") : api.POST("/api/drills/restore"))).data,
    onSettled: () => void queries.invalidateQueries({ queryKey: ["tasks"] }),
  });
  const running = task?.running ?? null;
  const mine = start.data?.run_id;
  const ended = mine !== undefined && running === null && task?.last_run?.id === mine ? task.last_run : null;
  // What it brought about is asked for once it has ended, whoever began it.
  const last = task?.last_run?.id;
  useEffect(() => void Promise.all(["backups", "drills", "health"].map((name) => queries.invalidateQueries({ queryKey: [name] }))), [last, queries]);
  return (
    <div className="space-y-2">
      <Button look="primary" onClick={() => start.mutate()} disabled={!may || running !== null} title={may ? undefined : frame.needs(frame.role.admin, frame.role[role])} busy={start.isPending ? text.starting : false}>
        {words.now}
      </Button>
      {may ? null : <p className="text-sm text-muted">{frame.needs(frame.role.admin, frame.role[role])}</p>}
      {running === null ? null : (
        <p role="status">
          {text.running} <Time at={running.started_at} />
        </p>
      )}
      {start.error === null ? null : <ProblemBox error={start.error} />}
      {mine === undefined ? null : ended === null ? (
        <Banner state="unknown">{words.begun}</Banner>
      ) : ended.outcome === "ok" ? (
        <Banner state="fine" title={words.ok} />
      ) : (
        <Banner state="critical" title={text.endedWords(text.ended[ended.outcome])}>
          <p className="foreign-wrap">{ended.error}</p>
        </Banner>
      )}
    </div>
  );
}
