// What can be seen at this store's size, computed from its own volume and noise (DETECTION §7).

import type { JudgeOptions } from "./judge.ts";
import { countAtMost } from "./negative-binomial.ts";
import { alphaOf, WINDOWS } from "./sensitivity.ts";
import { type DetectorState, daysSeen } from "./state.ts";

export interface Outlook {
  readonly attemptsADay: number;
  /** Days until the ordinary tests run; 0 when they do. */
  readonly learningDaysLeft: number;
  /** Minutes until a checkout that stops, or loses half, is noticed at average volume; null when no window would tell. */
  readonly deadMinutes: number | null;
  readonly halvedMinutes: number | null;
}

const LEARNING_DAYS = 14;

export function outlookOf(state: DetectorState, options: JudgeOptions): Outlook {
  const attemptsADay = state.volume?.attemptsADay ?? 0;
  return {
    attemptsADay, learningDaysLeft: Math.max(0, LEARNING_DAYS - daysSeen(state)),
    deadMinutes: noticedAfter(state, attemptsADay, 0, options.budget),
    halvedMinutes: noticedAfter(state, attemptsADay, 0.5, options.budget),
  };
}

/** The shortest window W with P(NB(m, phi) <= share * m) < alpha(W). */
function noticedAfter(state: DetectorState, attemptsADay: number, share: number, budget: number): number | null {
  for (let index = 0; index < WINDOWS.length; index++) {
    const window = WINDOWS[index] ?? 0;
    const expected = (attemptsADay * window) / 1440;
    if (expected < 6) continue;
    const phi = Math.min(state.usual.phi[index] ?? 0.1, state.near.phi[index] ?? Infinity);
    if (countAtMost(Math.floor(share * expected), expected, phi) < alphaOf(window, budget)) return window;
  }
  return null;
}
