import { navPages } from "../page.ts";
import { text } from "../text/frame.ts";
import { Dialog } from "../ui/dialog.tsx";

function Key({ children }: { children: string }) {
  return <kbd className="inline-block min-w-6 rounded-md border border-line-strong bg-sunken px-1.5 text-center font-mono text-xs leading-6">{children}</kbd>;
}

function Part({ title, keys }: { title: string; keys: readonly (readonly [keys: readonly string[], words: string])[] }) {
  return (
    <section>
      <h3 className="mb-1 font-semibold">{title}</h3>
      <dl className="grid grid-cols-[auto_1fr] gap-x-3 gap-y-1">
        {keys.map(([names, words]) => (
          <div key={words} className="contents">
            <dt className="space-x-1 whitespace-nowrap">
              {names.map((name) => (
                <Key key={name}>{name}</Key>
              ))}
            </dt>
            <dd>{words}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

export function KeysHelp({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title={text.keys.title} wide>
      <div className="grid gap-6 sm:grid-cols-2">
        <div className="space-y-6">
          <Part title={text.keys.general} keys={[[["⌘ K"], text.keys.palette], [["/"], text.keys.filter], [["?"], text.keys.help], [["Esc"], text.keys.escape]]} />
          <Part title={text.keys.lists} keys={[[["j"], text.keys.next], [["k"], text.keys.previous], [["Enter"], text.keys.enter]]} />
        </div>
        <Part title={text.keys.pages} keys={navPages.map(({ title, nav }) => [["g", nav.letter], text.keys.go(title)])} />
      </div>
    </Dialog>
  );
}
