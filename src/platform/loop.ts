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
  restMs?: () => number;
  onError(error: unknown): void;
}

const LONGEST_RETRY_MS = 30_000;

/** The waiting of a loop, which a wake-up (where it is listened to) and the end cut short. */
class Rest {
  #woken = false;
  #wake: (() => void) | null = null;
  #end: () => void = () => {};

  /** Wake-ups from before the step are met by it. */
  forgetWakeUps(): void {
    this.#woken = false;
  }

  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  end(): void {
    this.#end();
  }

  async last(ms: number, untilWoken: boolean): Promise<void> {
    if (untilWoken && this.#woken) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, ms);
    this.#wake = untilWoken ? resolve : null;
    this.#end = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = null;
  }
}

/** @param step answers whether there was work, in which case it is called again at once. */
export function startLoop(step: () => Promise<boolean>, options: LoopOptions): Loop {
  const rest = new Rest();
  let stopped = false;
  let failures = 0;

  const run = async (): Promise<void> => {
    while (!stopped) {
      rest.forgetWakeUps();
      try {
        const worked = await step();
        failures = 0;
        if (stopped) return;
        if (worked) await rest.last(options.pauseMs?.() ?? 0, false);
        else {
          if (options.restMs !== undefined) await rest.last(options.restMs(), false);
          if (!stopped) await rest.last(options.pollMs, true);
        }
      } catch (error) {
        failures += 1;
        options.onError(error);
        if (!stopped) await rest.last(Math.min(LONGEST_RETRY_MS, (options.retryMs ?? 250) * 2 ** Math.min(failures - 1, 10)), false);
      }
    }
  };
  const done = run();

  return {
    wake: () => rest.wake(),
    stop: async () => {
      stopped = true;
      rest.end();
      await done;
    },
  };
}
