import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useParam } from "../../frame/filters.ts";
import { useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/pricing.ts";
import { Button } from "../../ui/button.tsx";
import { Card, Facts, PageHead } from "../../ui/card.tsx";
import { CopyText } from "../../ui/copy.tsx";
import { TextField } from "../../ui/field.tsx";
import { NotYet } from "../../ui/not-yet.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner, StateBadge } from "../../ui/state.tsx";
import { Time } from "../../ui/time.tsx";
import { EffectPicture, STATE_OF } from "./effect.tsx";

async function readOne(id: string, signal: AbortSignal) {
  return (await answer(api.GET("/api/pricing/suggestions/{id}", { params: { path: { id } }, signal }))).data;
}
type Suggestion = Awaited<ReturnType<typeof readOne>>;

const LEAST_REASON = 3;

/** Approve, reject, roll back: what may be done in this state, by an admin. The service checks all of it again. */
function Decide({ suggestion }: { suggestion: Suggestion }) {
  const { may, role } = useMay("admin");
  const queries = useQueryClient();
  const [reason, setReason] = useState("");
  const path = { id: suggestion.id };
  const onSettled = (): void => void queries.invalidateQueries();
  // What was seen is what is approved: the basis goes back with it.
  const approve = useMutation({ mutationFn: async () => await answer(api.POST("/api/pricing/suggestions/{id}/approve", { params: { path }, body: { basis: suggestion.basis } })), onSettled });
  const reject = useMutation({ mutationFn: async () => await answer(api.POST("/api/pricing/suggestions/{id}/reject", { params: { path }, body: { reason: reason.trim() } })), onSettled });
  const rollBack = useMutation({ mutationFn: async () => await answer(api.POST("/api/pricing/suggestions/{id}/rollback", { params: { path }, body: { reason: reason.trim() } })), onSettled });
  const waits = suggestion.state === "open" || suggestion.state === "awaiting_second";
  const back = suggestion.state === "applied" || suggestion.state === "kept";
  if (!waits && !back) return null;
  const pending = approve.isPending || reject.isPending || rollBack.isPending;
  const problem = approve.error ?? reject.error ?? rollBack.error;
  const unsaid = reason.trim().length < LEAST_REASON;
  const { from, to } = suggestion;
  const hint = back ? text.rollBackHint : suggestion.by_hand !== null || from === null || to === null ? text.noteHint : text.approveHint(from.text, to.text);
  return (
    <Card title={text.decide} className="lg:col-span-2">
      <div className="space-y-3">
        <p>{hint}</p>
        {suggestion.state === "awaiting_second" ? <p>{text.second(suggestion.approved_by.join(", "))}</p> : null}
        {problem === null ? null : <ProblemBox error={problem} />}
        {may ? null : <p className="text-sm text-muted">{frame.needs(frame.role.admin, frame.role[role])}</p>}
        <div className="max-w-lg">
          <TextField label={text.reason} hint={text.reasonHint} value={reason} onChange={(event) => setReason(event.target.value)} disabled={!may || pending} maxLength={500} />
        </div>
        <div className="flex flex-wrap gap-2">
          {waits ? (
            <>
              <Button onClick={() => reject.mutate()} disabled={!may || pending || unsaid} busy={reject.isPending ? text.rejecting : false}>
                {text.reject}
              </Button>
              <Button look="primary" onClick={() => approve.mutate()} disabled={!may || pending} busy={approve.isPending ? text.approving : false}>
                {text.approve}
              </Button>
            </>
          ) : (
            <Button look="danger" onClick={() => rollBack.mutate()} disabled={!may || pending || unsaid} busy={rollBack.isPending ? text.rollingBack : false}>
              {text.rollBack}
            </Button>
          )}
        </div>
      </div>
    </Card>
  );
}

function Reasons({ suggestion }: { suggestion: Suggestion }) {
  const { effect, why, evidence, disproof, risk, undo, by_hand: byHand } = suggestion;
  return (
    <Card title={text.effect}>
      <div className="foreign-wrap space-y-3">
        <EffectPicture low={effect.low} median={effect.median} high={effect.high} />
        <p className="font-medium">{effect.text}</p>
        <h3 className="font-semibold">{text.why}</h3>
        <ul className="list-disc space-y-1 pl-5">
          {why.map((line) => (
            <li key={line}>{line}</li>
          ))}
        </ul>
        {evidence.length === 0 ? null : (
          <>
            <h3 className="font-semibold">{text.evidence}</h3>
            <Facts facts={evidence.map(({ what, value }) => [what, value])} />
          </>
        )}
        <Facts facts={[[text.disproof, disproof], [text.risk, risk], [text.undo, undo], ...(byHand === null ? [] : ([[text.byHand, byHand]] as const))]} />
      </div>
    </Card>
  );
}

/** One suggestion with its reasons, the decision, the watch and its history. */
export default function SuggestionPage() {
  const id = useParam("id");
  const query = useQuery({
    queryKey: ["pricing", "suggestion", id],
    queryFn: ({ signal }) => readOne(id, signal),
    refetchInterval: ({ state }) => (state.data?.state === "applying" || state.data?.state === "rolling_back" ? 1000 : 10_000),
  });
  const { data } = query;
  if (data === undefined) return <NotYet title={text.title} what={text.asking} lines={8} query={query} />;
  const moving = data.state === "applying" || data.state === "rolling_back";
  return (
    <>
      <PageHead title={data.title} lead={<CopyText value={data.id} />}>
        <StateBadge state={STATE_OF[data.state]}>{text.state[data.state]}</StateBadge>
      </PageHead>
      <div className="grid gap-4 lg:grid-cols-2">
        {moving ? (
          <div className="lg:col-span-2">
            <Banner state="attention" title={text.state[data.state]}>
              {data.error ?? text.progress}
            </Banner>
          </div>
        ) : null}
        {data.watch === null ? null : (
          <div className="lg:col-span-2">
            <Banner state={data.watch.verdict === "worse" ? "critical" : data.watch.verdict === "better" || data.watch.verdict === "as_expected" ? "fine" : "unknown"} title={`${text.watch}: ${text.verdict[data.watch.verdict] ?? data.watch.verdict}`}>
              {data.watch.text}
            </Banner>
          </div>
        )}
        <Decide key={data.state} suggestion={data} />
        <Reasons suggestion={data} />
        <div className="space-y-4">
          <Card title={text.facts.state}>
            <Facts
              facts={[
                [text.facts.proposed, data.proposed_by],
                [text.facts.approved, data.approved_by.join(", ") || "–"],
                [text.facts.created, <Time key="t" at={data.created} />],
                [text.facts.reason, <span key="r" className="foreign-wrap">{data.reason ?? "–"}</span>],
                [text.facts.price, data.price === null ? "–" : <CopyText key="p" value={data.price} />],
                [text.facts.newPrice, data.new_price === null ? "–" : <CopyText key="n" value={data.new_price} />],
                ...(data.error === null ? [] : ([[text.facts.error, <span key="e" className="foreign-wrap text-critical">{data.error}</span>]] as const)),
              ]}
            />
          </Card>
          <Card title={text.timeline}>
            <ol className="space-y-3 border-l-2 border-line pl-4">
              {data.timeline.map((step) => (
                <li key={`${step.ts} ${step.what}`}>
                  <p className="font-medium">{step.what.replaceAll("_", " ")}</p>
                  <p className="foreign-wrap">{step.text}</p>
                  <p className="text-sm text-muted">
                    <Time at={step.ts} seconds /> · {step.by}
                  </p>
                </li>
              ))}
            </ol>
          </Card>
        </div>
      </div>
    </>
  );
}
