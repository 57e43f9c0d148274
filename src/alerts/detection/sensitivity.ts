/** In words with its price: how many false alarms a month each (test, window) may give. DETECTION §5 and §7. */
export type Sensitivity = "calm" | "normal" | "eager";

export const FALSE_ALARM_BUDGET: Readonly<Record<Sensitivity, number>> = { calm: 0.004, normal: 0.02, eager: 0.05 };

/** Minutes. Each is judged when a minute closes; the ladder chooses by itself: two minutes at 100 sales a second, days at 10 a day. */
export const WINDOWS = [
  2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 360, 480, 720, 1440, 2160, 2880, 4320, 5760, 8640,
] as const;

const MINUTES_A_MONTH = 43_200;
/**
 * Neighbouring windows see mostly the same minutes: the ladder counts as about six independent tests. Up to four hours volume is held against two levels, up to an hour
 * against more, each a chance to be wrong; and what varies from minute to minute (blips, batches, a rate that jumps) is worst in the short windows.
 */
const independentWindows = (window: number): number => (window <= 60 ? 24 : window <= 240 ? 12 : 6);

/** alpha(W) = B * W / (minutes a month * independent windows). A window of W minutes is independent of itself about once in W minutes. */
export function alphaOf(window: number, budget: number): number {
  return (budget * window) / (MINUTES_A_MONTH * independentWindows(window));
}
