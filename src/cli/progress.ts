/** A bar on a terminal; nothing where standard error is none, so that logs stay readable. */
export interface Progress {
  /** @param done of the total, in any unit. */
  update(done: number, note: string): void;
  /** Takes the bar away. */
  end(): void;
}

interface Screen {
  readonly isTTY: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const WIDTH = 30;
const EVERY_MS = 100;
/** What is done sooner needs no bar. */
const AFTER_MS = 500;

export function progressBar(screen: Screen, total: number, nowMs: () => number): Progress {
  const startedAt = nowMs();
  let shownAt = startedAt + AFTER_MS - EVERY_MS;
  let shown = false;
  return {
    update: (done, note) => {
      const now = nowMs();
      if (!screen.isTTY || now - shownAt < EVERY_MS) return;
      shownAt = now;
      shown = true;
      const share = total <= 0 ? 0 : Math.min(1, done / total);
      const left = share > 0.01 ? `, ${Math.ceil(((now - startedAt) * (1 - share)) / share / 1000)} s left` : "";
      const bar = `${"#".repeat(Math.round(share * WIDTH)).padEnd(WIDTH, "·")} ${Math.floor(share * 100)} %  ${note}${left}`;
      screen.write(`\r${bar.slice(0, (screen.columns ?? 80) - 1)}\u001b[K`);
    },
    end: () => {
      if (shown) screen.write("\r\u001b[K");
    },
  };
}

/** The same on standard error, for work that tells how far it is and how far it has to go. */
export function progress(label: string): { show(done: number, total: number): void; end(): void } {
  const bar = progressBar(process.stderr, 1, () => performance.now());
  return { show: (done, total) => bar.update(total === 0 ? 0 : done / total, `${label} ${done} of ${total}`), end: () => bar.end() };
}
