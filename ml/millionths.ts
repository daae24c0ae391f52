/** Fractions as the chain keeps them: whole millionths. */
const MILLION = 1_000_000;

export function fractionOf(millionths: number | bigint): number {
  return Number(millionths) / MILLION;
}

/** Rounded to the nearest. */
export function millionthsOf(fraction: number): number {
  return Math.round(fraction * MILLION);
}
