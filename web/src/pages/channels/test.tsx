import { useMutation, useQueryClient } from "@tanstack/react-query";
import { answer, api } from "../../api/client.ts";
import { useMay } from "../../frame/who.ts";
import { text } from "../../text/channels.ts";
import { text as frame } from "../../text/frame.ts";
import { Button } from "../../ui/button.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner } from "../../ui/state.tsx";

/** Sends a test notice, and says in words what became of it. */
export function TestChannel({ name }: { name: string }) {
  const { may, role } = useMay("operator");
  const queries = useQueryClient();
  const test = useMutation({
    mutationFn: async () => await answer(api.POST("/api/channels/{name}/test", { params: { path: { name } } })),
    onSettled: () => void Promise.all([queries.invalidateQueries({ queryKey: ["channels"] }), queries.invalidateQueries({ queryKey: ["notices"] })]),
  });
  const { data, error } = test;
  return (
    <div className="space-y-2">
      <Button small onClick={() => test.mutate()} disabled={!may} title={may ? undefined : frame.needs(frame.role.operator, frame.role[role])} busy={test.isPending ? text.testing : false} aria-label={test.isPending ? undefined : `${text.test}: ${name}`}>
        {text.test}
      </Button>
      {error === null ? null : <ProblemBox error={error} retry={() => test.mutate()} busy={test.isPending} />}
      {data === undefined ? null : data.delivered ? (
        <Banner state="fine" title={text.arrived(name, data.latency_ms)}>
          <p>{text.arrivedBody(data.status)}</p>
        </Banner>
      ) : (
        <Banner state="critical" title={text.refused(name)}>
          <p className="foreign-wrap">{text.refusedBody(data.reason ?? "", data.status)}</p>
          <p>{text.refusedTodo}</p>
        </Banner>
      )}
    </div>
  );
}
