/** The functions of docs/exact-engine.md in plain JavaScript, rounded after every operation. */

export const f = Math.fround;

/** e^x for x <= 0. */
export function exp(x: number): number {
  if (x < -87) return 0;
  const n = roundHalfEven(f(x * f(Math.LOG2E)));
  const r = f(f(x - f(n * f(0.693359375))) - f(n * f(-2.1219444e-4)));
  let p = f(1.98756915e-4);
  for (const c of [1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1]) {
    p = f(f(p * r) + f(c));
  }
  p = f(f(p * r) + f(5.0000001201e-1));
  p = f(f(f(p * f(r * r)) + r) + 1);
  return f(p * 2 ** n);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** In binary64. */
export function naturalLog(x: number): number {
  let e = 0;
  let m = x;
  while (m < 1) {
    m *= 2;
    e--;
  }
  if (m > Math.SQRT2) {
    m *= 0.5;
    e++;
  }
  const t = (m - 1) / (m + 1);
  const s = t * t;
  let p = 1 / 15;
  for (const divisor of [13, 11, 9, 7, 5, 3, 1]) p = p * s + 1 / divisor;
  return 2 * t * p + e * Math.LN2;
}

export function sigmoid(x: number): number {
  const e = exp(-Math.abs(x));
  return x < 0 ? f(e / f(e + 1)) : f(1 / f(e + 1));
}

export function tanh(x: number): number {
  const a = Math.abs(x);
  if (a < 0.625) {
    const z = f(x * x);
    let p = f(-5.70498872745e-3);
    for (const c of [2.06390887954e-2, -5.37397155531e-2, 1.33314422036e-1, -3.33332819422e-1]) {
      p = f(f(p * z) + f(c));
    }
    return f(f(f(p * z) * x) + x);
  }
  const e = exp(f(a * -2));
  const t = f(f(1 - e) / f(e + 1));
  return x < 0 ? -t : t;
}

export function erf(x: number): number {
  const a = Math.abs(x);
  const t = f(1 / f(f(a * f(0.3275911)) + 1));
  let p = f(1.061405429);
  for (const c of [-1.453152027, 1.421413741, -0.284496736, 0.254829592]) p = f(f(p * t) + f(c));
  const r = f(1 - f(f(p * t) * exp(-f(a * a))));
  return x < 0 ? -r : r;
}

/** The finaliser of MurmurHash3. */
export function mix(value: number): number {
  let z = value | 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return z ^ (z >>> 16);
}
