import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Eye, EyeOff } from "lucide-react";
import { useState } from "react";
import { answer, api } from "../api/client.ts";
import { text } from "../text/frame.ts";
import { Button, IconButton } from "../ui/button.tsx";
import { TextField } from "../ui/field.tsx";
import { ModeBadge, ModeLine } from "./mode.tsx";

/** A key is exchanged for a session; it stays in this field's memory until then and nowhere after. */
export function SignIn({ ended }: { ended: boolean }) {
  const [key, setKey] = useState("");
  const [shown, setShown] = useState(false);
  const queries = useQueryClient();
  const signIn = useMutation({
    mutationFn: async () => await answer(api.POST("/api/session", { body: { key: key.trim() } })),
    onSuccess: async () => {
      setKey("");
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "whoami" });
      await queries.invalidateQueries();
    },
  });
  return (
    <main className="flex min-h-dvh items-center justify-center p-4">
      <form
        className="w-full max-w-md rounded-lg border border-line bg-surface p-6 shadow-card"
        onSubmit={(event) => {
          event.preventDefault();
          if (key.trim() !== "" && !signIn.isPending) signIn.mutate();
        }}
      >
        <div className="mb-4 flex items-center justify-between">
          <h1 className="text-xl font-semibold">
            {text.signIn.title} · {text.product}
          </h1>
          <ModeBadge />
        </div>
        <ModeLine />
        {ended ? (
          <p role="status" className="mb-3 font-medium">
            {text.signIn.ended}
          </p>
        ) : null}
        <p className="mb-4 text-muted">{text.signIn.lead}</p>
        <div className="flex items-end gap-2">
          <div className="flex-1">
            <TextField label={text.signIn.key} type={shown ? "text" : "password"} name="key" autoComplete="current-password" autoFocus spellCheck={false} autoCapitalize="off" value={key} onChange={(event) => setKey(event.target.value)} error={signIn.error?.message} />
          </div>
          <IconButton label={shown ? text.signIn.hide : text.signIn.show} onClick={() => setShown(!shown)}>
            {shown ? <EyeOff aria-hidden size={18} /> : <Eye aria-hidden size={18} />}
          </IconButton>
        </div>
        <Button type="submit" look="primary" className="mt-4 w-full" disabled={key.trim() === ""} busy={signIn.isPending ? text.signIn.busy : false}>
          {text.signIn.submit}
        </Button>
        <p className="mt-4 text-sm text-muted">{text.signIn.stored}</p>
        <p className="mt-1 text-sm text-muted">{text.signIn.where}</p>
      </form>
    </main>
  );
}
