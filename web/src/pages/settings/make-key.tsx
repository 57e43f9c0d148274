import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { answer, api } from "../../api/client.ts";
import type { Role } from "../../frame/who.ts";
import { text as frame } from "../../text/frame.ts";
import { text } from "../../text/settings.ts";
import { Button } from "../../ui/button.tsx";
import { CopyText } from "../../ui/copy.tsx";
import { SelectField, TextField } from "../../ui/field.tsx";
import { ProblemBox } from "../../ui/problem.tsx";
import { Banner } from "../../ui/state.tsx";

const ROLES: readonly Role[] = ["viewer", "operator", "admin"];
const DAYS: readonly number[] = [30, 90, 365];
const DAY_MS = 86_400_000;

/** Makes a key. It is held by this form alone, until it is said to be kept or the page is left. */
export function MakeKey() {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("viewer");
  const [days, setDays] = useState("90");
  const make = useMutation({
    mutationFn: async () => await answer(api.POST("/api/keys", { body: { name: name.trim(), role, expires_at: days === "" ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString() } })),
    gcTime: 0,
    onSuccess: () => setName(""),
    onSettled: () => void queries.invalidateQueries({ queryKey: ["keys"] }),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    make.mutate();
  };
  if (make.data !== undefined) {
    return (
      <Banner state="attention" title={text.keys.shown}>
        <p>{text.keys.shownBody}</p>
        <p className="my-2">
          <CopyText value={make.data.key} />
        </p>
        <Button small onClick={() => make.reset()}>
          {text.keys.kept}
        </Button>
      </Banner>
    );
  }
  return (
    <form onSubmit={submit} className="space-y-3">
      <div className="grid items-end gap-3 sm:grid-cols-[minmax(0,2fr)_minmax(0,1fr)_minmax(0,1fr)_auto]">
        <TextField label={text.keys.name} value={name} onChange={(event) => setName(event.target.value)} maxLength={200} required autoComplete="off" />
        <SelectField label={text.keys.role} value={role} onChange={(event) => setRole(ROLES.find((one) => one === event.target.value) ?? "viewer")} options={ROLES.map((one) => [one, frame.role[one]])} />
        <SelectField label={text.keys.days} value={days} onChange={(event) => setDays(event.target.value)} options={[...DAYS.map((count) => [String(count), text.keys.inDays(count)] as const), ["", text.keys.never]]} />
        <Button type="submit" look="primary" disabled={name.trim() === ""} busy={make.isPending ? text.keys.making : false}>
          {text.keys.make}
        </Button>
      </div>
      <p className="text-sm text-muted">
        {frame.role[role]}: {frame.roleDoes[role]}
      </p>
      {make.error === null ? null : <ProblemBox error={make.error} />}
    </form>
  );
}
