import { useMutation, useQueryClient } from "@tanstack/react-query";
import { ExternalLink } from "lucide-react";
import { useState } from "react";
import { answer, api } from "../../api/client.ts";
import { useAbout, useMay } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/operations.ts";
import { Button } from "../../ui/button.tsx";
import { CopyText, JsonBlock } from "../../ui/copy.tsx";
import { Actions, Dialog } from "../../ui/dialog.tsx";
import { CheckField, TextField } from "../../ui/field.tsx";
import { moneyWords } from "../../ui/money.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { isUnclear, useRequestKey, useUnderway } from "./request-key.ts";

const START = { amount: "0.50", email: "", description: "Payment", days: "7", send: false };

function Form({ onClose }: { onClose: () => void }) {
  const { may, role } = useMay("operator");
  const currency = useAbout().data?.merchant.currency ?? "usd";
  const queries = useQueryClient();
  const keyOf = useRequestKey();
  const underway = useUnderway();
  const [form, setForm] = useState(START);
  const set = (patch: Partial<typeof START>): void => setForm({ ...form, ...patch });
  const body = { amount: form.amount.trim().replace(",", "."), email: form.email.trim(), description: form.description.trim() === "" ? "Payment" : form.description.trim(), days_until_due: Number(form.days), send: form.send };
  const make = useMutation({
    mutationFn: async () => await answer(api.POST("/api/payments/create-invoice", { body, headers: { "idempotency-key": keyOf(body) } })),
    onSettled: () => {
      underway.end();
      void queries.invalidateQueries();
    },
  });
  const unclear = isUnclear(make.error);
  if (make.data !== undefined) {
    const { data } = make;
    return (
      <div className="space-y-3">
        <p className="text-lg font-semibold">{text.invoice.done(moneyWords(data.amount_due ?? 0, data.currency ?? currency), data.customer_email ?? "")}</p>
        {data.hosted_invoice_url === null ? null : (
          <p className="space-y-2">
            <a href={data.hosted_invoice_url} target="_blank" rel="noopener noreferrer" className="inline-flex items-center gap-2 font-medium text-accent underline">
              {text.invoice.link} <ExternalLink aria-hidden size={16} />
            </a>
            <br />
            <CopyText value={data.hosted_invoice_url} />
          </p>
        )}
        <JsonBlock value={data} label={text.json} />
        <Actions>
          <Button onClick={() => make.reset()}>{text.invoice.another}</Button>
          <Button look="primary" onClick={onClose} autoFocus>
            {frame.close}
          </Button>
        </Actions>
      </div>
    );
  }
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (may && underway.begin()) make.mutate();
      }}
    >
      <fieldset disabled={make.isPending || unclear} className="space-y-3">
        <legend className="sr-only">{text.invoice.title}</legend>
        <TextField label={text.invoice.amount(currency.toUpperCase())} inputMode="decimal" required value={form.amount} onChange={(event) => set({ amount: event.target.value })} autoComplete="off" />
        <TextField label={text.invoice.email} type="email" required autoFocus value={form.email} onChange={(event) => set({ email: event.target.value })} />
        <TextField label={text.invoice.description} maxLength={500} value={form.description} onChange={(event) => set({ description: event.target.value })} />
        <TextField label={text.invoice.days} type="number" min={0} max={365} required value={form.days} onChange={(event) => set({ days: event.target.value })} />
        <CheckField label={text.invoice.send} checked={form.send} onChange={(event) => set({ send: event.target.checked })} />
      </fieldset>
      {make.error === null ? null : <ProblemBox error={make.error} money={unclear ? text.invoice.unclear : text.invoice.nothing} />}
      {may ? null : <p className="text-sm text-muted">{frame.needs(frame.role.operator, frame.role[role])}</p>}
      <Actions>
        <Button onClick={onClose} disabled={make.isPending}>
          {frame.cancel}
        </Button>
        <Button type="submit" look="primary" disabled={!may || form.email.trim() === "" || form.amount.trim() === ""} busy={make.isPending ? text.invoice.sending : false}>
          {unclear ? text.refund.ask : text.invoice.submit}
        </Button>
      </Actions>
    </form>
  );
}

export function InvoiceDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title={text.invoice.title} lead={text.invoice.lead}>
      <Form onClose={onClose} />
    </Dialog>
  );
}
