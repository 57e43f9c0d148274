import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/operations.ts";
import { Button } from "../../ui/button.tsx";
import { Facts } from "../../ui/card.tsx";
import { CopyText, JsonBlock } from "../../ui/copy.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { Money, moneyWords } from "../../ui/money.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner } from "../../ui/state.tsx";
import { Waiting } from "../../ui/waiting.tsx";
import { RefundProgress } from "./progress.tsx";
import { isUnclear, useRequestKey, useUnderway } from "./request-key.ts";

type Reason = keyof typeof text.refund.reasons;
const REASONS = Object.entries(text.refund.reasons) as [Reason, string][];

async function readRefundable(id: string, signal: AbortSignal) {
  return (await answer(api.GET("/api/payments/{id}/refundable", { params: { path: { id } }, signal }))).data;
}
type Refundable = Awaited<ReturnType<typeof readRefundable>>;

/** Which payment: asked for when the dialog was opened without one. */
function Which({ onFound }: { onFound: (id: string) => void }) {
  const [id, setId] = useState("");
  const right = /^(pi|ch|py)_\w+$/.test(id.trim());
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (right) onFound(id.trim());
      }}
    >
      <TextField label={text.refund.id} hint={text.refund.idHint} error={id.trim() === "" || right || "pi_ch_py_".includes(id.trim()) ? null : text.refund.idWrong} value={id} onChange={(event) => setId(event.target.value)} autoFocus spellCheck={false} autoCapitalize="off" autoComplete="off" />
      <Actions>
        <Button type="submit" look="primary" disabled={!right}>
          {text.refund.look}
        </Button>
      </Actions>
    </form>
  );
}

function Warnings({ facts, amount }: { facts: Refundable; amount: number | null }) {
  const whole = amount === null || amount >= facts.left;
  return (
    <div className="space-y-2">
      {facts.disputed ? <Banner state="critical" title={text.refund.disputed} /> : null}
      {facts.in_progress === null ? null : <Banner state="attention" title={text.refund.busy(facts.in_progress)} />}
      {facts.needs_approval === null || !whole ? null : <Banner state="attention" title={text.refund.approval(facts.needs_approval)} />}
      <p className="text-sm text-muted">
        {text.refund.undone} {facts.fee_not_returned === null ? "" : text.refund.fee(moneyWords(facts.fee_not_returned.amount, facts.fee_not_returned.currency))}
      </p>
    </div>
  );
}

/** The answer is read out, and a second Enter on what was the submit button does not close it unread. */
function focus(element: HTMLElement | null): void {
  element?.focus();
}

function What({ facts, onClose }: { facts: Refundable; onClose: () => void }) {
  const { may, role } = useMay("operator");
  const queries = useQueryClient();
  const keyOf = useRequestKey();
  const underway = useUnderway();
  const [part, setPart] = useState(false);
  const [typed, setTyped] = useState("");
  const [reason, setReason] = useState<Reason>("");
  const [note, setNote] = useState("");
  const given = part ? (/^\d+([.,]\d+)?$/.test(typed.trim()) ? Number(typed.trim().replace(",", ".")) : Number.NaN) : null;
  const wrong = given === null || typed.trim() === "" ? null : Number.isNaN(given) || given <= 0 ? text.refund.amountWrong : given > facts.left ? text.refund.amountMore(moneyWords(facts.left, facts.currency)) : null;
  const who = facts.email ?? text.refund.customer;
  const amount = given ?? facts.left;
  const body = { payment_id: facts.payment_id, amount: part ? typed.trim().replace(",", ".") : null, reason: reason === "" ? null : reason, note: note.trim() === "" ? null : note.trim() };
  const refund = useMutation({
    mutationFn: async () => (await answer(api.POST("/api/payments/refund", { body, headers: { "idempotency-key": keyOf(body) } }))).data,
    onSettled: () => {
      underway.end();
      void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "refundable" });
    },
  });
  const unclear = isUnclear(refund.error);
  if (refund.data !== undefined) {
    return (
      <div className="space-y-3 outline-none" tabIndex={-1} ref={focus}>
        {refund.data.status === "awaiting_approval" ? null : <p className="text-lg font-semibold">{text.refund.done(moneyWords(refund.data.amount ?? amount, facts.currency), who)}</p>}
        <RefundProgress operation={refund.data.operation} />
        <Facts facts={[[text.object, refund.data.id === null ? "–" : <CopyText key="id" value={refund.data.id} />], [text.title, <CopyText key="op" value={refund.data.operation} />]]} />
        <JsonBlock value={{ ok: true, data: refund.data }} label={text.json} />
        <Actions>
          <Button look="primary" onClick={onClose}>
            {frame.close}
          </Button>
        </Actions>
      </div>
    );
  }
  const frozen = refund.isPending || unclear;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (may && wrong === null && facts.left > 0 && underway.begin()) refund.mutate();
      }}
    >
      <Facts
        facts={[
          [text.refund.who, <strong key="who" className="foreign-wrap">{who}</strong>],
          [text.refund.card, facts.card === null || facts.card.last4 === null ? "–" : `${facts.card.brand ?? ""} •••• ${facts.card.last4}`],
          [text.refund.captured, <Money key="c" major={facts.captured} currency={facts.currency} />],
          [text.refund.refunded, <Money key="r" major={facts.refunded} currency={facts.currency} />],
          [text.refund.left, <strong key="l"><Money major={facts.left} currency={facts.currency} /></strong>],
          [text.payment, <CopyText key="id" value={facts.payment_id} />],
        ]}
      />
      {facts.left <= 0 ? (
        <Banner state="unknown" title={text.refund.nothing} />
      ) : (
        <fieldset disabled={frozen} className="space-y-3">
          <legend className="sr-only">{text.amount}</legend>
          <label className="flex items-center gap-2">
            <input type="radio" name="part" checked={!part} onChange={() => setPart(false)} className="size-4 accent-(--accent-ground)" />
            {text.refund.full(moneyWords(facts.left, facts.currency))}
          </label>
          <label className="flex items-center gap-2">
            <input type="radio" name="part" checked={part} onChange={() => setPart(true)} className="size-4 accent-(--accent-ground)" />
            {text.refund.partial}
          </label>
          {part ? <TextField label={text.refund.amount(facts.currency.toUpperCase())} hint={text.refund.amountHint(moneyWords(facts.left, facts.currency))} error={wrong} inputMode="decimal" value={typed} onChange={(event) => setTyped(event.target.value)} autoFocus autoComplete="off" /> : null}
          <SelectField label={text.refund.why} options={REASONS} value={reason} onChange={(event) => setReason(event.target.value as Reason)} />
          <TextField label={text.refund.note} value={note} onChange={(event) => setNote(event.target.value)} maxLength={500} />
        </fieldset>
      )}
      {facts.left <= 0 ? null : <Warnings facts={facts} amount={given} />}
      {refund.error === null ? null : <ProblemBox error={refund.error} money={unclear ? text.refund.unclear : text.refund.nothingMoved} />}
      {may ? null : <p className="text-sm text-muted">{frame.needs(frame.role.operator, frame.role[role])}</p>}
      <Actions>
        <Button onClick={onClose} disabled={refund.isPending}>
          {frame.cancel}
        </Button>
        {facts.left <= 0 ? null : (
          <Button type="submit" look="danger" disabled={!may || wrong !== null || (part && typed.trim() === "")} busy={refund.isPending ? text.refund.sending : false}>
            {unclear ? text.refund.ask : text.refund.submit(moneyWords(Number.isNaN(amount) ? 0 : amount, facts.currency))}
          </Button>
        )}
      </Actions>
    </form>
  );
}

/** Says who gets how much, what is left and what cannot be undone; then what happens until Stripe confirms it. */
export function RefundDialog({ open, onClose, payment }: { open: boolean; onClose: () => void; payment?: string }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const id = payment ?? chosen;
  const facts = useQuery({ queryKey: ["refundable", id], queryFn: ({ signal }) => readRefundable(id ?? "", signal), enabled: open && id !== null, staleTime: Number.POSITIVE_INFINITY, gcTime: 0, refetchOnWindowFocus: false });
  const close = (): void => {
    setChosen(null);
    onClose();
  };
  return (
    <Dialog open={open} onClose={close} title={text.refund.title}>
      {id === null ? (
        <Which onFound={setChosen} />
      ) : facts.data !== undefined ? (
        <What key={id} facts={facts.data} onClose={close} />
      ) : facts.error === null ? (
        <Waiting what={text.refund.looking} lines={5} />
      ) : (
        <>
          <ProblemBox error={facts.error} money={text.refund.nothingMoved} retry={() => void facts.refetch()} busy={facts.isFetching} />
          {payment === undefined ? (
            <Actions>
              <Button onClick={() => setChosen(null)}>{text.refund.another}</Button>
            </Actions>
          ) : null}
        </>
      )}
    </Dialog>
  );
}
