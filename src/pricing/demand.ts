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
}

/** A mixture of normals: what is believed of the elasticity. */
export interface Elasticity {
  readonly parts: readonly { readonly weight: number; readonly mean: number; readonly sd: number }[];
  readonly mean: number;
  readonly sd: number;
}

/** Revenue-neutral, and wide enough for anything from a luxury to a commodity. */
export const PRIOR = { mean: -1, sd: 1 } as const;

/** Standard deviations of a week's log purchases beyond counting, and of the level's step from week to week. */
const NOISE = [0, 0.04, 0.08, 0.15, 0.3] as const;
const WALK = [0, 0.01, 0.025, 0.05, 0.1] as const;

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
function filter(rows: readonly DemandRow[], centre: number, noise: number, walk: number): Fit {
  let level = 0;
  let slope: number = PRIOR.mean;
  // Covariance of the two.
  let a = VAGUE;
  let b = 0;
  let c = PRIOR.sd * PRIOR.sd;
  let logLikelihood = 0;
  let week = rows[0]?.week ?? 0;
  for (const [index, row] of rows.entries()) {
    a += walk * walk * Math.max(0, row.week - week);
    week = row.week;
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
 */
export function estimateElasticity(rows: readonly DemandRow[]): Elasticity {
  const ordered = rows.toSorted((one, other) => one.week - other.week);
  const centre = ordered.reduce((sum, { price }) => sum + Math.log(price), 0) / Math.max(1, ordered.length);
  const fits = NOISE.flatMap((noise) => WALK.map((walk) => filter(ordered, centre, noise, walk)));
  const best = Math.max(...fits.map(({ logLikelihood }) => logLikelihood));
  const weights = fits.map(({ logLikelihood }) => Math.exp(logLikelihood - best));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const parts = fits.map(({ mean, variance }, index) => ({ weight: (weights[index] ?? 0) / total, mean, sd: Math.sqrt(variance) })).filter(({ weight }) => weight > 1e-4);
  const kept = parts.reduce((sum, { weight }) => sum + weight, 0);
  const scaled = parts.map((part) => ({ ...part, weight: part.weight / kept }));
  const mean = scaled.reduce((sum, part) => sum + part.weight * part.mean, 0);
  const second = scaled.reduce((sum, part) => sum + part.weight * (part.sd * part.sd + part.mean * part.mean), 0);
  return { parts: scaled, mean, sd: Math.sqrt(Math.max(0, second - mean * mean)) };
}

/** Of the standard normal. Abramowitz & Stegun 7.1.26, error below 1.5e-7. */
export function normalCdf(z: number): number {
  const t = 1 / (1 + 0.3275911 * (Math.abs(z) / Math.SQRT2));
  const tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429)))) * Math.exp((-z * z) / 2);
  return z >= 0 ? 1 - tail / 2 : tail / 2;
}

/** How likely the elasticity is below `value`. */
export function below({ parts }: Elasticity, value: number): number {
  return parts.reduce((sum, { weight, mean, sd }) => sum + weight * normalCdf((value - mean) / sd), 0);
}

/** The value that the elasticity is below with probability `p`, by halving. */
export function quantile(elasticity: Elasticity, p: number): number {
  let low = elasticity.mean - 12 * elasticity.sd - 1;
  let high = elasticity.mean + 12 * elasticity.sd + 1;
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
 * believed. Holds as long as the elasticity is the same at both.
 */
export function effectOf(elasticity: Elasticity, from: number, to: number): Effect {
  const step = Math.log(to / from);
  const at = (p: number): number => Math.exp((1 + quantile(elasticity, p)) * step) - 1;
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
