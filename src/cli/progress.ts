import { Presets, SingleBar } from "cli-progress";

/** A bar on a terminal; nothing where standard error is none, so that logs stay readable. */
export interface Progress {
  /** @param done of the total, in any unit. */
  update(done: number, note: string): void;
  /** Takes the bar away. */
  end(): void;
}

export function progressBar(total: number): Progress {
  const bar = new SingleBar(
    {
      format: "{bar} {percentage} %  {note}  {eta_formatted} left",
      stream: process.stderr,
      fps: 10,
      clearOnComplete: true,
      noTTYOutput: false,
      // Its own way with Ctrl-C would swallow it.
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  let begun = false;
  return {
    update: (done, note) => {
      if (!process.stderr.isTTY) return;
      if (!begun) bar.start(total, 0, { note });
      begun = true;
      bar.update(Math.min(done, total), { note });
    },
    end: () => {
      if (begun) bar.stop();
    },
  };
}

/** The same for work that tells how far it is and how far it has to go. */
export function progress(label: string): { show(done: number, total: number): void; end(): void } {
  const bar = progressBar(1);
  return { show: (done, total) => bar.update(total === 0 ? 0 : done / total, `${label} ${done} of ${total}`), end: () => bar.end() };
}
