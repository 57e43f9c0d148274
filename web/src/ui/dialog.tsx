import { X } from "lucide-react";
import { Dialog as Primitive } from "radix-ui";
import type { ReactNode } from "react";
import { text } from "../text/frame.ts";
import { classes } from "./classes.ts";
import { IconButton } from "./button.tsx";
import { useFocusBack } from "./focus-back.ts";

/**
 * Traps the focus and gives it back; Esc closes. The ground behind it is our own and not the primitive's overlay, which
 * writes a style element that the page's policy refuses.
 */
export function Dialog({ open, onClose, title, lead, children, wide = false, closable = true }: { open: boolean; onClose: () => void; title: string; lead?: ReactNode; children: ReactNode; wide?: boolean; closable?: boolean }) {
  const focus = useFocusBack();
  return (
    <Primitive.Root open={open} onOpenChange={(next) => (!next && closable ? onClose() : undefined)}>
      <Primitive.Portal>
        <div aria-hidden className="fixed inset-0 z-40 bg-[rgb(0_0_0/0.5)]" />
        <Primitive.Content
          aria-describedby={undefined}
          {...focus}
          onPointerDownOutside={(event) => (closable ? undefined : event.preventDefault())}
          className={classes("fixed top-1/2 left-1/2 z-50 flex max-h-[calc(100dvh-24px)] w-[calc(100vw-24px)] -translate-x-1/2 -translate-y-1/2 flex-col rounded-lg border border-line bg-raised shadow-raised", wide ? "max-w-3xl" : "max-w-lg")}
        >
          <header className="flex items-start justify-between gap-3 border-b border-line px-4 py-3">
            <div className="min-w-0">
              <Primitive.Title className="text-lg font-semibold">{title}</Primitive.Title>
              {lead === undefined ? null : <div className="text-sm text-muted">{lead}</div>}
            </div>
            {closable ? (
              <Primitive.Close asChild>
                <IconButton label={text.close} className="-mt-1 -mr-2">
                  <X aria-hidden size={18} />
                </IconButton>
              </Primitive.Close>
            ) : null}
          </header>
          <div className="min-h-0 overflow-y-auto p-4">{children}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
}

/** The row of buttons at the end of a dialog or form. */
export function Actions({ children }: { children: ReactNode }) {
  return <div className="mt-4 flex flex-wrap justify-end gap-2">{children}</div>;
}
