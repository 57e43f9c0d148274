import { useMutation, useQueryClient } from "@tanstack/react-query";
import { CircleUserRound, LogOut, MonitorX } from "lucide-react";
import { answer, api } from "../api/client.ts";
import { text } from "../text/frame.ts";
import { Menu, MenuChoice, MenuItem, MenuLine } from "../ui/menu.tsx";
import { useDensity, useTheme } from "./preferences.ts";
import { useWho } from "./who.ts";

function useSignOut(everywhere: boolean) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () => await answer(everywhere ? api.DELETE("/api/sessions") : api.DELETE("/api/session")),
    // Whatever was shown is gone from memory too: the next person at this screen sees nothing of it.
    onSettled: async () => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== "whoami" });
      await queries.resetQueries({ queryKey: ["whoami"] });
    },
  });
}

export function Account() {
  const who = useWho().data;
  const [theme, setTheme] = useTheme();
  const [density, setDensity] = useDensity();
  const here = useSignOut(false);
  const everywhere = useSignOut(true);
  if (who === undefined) return null;
  return (
    <Menu
      trigger={
        <button type="button" className="inline-flex h-9 max-w-56 min-w-0 items-center gap-2 rounded-md px-2 hover:bg-sunken">
          <CircleUserRound aria-hidden size={20} className="shrink-0 text-muted" />
          {/* Its name is what is seen, and what it is for; no label beside it that says something else. */}
          <span className="sr-only min-w-0 text-left leading-4 sm:not-sr-only sm:block">
            <span className="foreign block text-sm font-medium">{who.name}</span> <span className="block text-xs text-muted">{text.role[who.role]}</span>
          </span>
          <span className="sr-only">{text.account}</span>
        </button>
      }
    >
      <p className="px-2 py-1 text-sm text-muted">
        <span className="foreign block font-medium text-text">{who.name}</span>
        {text.role[who.role]}: {text.roleDoes[who.role]}
      </p>
      <MenuLine />
      <MenuChoice label={text.theme.label} value={theme} onChange={setTheme} options={[["system", text.theme.system], ["light", text.theme.light], ["dark", text.theme.dark]]} />
      <MenuChoice label={text.density.label} value={density} onChange={setDensity} options={[["comfortable", text.density.comfortable], ["compact", text.density.compact]]} />
      <MenuLine />
      <MenuItem onSelect={() => here.mutate()} icon={<LogOut aria-hidden size={16} />}>
        {text.signOut}
      </MenuItem>
      <MenuItem onSelect={() => everywhere.mutate()} icon={<MonitorX aria-hidden size={16} />}>
        {text.signOutEverywhere}
      </MenuItem>
    </Menu>
  );
}
