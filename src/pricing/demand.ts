/**
 * How purchases answer to the price: a local level model with the log price as regressor, fitted by Bayes on a grid.
 *
 *     log(purchases) − log(exposure) = level(t) + e · log(price) + noise,   level: a random walk
 *
 * `e` is the price elasticity of demand; revenue does not depend on the price at e = −1, and that is where the prior is
 * centred: what the figures do not show, is not believed. Counting noise (1/purchases + 1/exposure) is known; the noise
 * beyond it and the walk of the level are not, so all values of a grid are weighed by their likelihood. A product that
 * drifts by itself therefore needs more evidence than a steady one. The model is West & Harrison's dynamic linear model
 * with a static regressor, integrated over its variances.
 */

/** One week of one product in one currency, or of one arm of a declared test. */
export interface DemandRow {
  /** Counted from any week; rows of the same week share the level. */
  readonly week: number;
  /** Minor units. */
  readonly price: number;
  readonly purchases: number;
  /** What purchases are compared with: those of the shop's other products, times an arm's share of the visitors. */
  readonly exposure: number;
  /** Rows between two changes of the price share this number; so do all rows of a declared test. */
  readonly spell: number;
}

/** A mixture of normals that end at 0: what is believed of the elasticity. */
export interface Elasticity {
  readonly parts: readonly { readonly weight: number; readonly mean: number; readonly sd: number }[];
  readonly mean: number;
  readonly sd: number;
  /** Middle of the prices it was seen at, as a logarithm of minor units. */
  readonly seenAt: number;
}

/** Revenue-neutral, and wide enough for anything from a luxury to a commodity. */
export const PRIOR = { mean: -0.69, sd: 1 } as const;

/** Nobody buys more because it is dearer: the belief ends here. With it the middle of the prior is −1. */
const MOST = 0;

/** Standard deviations of a week's log purchases beyond counting, and of the level's step from week to week. */
const NOISE = [0, 0.04, 0.08, 0.15, 0.3] as const;
const WALK = [0, 0.01, 0.025, 0.05, 0.1] as const;

/**
 * Whoever changes a price has a reason, and reasons move demand as well: a competitor, a new version, a campaign. So the
 * level may jump by itself where the price changes. No figures of one change can tell the two apart; several changes, a
 * large one, or a declared test can.
 */
const JUMP = 0.03;

/** Of a level that nothing is known of. */
const VAGUE = 100;

interface Fit {
  readonly logLikelihood: number;
  readonly mean: number;
  readonly variance: number;
}

/**
 * The Kalman filter over rows in the order of weeks, with state (level, elasticity). Exact for given variances.
 */
function filter(rows: readonly DemandRow[], centre: number, noise: number, walk: number, freed: number | null): Fit {
  let level = 0;
  let slope: number = PRIOR.mean;
  // Covariance of the two.
  let a = VAGUE;
  let b = 0;
  let c = PRIOR.sd * PRIOR.sd;
  let logLikelihood = 0;
  let week = rows[0]?.week ?? 0;
  let spell = rows[0]?.spell;
  for (const [index, row] of rows.entries()) {
    a += walk * walk * Math.max(0, row.week - week) + (row.spell === spell ? 0 : row.spell === freed ? VAGUE : JUMP * JUMP);
    week = row.week;
    spell = row.spell;
    const x = Math.log(row.price) - centre;
    const y = Math.log((row.purchases + 0.5) / row.exposure);
    const known = 1 / (row.purchases + 0.5) + 1 / Math.max(row.exposure, 1);
    const gainLevel = a + b * x;
    const gainSlope = b + c * x;
    const total = gainLevel + gainSlope * x + known + noise * noise;
    const error = y - level - slope * x;
    // The first row only finds the level.
    if (index > 0) logLikelihood -= 0.5 * (Math.log(2 * Math.PI * total) + (error * error) / total);
    level += (gainLevel / total) * error;
    slope += (gainSlope / total) * error;
    a -= (gainLevel * gainLevel) / total;
    c -= (gainSlope * gainSlope) / total;
    b -= (gainLevel * gainSlope) / total;
  }
  return { logLikelihood, mean: slope, variance: Math.max(c, 1e-9) };
}

/**
 * What the rows say of the elasticity. Without two different prices it is the prior again.
 *
 * @param rows prices above 0, exposures above 0; any order.
 * @param freed the spell before whose beginning nothing may be learnt from: what is left when that change is not believed.
 */
export function estimateElasticity(rows: readonly DemandRow[], freed: number | null = null): Elasticity {
  const ordered = rows.toSorted((one, other) => one.week - other.week);
  const centre = ordered.reduce((sum, { price }) => sum + Math.log(price), 0) / Math.max(1, ordered.length);
  const fits = NOISE.flatMap((noise) => WALK.map((walk) => filter(ordered, centre, noise, walk, freed)));
  const best = Math.max(...fits.map(({ logLikelihood }) => logLikelihood));
  // Figures that only a belief beyond the end would explain speak for restless demand, not for that end.
  const weights = fits.map(({ logLikelihood, mean, variance }) => Math.exp(logLikelihood - best) * normalCdf((MOST - mean) / Math.sqrt(variance)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const parts = fits.map(({ mean, variance }, index) => ({ weight: (weights[index] ?? 0) / total, mean, sd: Math.sqrt(variance) })).filter(({ weight }) => weight > 1e-4);
  const kept = parts.reduce((sum, { weight }) => sum + weight, 0);
  const scaled = parts.map((part) => ({ ...part, weight: part.weight / kept }));
  const prices = ordered.map(({ price }) => Math.log(price));
  const seenAt = prices.length === 0 ? 0 : (Math.min(...prices) + Math.max(...prices)) / 2;
  return { parts: scaled, ...moments(scaled), seenAt };
}

/**
 * How far the elasticity may be another one at another price, standard deviations per logarithm of price. Demand of buyers
 * whose willingness to pay is log-normal with a spread of 0.5 to 0.9 grows steeper by about 1.5 to 4.
 */
const CURVE = 1.5;

/** What is believed of the elasticity between two prices: the less, the further they are from those that were seen. */
export function between({ parts, seenAt }: Elasticity, from: number, to: number): Elasticity {
  const more = CURVE * Math.abs((Math.log(from) + Math.log(to)) / 2 - seenAt);
  const wider = parts.map((part) => ({ ...part, sd: Math.hypot(part.sd, more) }));
  return { parts: wider, ...moments(wider), seenAt };
}

/** Mean and standard deviation of a mixture of normals that end at `MOST` (Johnson, Kotz & Balakrishnan 1994, 13.10.1). */
function moments(parts: Elasticity["parts"]): { mean: number; sd: number } {
  const each = parts.map(({ weight, mean, sd }) => {
    const end = (MOST - mean) / sd;
    const ratio = Math.exp(-0.5 * end * end) / Math.sqrt(2 * Math.PI) / normalCdf(end);
    return { weight, mean: mean - sd * ratio, variance: Math.max(0, sd * sd * (1 - end * ratio - ratio * ratio)) };
  });
  const mean = each.reduce((sum, part) => sum + part.weight * part.mean, 0);
  const second = each.reduce((sum, part) => sum + part.weight * (part.variance + part.mean * part.mean), 0);
  return { mean, sd: Math.sqrt(Math.max(0, second - mean * mean)) };
}

/** Of the standard normal; right to 1.2e-7 of itself, also far out. Numerical Recipes (1992), 6.2, `erfcc`. */
export function normalCdf(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  const t = 1 / (1 + x / 2);
  const terms = [1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587, -0.82215223, 0.17087277];
  const tail = (t * Math.exp(-x * x - 1.26551223 + terms.reduceRight((sum, term) => t * (term + sum), 0))) / 2;
  return z >= 0 ? 1 - tail : tail;
}

/** How likely the elasticity is below `value`. */
export function below({ parts }: Elasticity, value: number): number {
  if (value >= MOST) return 1;
  return parts.reduce((sum, { weight, mean, sd }) => sum + (weight * normalCdf((value - mean) / sd)) / normalCdf((MOST - mean) / sd), 0);
}

/** The value that the elasticity is below with probability `p`, by halving. */
export function quantile(elasticity: Elasticity, p: number): number {
  let low = elasticity.mean - 12 * elasticity.sd - 1;
  let high: number = MOST;
  for (let round = 0; round < 60; round += 1) {
    const middle = (low + high) / 2;
    if (below(elasticity, middle) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

export interface Effect {
  /** Relative change of revenue per visitor: 0.03 is 3 % more. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/**
 * What a move of the price from one to the other does to revenue: (to/from)^(1+e) − 1, with the middle 90 % of what is
 * believed there.
 */
export function effectOf(elasticity: Elasticity, from: number, to: number): Effect {
  const step = Math.log(to / from);
  const here = between(elasticity, from, to);
  const at = (p: number): number => Math.exp((1 + quantile(here, p)) * step) - 1;
  const ends = [at(0.05), at(0.95)].sort((one, other) => one - other) as [number, number];
  return { median: at(0.5), low: ends[0], high: ends[1] };
}

/**
 * Purchases (all told) until a price `step` away from today's could be told from a revenue-neutral one, when the truth
 * is one unit of elasticity off: from the counting noise alone, so at least that many.
 *
 * @param certainty one-sided, in standard deviations.
 */
export function purchasesNeeded(step: number, certainty: number): number {
  const sd = 1 / certainty;
  const perArm = 2 / (sd * Math.log(1 + step)) ** 2;
  return Math.ceil(2 * perArm);
}
