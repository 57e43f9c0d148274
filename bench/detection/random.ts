// Seeded draws. All traffic of the benchmark comes from here; the same seed gives the same shop.

export interface Random {
  /** In [0, 1). */
  uniform(): number;
  between(low: number, high: number): number;
  integer(low: number, high: number): number;
  pick<T>(values: readonly [T, ...T[]]): T;
  normal(): number;
  poisson(mean: number): number;
  binomial(n: number, p: number): number;
  gamma(shape: number): number;
}

/** sfc32 (PractRand's small fast counter), seeded from a text by FNV-1a. */
export function createRandom(seed: string): Random {
  let hash = 2166136261;
  for (let i = 0; i < seed.length; i++) hash = Math.imul(hash ^ seed.charCodeAt(i), 16777619);
  let [a, b, c, d] = [hash | 0, 0x9e3779b9 | 0, 0x243f6a88 | 0, 1];
  const uniform = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return (t >>> 0) / 4294967296;
  };
  for (let i = 0; i < 20; i++) uniform();
  let spare: number | undefined;
  const normal = (): number => {
    if (spare !== undefined) {
      const value = spare;
      spare = undefined;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  const poisson = (mean: number): number => {
    if (mean <= 0) return 0;
    if (mean > 30) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal() + (normal() ** 2 - 1) / 6));
    const limit = Math.exp(-mean);
    let count = 0;
    for (let product = uniform(); product > limit; product *= uniform()) count++;
    return count;
  };
  const binomial = (n: number, p: number): number => {
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - binomial(n, 1 - p);
    if (n * p > 30) return Math.max(0, Math.min(n, Math.round(n * p + Math.sqrt(n * p * (1 - p)) * normal())));
    if (n <= 12) {
      let count = 0;
      for (let i = 0; i < n; i++) if (uniform() < p) count++;
      return count;
    }
    // Waiting times between successes (Devroye 1986, X.4.3).
    const scale = Math.log1p(-p);
    let count = -1;
    for (let sum = 0; sum <= n; count++) sum += Math.floor(Math.log(1 - uniform()) / scale) + 1;
    return Math.min(n, count);
  };
  const gamma = (shape: number): number => {
    if (shape < 1) return gamma(shape + 1) * uniform() ** (1 / shape);
    // Marsaglia and Tsang 2000.
    const e = shape - 1 / 3;
    const f = 1 / Math.sqrt(9 * e);
    for (;;) {
      const x = normal();
      const v = (1 + f * x) ** 3;
      if (v > 0 && Math.log(1 - uniform()) < 0.5 * x * x + e - e * v + e * Math.log(v)) return e * v;
    }
  };
  return {
    uniform, normal, poisson, binomial, gamma,
    between: (low, high) => low + (high - low) * uniform(),
    integer: (low, high) => low + Math.floor((high - low + 1) * uniform()),
    pick: (values) => values[Math.floor(uniform() * values.length)] ?? values[0],
  };
}
