import { useRef } from "react";

/**
 * For a dialog that no trigger of the primitive's own opens: the focus goes back to where it was, or to the page when
 * that is gone or can no longer be pressed. Without this the primitive leaves it nowhere.
 */
export function useFocusBack(): { onOpenAutoFocus(): void; onCloseAutoFocus(event: Event): void } {
  const before = useRef<HTMLElement | null>(null);
  return {
    onOpenAutoFocus: () => {
      before.current = document.activeElement instanceof HTMLElement ? document.activeElement : null;
    },
    onCloseAutoFocus: (event) => {
      event.preventDefault();
      const usable = before.current !== null && before.current !== document.body && before.current.isConnected && !before.current.matches(":disabled");
      (usable ? before.current : document.getElementById("main"))?.focus();
    },
  };
}
