/** Fractions as the chain keeps them: whole millionths. */
import { WHOLE } from "../chain/millionths.ts";

export function fractionOf(millionths: number | bigint): number {
  return Number(millionths) / WHOLE;
}

/** Rounded to the nearest. */
export function millionthsOf(fraction: number): number {
  return Math.round(fraction * WHOLE);
}
