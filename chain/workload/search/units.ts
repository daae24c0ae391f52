/** The units into which a search is divided; they are leased, claimed, replayed and paid. */
import type { SearchSpec } from "../../types/search.ts";

/** Nonces `from` to `to`, the last one left out. */
export interface NonceRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** Nonces of a search and how they are cut into units. */
export type Cut = Pick<SearchSpec, "from" | "to" | "unitBits">;

/** Nonces of every unit except perhaps the last. */
export function unitLength({ unitBits }: Pick<SearchSpec, "unitBits">): bigint {
  return 1n << BigInt(unitBits);
}

/** Units of the whole search. */
export function unitCount(spec: Cut): bigint {
  return (spec.to - spec.from + unitLength(spec) - 1n) >> BigInt(spec.unitBits);
}

/** The nonces of a unit. @throws RangeError where there is no such unit */
export function unitAt(spec: Cut, unit: bigint): NonceRange {
  if (unit < 0n || unit >= unitCount(spec)) {
    throw new RangeError(`unit ${unit} of ${unitCount(spec)}`);
  }
  const length = unitLength(spec);
  const from = spec.from + unit * length;
  return { from, to: from + length < spec.to ? from + length : spec.to };
}

/** The unit that contains a nonce; undefined outside the search. */
export function unitOf(spec: Cut, nonce: bigint): bigint | undefined {
  if (nonce < spec.from || nonce >= spec.to) return undefined;
  return (nonce - spec.from) >> BigInt(spec.unitBits);
}

/** The largest number of units that are paid: every unit once, and those that the order wants searched twice. */
export function orderedUnits(spec: Cut & Pick<SearchSpec, "redundancy">): bigint {
  return withSecondSearches(spec, unitCount(spec));
}

/** A number of units, plus those of them that the order wants searched twice. */
export function withSecondSearches(
  { redundancy }: Pick<SearchSpec, "redundancy">,
  units: bigint,
): bigint {
  return (units * BigInt(100 + redundancy) + 99n) / 100n;
}

/** The number of nonces in units `from` to `to`, the last one left out. */
export function unitNonces(cut: Cut, from: bigint, to: bigint): bigint {
  return from < to ? unitAt(cut, to - 1n).to - unitAt(cut, from).from : 0n;
}
