import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from "react";

/** An event of the live feed. `seq` grows; none comes twice. */
export interface FeedEvent {
  readonly seq: number;
  readonly ts: string;
  readonly event_id: string;
  readonly event_type: string;
  readonly object_id: string | null;
  readonly payment_id: string | null;
  readonly payment_status: string | null;
  readonly amount: string | null;
}

export interface Live {
  readonly state: "connecting" | "live" | "stale";
  /** When something was heard last, ms UTC. */
  readonly heardAt: number;
  /** Newest first. */
  readonly events: readonly FeedEvent[];
  /** Events that came in while the connection was broken; null when it was not. */
  readonly caughtUp: number | null;
  /** Events left out because so many were missed. */
  readonly skipped: number;
  /** Events stored and not yet processed. */
  readonly behind: number;
}

const START: Live = { state: "connecting", heardAt: 0, events: [], caughtUp: null, skipped: 0, behind: 0 };
const KEPT = 60;
/** A beat comes every ten seconds; without one for longer, the line is dead whatever the browser believes. */
const SILENT_MS = 25_000;
const REFRESH_MS = 2000;

const LiveContext = createContext<Live>(START);

export function useLive(): Live {
  return useContext(LiveContext);
}

interface Hooks {
  onEvents(): void;
  set(change: (live: Live) => Live): void;
}

/**
 * One connection for the whole page. It ends while the page is hidden (a browser allows six to one host) and comes back
 * where it was: the service tells everything after the last position.
 */
function listen({ onEvents, set }: Hooks): () => void {
  let source: EventSource | null = null;
  let last: number | null = null;
  let heardAt = Date.now();
  let missed: number | null = null;
  const heard = (change: (live: Live) => Live): void => {
    heardAt = Date.now();
    set((live) => ({ ...change(live), heardAt }));
  };
  const take = (message: MessageEvent<string>): void => {
    const event = JSON.parse(message.data) as FeedEvent;
    if (last !== null && event.seq <= last) return;
    last = event.seq;
    if (missed !== null) missed += 1;
    heard((live) => ({ ...live, events: [event, ...live.events].slice(0, KEPT) }));
    onEvents();
  };
  const open = (): void => {
    source?.close();
    source = new EventSource(last === null ? "/api/live" : `/api/live?after=${last}`);
    source.addEventListener("event", take);
    source.addEventListener("skipped", (message: MessageEvent<string>) => {
      const { count } = JSON.parse(message.data) as { count: number };
      heard((live) => ({ ...live, skipped: count }));
    });
    source.addEventListener("beat", (message: MessageEvent<string>) => {
      const { at, behind } = JSON.parse(message.data) as { at: number; behind: number };
      last ??= at;
      const back = missed;
      missed = null;
      heard((live) => ({ ...live, state: "live", behind, caughtUp: back ?? live.caughtUp }));
    });
    source.addEventListener("error", () => {
      missed ??= 0;
      set((live) => ({ ...live, state: "stale", heardAt }));
      // The browser gives up on an answer that is no stream (a proxy's 502, a session that ended).
      if (source?.readyState === EventSource.CLOSED) again();
    });
  };
  let timer = 0;
  const again = (): void => {
    window.clearTimeout(timer);
    timer = window.setTimeout(open, 2000);
  };
  const watch = window.setInterval(() => {
    if (document.hidden || source === null || Date.now() - heardAt < SILENT_MS) return;
    missed ??= 0;
    set((live) => ({ ...live, state: "stale", heardAt }));
    heardAt = Date.now() - SILENT_MS / 2;
    open();
  }, 5000);
  const onVisibility = (): void => {
    window.clearTimeout(timer);
    if (document.hidden) {
      source?.close();
      source = null;
    } else {
      heardAt = Date.now();
      open();
    }
  };
  document.addEventListener("visibilitychange", onVisibility);
  if (!document.hidden) open();
  return () => {
    window.clearTimeout(timer);
    window.clearInterval(watch);
    document.removeEventListener("visibilitychange", onVisibility);
    source?.close();
  };
}

export function LiveProvider({ children }: { children: ReactNode }) {
  const [live, setLive] = useState(START);
  const queries = useQueryClient();
  useEffect(() => {
    let waiting = 0;
    const stop = listen({
      set: setLive,
      // What shows figures asks again soon after an event, and not for each of them.
      onEvents: () => {
        if (waiting !== 0) return;
        waiting = window.setTimeout(() => {
          waiting = 0;
          void queries.invalidateQueries({ predicate: ({ meta }) => meta?.["live"] === true });
        }, REFRESH_MS);
      },
    });
    return () => {
      window.clearTimeout(waiting);
      stop();
    };
  }, [queries]);
  return <LiveContext value={useMemo(() => live, [live])}>{children}</LiveContext>;
}
