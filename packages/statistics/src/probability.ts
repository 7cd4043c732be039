/** Tails of the normal and of Student's distribution, and what they need. Errors are below 1e-12, relative. */

const LANCZOS = [
  676.5203681218851, -1259.1392167224028, 771.3234287776531, -176.6150291621406, 12.507343278686905,
  -0.13857109526572012, 9.984369578019572e-6, 1.5056327351493116e-7,
];
const LANCZOS_G = 7;
const TINY = 1e-300;
const PRECISE = 1e-15;
const MOST_TERMS = 500;

/** ln of the gamma function for x > 0 (Lanczos 1964, with g = 7 and nine terms). */
export function logGamma(x: number): number {
  if (x < 0.5) {
    return Math.log(Math.PI / Math.sin(Math.PI * x)) - logGamma(1 - x);
  }
  const shifted = x - 1;
  let sum = 0.9999999999998099;
  for (let i = 0; i < LANCZOS.length; i++) sum += (LANCZOS[i] as number) / (shifted + i + 1);
  const t = shifted + LANCZOS_G + 0.5;
  return 0.5 * Math.log(2 * Math.PI) + (shifted + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The regularised incomplete beta function I_x(a, b): Lentz's continued fraction (Press et al., Numerical Recipes, 6.4). */
export function regularizedBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log1p(-x));
  // The fraction converges fast only on its own side of the middle.
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

function betaFraction(x: number, a: number, b: number): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let result = d;
  for (let m = 1; m <= MOST_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    result *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < PRECISE) break;
  }
  return result;
}

function awayFromZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

/** P(|T| >= |t|) of Student's distribution: the two-sided p-value. */
export function studentTwoSided(t: number, degreesOfFreedom: number): number {
  return Number.isNaN(t)
    ? Number.NaN
    : regularizedBeta(degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5);
}

/** P(Z > z) of the standard normal distribution, precise in the far tail as well. */
export function normalTail(z: number): number {
  if (z < 0) return 1 - normalTail(-z);
  if (z > 38) return 0;
  const density = Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);
  if (z < 3) {
    // 1/2 - phi(z) (z + z^3/3 + z^5/15 + ...), Marsaglia 2004, Evaluating the Normal Distribution.
    let term = z;
    let sum = z;
    for (let n = 3; term > PRECISE * sum; n += 2) {
      term *= (z * z) / n;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  // Laplace's continued fraction, from its end.
  let fraction = z;
  for (let n = 120; n >= 1; n--) fraction = z + n / fraction;
  return density / fraction;
}

/** P(X >= count) of a binomial distribution. */
export function binomialTail(count: number, trials: number, probability: number): number {
  if (count <= 0) return 1;
  if (count > trials) return 0;
  return regularizedBeta(probability, count, trials - count + 1);
}

/** P(G > x) of a gamma distribution with this shape and unit scale (Press et al., Numerical Recipes, 6.2). */
export function gammaTail(x: number, shape: number): number {
  if (x <= 0) return 1;
  const front = Math.exp(shape * Math.log(x) - x - logGamma(shape));
  if (x < shape + 1) {
    let term = 1 / shape;
    let sum = term;
    for (let n = 1; n <= 10 * MOST_TERMS && term > PRECISE * sum; n++) {
      term *= x / (shape + n);
      sum += term;
    }
    return Math.max(0, 1 - front * sum);
  }
  let b = x + 1 - shape;
  let c = 1 / TINY;
  let d = 1 / awayFromZero(b);
  let result = d;
  for (let n = 1; n <= 10 * MOST_TERMS; n++) {
    const numerator = -n * (n - shape);
    b += 2;
    d = 1 / awayFromZero(numerator * d + b);
    c = awayFromZero(b + numerator / c);
    result *= d * c;
    if (Math.abs(d * c - 1) < PRECISE) break;
  }
  return front * result;
}
