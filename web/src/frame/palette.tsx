import { Command } from "cmdk";
import { Dialog as Primitive } from "radix-ui";
import { useState } from "react";
import { navPages } from "../page.ts";
import { text } from "../text/frame.ts";
import { useFocusBack } from "../ui/focus-back.ts";

/** What a person types, and where it leads: ids are recognised by their beginning. */
function targetsOf(query: string): readonly { to: string; words: string }[] {
  const given = query.trim();
  if (/^evt_\w+$/.test(given)) return [{ to: `/events/${given}`, words: text.palette.event(given) }];
  if (/^(pi|ch|py|re|dp|du)_\w+$/.test(given)) return [{ to: `/payments/${given}`, words: text.palette.payment(given) }];
  if (given.includes("@")) return [{ to: `/payments?q=${encodeURIComponent(given)}`, words: text.palette.email(given) }];
  if (/^\d+([.,]\d+)?$/.test(given)) return [{ to: `/payments?q=${encodeURIComponent(given)}`, words: text.palette.amount(given) }];
  if (/^[a-z_]+\.[a-z_.*]+$/.test(given)) return [{ to: `/events?type=${encodeURIComponent(given)}`, words: text.palette.type(given) }];
  return [];
}

const ITEM = "flex min-h-10 items-center gap-3 rounded-md px-3 data-[selected=true]:bg-accent-soft";

export function Palette({ open, onClose, go, help }: { open: boolean; onClose: () => void; go: (path: string) => void; help: () => void }) {
  const [query, setQuery] = useState("");
  const close = (): void => {
    setQuery("");
    onClose();
  };
  const run = (action: () => void) => () => {
    close();
    action();
  };
  const focus = useFocusBack();
  const targets = targetsOf(query);
  return (
    <Primitive.Root open={open} onOpenChange={(next) => (next ? undefined : close())}>
      <Primitive.Portal>
        <div aria-hidden className="fixed inset-0 z-40 bg-[rgb(0_0_0/0.5)]" />
        <Primitive.Content aria-describedby={undefined} {...focus} className="fixed top-[12dvh] left-1/2 z-50 w-[calc(100vw-24px)] max-w-xl -translate-x-1/2 overflow-hidden rounded-lg border border-line bg-raised shadow-raised">
          <Primitive.Title className="sr-only">{text.keys.palette}</Primitive.Title>
          <Command label={text.keys.palette} loop>
            <Command.Input value={query} onValueChange={setQuery} placeholder={text.searchHint} className="h-12 w-full border-b border-line bg-transparent px-4 text-lg outline-none" />
            <Command.List className="max-h-[50dvh] overflow-y-auto p-2">
              <Command.Empty className="p-4 text-center text-muted">{text.palette.nothing}</Command.Empty>
              {targets.map(({ to, words }) => (
                <Command.Item key={to} value={`${query} ${words}`} onSelect={run(() => go(to))} className={ITEM}>
                  <span className="foreign">{words}</span>
                </Command.Item>
              ))}
              {navPages.map(({ path, title, nav: { icon: Icon, letter } }) => (
                <Command.Item key={path} value={title} onSelect={run(() => go(path))} className={ITEM}>
                  <Icon aria-hidden size={16} className="text-muted" />
                  {title}
                  <kbd className="ml-auto font-mono text-xs text-muted">g {letter}</kbd>
                </Command.Item>
              ))}
              <Command.Item value={text.keys.open} onSelect={run(help)} className={ITEM}>
                {text.keys.open}
                <kbd className="ml-auto font-mono text-xs text-muted">?</kbd>
              </Command.Item>
            </Command.List>
          </Command>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}
