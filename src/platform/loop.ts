/**
 * A loop holds no logic: it calls a step while there is work, then waits for a wake-up or the poll interval. Wake-ups
 * are hints; polling is the truth.
 */
export interface Loop {
  /** Look again soon, without waiting for the poll interval. */
  wake(): void;
  /** Resolves when the step under way has ended; no further one is begun. */
  stop(): Promise<void>;
}

export interface LoopOptions {
  /** Wait this long (ms) when a step found nothing to do. */
  pollMs: number;
  /** Wait this long (ms) after a step threw, doubling up to 30 s while it goes on throwing. */
  retryMs?: number;
  /** Wait this long (ms) after a step that did work; 0 yields to the event loop only. */
  pauseMs?: () => number;
  /** Rest at least this long (ms) after a step that found nothing, also when woken: for steps that cost something. */
  restMs?: number;
  onError(error: unknown): void;
}

/** @param step answers whether there was work, in which case it is called again at once. */
export function startLoop(step: () => Promise<boolean>, options: LoopOptions): Loop {
  let stopped = false;
  let failures = 0;
  let woken = false;
  let awaken: (() => void) | null = null;

  const sleep = async (ms: number, untilWoken: boolean): Promise<void> => {
    if (untilWoken && woken) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    awaken = untilWoken ? resolve : null;
    stopNow = resolve;
    await promise;
    clearTimeout(timer);
    awaken = null;
  };
  let stopNow: () => void = () => {};

  const run = async (): Promise<void> => {
    while (!stopped) {
      woken = false;
      try {
        const worked = await step();
        failures = 0;
        if (stopped) return;
        if (worked) await sleep(options.pauseMs?.() ?? 0, false);
        else {
          if (options.restMs !== undefined) await sleep(options.restMs, false);
          if (!stopped) await sleep(options.pollMs, true);
        }
      } catch (error) {
        failures += 1;
        options.onError(error);
        if (!stopped) await sleep(Math.min(30_000, (options.retryMs ?? 250) * 2 ** Math.min(failures - 1, 10)), false);
      }
    }
  };
  const done = run();

  return {
    wake: () => {
      woken = true;
      awaken?.();
    },
    stop: async () => {
      stopped = true;
      stopNow();
      await done;
    },
  };
}
