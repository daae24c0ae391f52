/**
 * Exponential decay without floats: a table of powers of a half in sixteenths of a half-life, with linear
 * interpolation. Without the interpolation, decay in many short steps would be rounded to nothing.
 */
import { MILLION } from "../millionths.ts";

const STEPS = 16n;
/** round(10^6 * 2^(-i/16)). */
const SIXTEENTHS: readonly bigint[] = [
  1_000_000n,
  957_603n,
  917_004n,
  878_126n,
  840_896n,
  805_245n,
  771_105n,
  738_413n,
  707_107n,
  677_128n,
  648_420n,
  620_929n,
  594_604n,
  569_394n,
  545_254n,
  522_137n,
];

/** What is left of a million after a time; 0 after twenty half-lives. */
export function remaining(elapsedMs: bigint, halfLifeMs: bigint): bigint {
  if (elapsedMs <= 0n) return MILLION;
  const steps = (elapsedMs * STEPS) / halfLifeMs;
  const halvings = steps / STEPS;
  if (halvings >= 20n) return 0n;
  const at = Number(steps % STEPS);
  const upper = SIXTEENTHS[at] ?? 0n;
  const lower = SIXTEENTHS[at + 1] ?? MILLION / 2n;
  const beyond = elapsedMs * STEPS - steps * halfLifeMs;
  return (upper - ((upper - lower) * beyond) / halfLifeMs) >> halvings;
}
