import { useRef } from "react";
import { Problem } from "../../api/client.ts";

function randomKey(): string {
  // Not `randomUUID`, which a browser has on secure pages only.
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Whether it may have happened although no clear answer came: then only the very same request may be sent again. */
export function isUnclear(error: unknown): boolean {
  return error instanceof Problem && (error.status === 0 || error.status >= 500 || error.code === "in_progress");
}

/**
 * The idempotency key of a dialog: the same for the same request, however often it is sent; another one as soon as
 * something else is asked for.
 */
export function useRequestKey(): (request: unknown) => string {
  const made = useRef<{ text: string; key: string } | null>(null);
  return (request) => {
    const asked = JSON.stringify(request);
    if (made.current?.text !== asked) made.current = { text: asked, key: randomKey() };
    return made.current.key;
  };
}

/**
 * Whether a request is on its way, known at once. A second Enter can come before the page is drawn anew and a mutation
 * says `isPending`; sent then, it would be answered "in progress" and hide what became of the first.
 */
export function useUnderway(): { begin(): boolean; end(): void } {
  const underway = useRef(false);
  return {
    begin: () => {
      if (underway.current) return false;
      underway.current = true;
      return true;
    },
    end: () => {
      underway.current = false;
    },
  };
}
