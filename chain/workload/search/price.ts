/** The cost of searching, and the lowest price of a unit. */
import type { Parameters } from "../../types/genesis.ts";
import type { JobSpec } from "../../types/job.ts";
import type { SearchSpec } from "../../types/search.ts";
import { searchSpec } from "./search-of.ts";
import { unitLength } from "./units.ts";

const TERA = 1_000_000_000_000n;
/** Bytes of an algorithm and of the units of a claim, which an auditor fetches. */
export const REPLAY_BYTES = 2_000_000n;

export function runOperations(
  spec: Pick<SearchSpec, "unitBits" | "operations">,
  units: number,
): bigint {
  return BigInt(units) * unitLength(spec) * BigInt(spec.operations);
}

/** The lowest price of a unit of this order. */
export function lowestPrice(spec: JobSpec, { minPricePerTeraflop }: Parameters): bigint {
  const operations = runOperations(searchSpec(spec), 1);
  const byWork = (operations * minPricePerTeraflop + TERA - 1n) / TERA;
  return byWork > 0n ? byWork : 1n;
}
