// exp, log, sigmoid, tanh and erf of our own: + - * / and bit operations in a written order only,
// because library versions differ between engines.

const LOG2E: f32 = 1.44269504;
const LN2_HIGH: f32 = 0.693359375;
const LN2_LOW: f32 = -2.1219444e-4;

/** e^x for x <= 0; below -87 the result is 0, of NaN it is NaN. |r| <= ln2/2, degree-5 polynomial. */
export function exp(x: f32): f32 {
  if (!(x >= -87)) return x < -87 ? 0 : x;
  const n: f32 = nearest<f32>(x * LOG2E);
  const r: f32 = x - n * LN2_HIGH - n * LN2_LOW;
  let p: f32 = 1.98756915e-4;
  p = p * r + 1.3981999507e-3;
  p = p * r + 8.3334519073e-3;
  p = p * r + 4.1665795894e-2;
  p = p * r + 1.6666665459e-1;
  p = p * r + 5.0000001201e-1;
  p = p * (r * r) + r + 1;
  return p * reinterpret<f32>((<i32>n + 127) << 23);
}

/** Natural logarithm of a positive normal float, in float64: 2·atanh((m-1)/(m+1)) + e·ln2. */
export function log(x: f32): f64 {
  const bits: i32 = reinterpret<i32>(x);
  let e: i32 = (bits >> 23) - 127;
  let m: f64 = <f64>reinterpret<f32>((bits & 0x007fffff) | 0x3f800000);
  if (m > 1.4142135623730951) {
    m = m * 0.5;
    e++;
  }
  const t: f64 = (m - 1) / (m + 1);
  const s: f64 = t * t;
  let p: f64 = 1.0 / 15.0;
  p = p * s + 1.0 / 13.0;
  p = p * s + 1.0 / 11.0;
  p = p * s + 1.0 / 9.0;
  p = p * s + 1.0 / 7.0;
  p = p * s + 1.0 / 5.0;
  p = p * s + 1.0 / 3.0;
  p = p * s + 1.0;
  return 2.0 * t * p + <f64>e * 0.6931471805599453;
}

/** 1 / (1 + e^-x), from e^-|x| so that nothing overflows. */
export function sigmoid(x: f32): f32 {
  const e: f32 = exp(-abs<f32>(x));
  return x < 0 ? e / (e + 1) : 1 / (e + 1);
}

/** An odd polynomial near 0, (1 - e^-2|x|) / (1 + e^-2|x|) with the sign of x elsewhere. */
export function tanh(x: f32): f32 {
  const a: f32 = abs<f32>(x);
  if (a < 0.625) {
    const z: f32 = x * x;
    let p: f32 = -5.70498872745e-3;
    p = p * z + 2.06390887954e-2;
    p = p * z - 5.37397155531e-2;
    p = p * z + 1.33314422036e-1;
    p = p * z - 3.33332819422e-1;
    return p * z * x + x;
  }
  const e: f32 = exp(a * -2);
  const t: f32 = (1 - e) / (e + 1);
  return x < 0 ? -t : t;
}

/** Abramowitz and Stegun 7.1.26; error below 2e-7. */
export function erf(x: f32): f32 {
  const a: f32 = abs<f32>(x);
  const t: f32 = 1 / (a * 0.3275911 + 1);
  let p: f32 = 1.061405429;
  p = p * t - 1.453152027;
  p = p * t + 1.421413741;
  p = p * t - 0.284496736;
  p = p * t + 0.254829592;
  const r: f32 = 1 - p * t * exp(-(a * a));
  return x < 0 ? -r : r;
}
