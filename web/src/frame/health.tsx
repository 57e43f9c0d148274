import { useQuery } from "@tanstack/react-query";
import { Popover } from "radix-ui";
import { api, Problem } from "../api/client.ts";
import { text } from "../text/frame.ts";
import { type State, StateIcon } from "../ui/state.tsx";
import { Time } from "../ui/time.tsx";

const STATE: Record<string, State> = { ok: "fine", degraded: "attention", down: "critical", unknown: "unknown" };
const OVERALL: Record<string, State> = { healthy: "fine", degraded: "attention", down: "critical" };

/** A service that is down answers 503 with the same words, which are wanted all the same. */
export async function readHealth(signal: AbortSignal) {
  const { data, error, response } = await api.GET("/api/system-health", { signal });
  const health = data ?? (response.status === 503 && error !== undefined && "checks" in error ? error : undefined);
  if (health === undefined) throw new Problem(text.problem.unreadable(response.status), { status: response.status, code: "health", requestId: null });
  return health;
}

export function HealthDot() {
  const { data, isError } = useQuery({ queryKey: ["health"], queryFn: ({ signal }) => readHealth(signal), refetchInterval: 15_000 });
  const state: State = isError ? "unknown" : (OVERALL[data?.status ?? ""] ?? "unknown");
  const words = isError ? text.health.unreachable : data === undefined ? text.health.unknown : text.health[data.status];
  return (
    <Popover.Root>
      <Popover.Trigger asChild>
        <button type="button" aria-label={`${words}. ${text.health.open}`} title={words} className="inline-flex h-9 items-center gap-1.5 rounded-md px-2 text-muted hover:bg-sunken">
          <StateIcon state={state} size={18} />
          <span className="hidden text-sm lg:inline">{words}</span>
        </button>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content aria-label={text.health.open} align="end" sideOffset={6} collisionPadding={8} className="z-50 w-96 max-w-[calc(100vw-16px)] rounded-lg border border-line bg-raised p-2 shadow-raised">
          <p className="px-2 py-1 font-semibold">{words}</p>
          <ul tabIndex={0} className="max-h-[65dvh] overflow-y-auto">
            {Object.entries(data?.checks ?? {}).map(([name, check]) => (
              <li key={name} className="flex gap-2 px-2 py-1.5">
                <span className="pt-0.5">
                  <StateIcon state={STATE[check.state] ?? "unknown"} />
                </span>
                <div className="min-w-0">
                  <p>
                    <span className="font-medium">{name.replaceAll("_", " ")}</span> <span className="text-muted">{text.health.part[check.state]}</span>
                  </p>
                  {check.figure === undefined ? null : <p className="foreign-wrap text-sm text-muted">{String(check.figure)}</p>}
                  {check.todo === undefined ? null : <p className="foreign-wrap text-sm">{check.todo}</p>}
                  {check.state === "ok" ? null : (
                    <p className="text-sm text-muted">
                      <Time at={check.since} />
                    </p>
                  )}
                </div>
              </li>
            ))}
          </ul>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
