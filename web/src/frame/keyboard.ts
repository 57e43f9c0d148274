import { useEffect, useRef } from "react";

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** A letter after `g` counts that long, ms. */
const SEQUENCE_MS = 1500;

export interface Keys {
  /** Single keys, e.g. `?` or `j`; not while typing, and not with a modifier. */
  readonly single?: Readonly<Record<string, (event: KeyboardEvent) => void>>;
  /** Letters after `g`. */
  readonly afterG?: Readonly<Record<string, () => void>>;
  /** With ⌘ or Ctrl; also while typing. */
  readonly command?: Readonly<Record<string, () => void>>;
}

/** Listens on the whole page while mounted. An open dialog keeps single keys to itself. */
export function useKeys(keys: Keys): void {
  const current = useRef(keys);
  current.current = keys;
  useEffect(() => {
    let waitingSince = Number.NEGATIVE_INFINITY;
    const listen = (event: KeyboardEvent): void => {
      const { single, afterG, command } = current.current;
      if ((event.metaKey || event.ctrlKey) && !event.altKey) {
        const run = command?.[event.key.toLowerCase()];
        if (run === undefined) return;
        event.preventDefault();
        run();
        return;
      }
      if (event.altKey || event.metaKey || event.ctrlKey || event.defaultPrevented || isTyping(event.target) || document.querySelector('[role="dialog"]') !== null) return;
      if (afterG !== undefined && event.timeStamp - waitingSince < SEQUENCE_MS) {
        waitingSince = Number.NEGATIVE_INFINITY;
        const go = afterG[event.key];
        if (go === undefined) return;
        event.preventDefault();
        go();
        return;
      }
      if (afterG !== undefined && event.key === "g") {
        waitingSince = event.timeStamp;
        return;
      }
      single?.[event.key]?.(event);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
