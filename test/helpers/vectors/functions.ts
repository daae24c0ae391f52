/**
 * docs/exact-engine.md, "Functions". The kernels have these inside other operations only, so the values
 * come from the referee; the test holds the kernels to them.
 */
import { erf, exp, naturalLog, sigmoid, tanh } from "../exact-referee/math.ts";

const SIZES = [
  0, 1e-30, 1e-8, 0.001, 0.1, 0.3465, 0.347, 0.5, 0.6249, 0.625, 0.7, 1, 1.0397, 2, 3.7, 5, 10,
  17.3, 40, 86.9, 87, 87.1, 100,
];
const BOTH_SIGNS = [
  ...SIZES.slice(1)
    .map((size) => -size)
    .toReversed(),
  ...SIZES,
];
/** Both sides of the square root of one half, where the exponent changes. */
const PROBABILITIES = [
  ...[1e-7, 1e-5, 0.001, 0.25, 0.5, 0.9, 0.99999994, 1],
  ...[-2, -1, 0, 1, 2].map((steps) => Math.fround(Math.SQRT1_2) + steps * 2 ** -24),
];

export function functionVectors(): object {
  const of = (values: readonly number[], result: (x: number) => number): [string, string][] =>
    values.map(Math.fround).map((x) => [bits32(x), bits32(result(x))]);
  return {
    about: "Pairs of x and the result, as big-endian hex of their bits; ln has a binary64 result.",
    exp: of(
      SIZES.map((size) => -size),
      exp,
    ),
    sigmoid: of(BOTH_SIGNS, sigmoid),
    tanh: of(BOTH_SIGNS, tanh),
    erf: of(BOTH_SIGNS, erf),
    ln: PROBABILITIES.map(Math.fround).map((x) => [bits32(x), bits64(naturalLog(x))]),
  };
}

function bits32(value: number): string {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value);
  return view.getUint32(0).toString(16).padStart(8, "0");
}

function bits64(value: number): string {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  return view.getBigUint64(0).toString(16).padStart(16, "0");
}
