/** Under which names an owner allows searches with an algorithm (`jobs.allow`). */
import { toHex } from "../../../chain/crypto/hash.ts";
import { isCertified } from "../../../chain/governance/count-algorithms.ts";
import type { State } from "../../../chain/state/state.ts";
import { findShipped } from "../../../ml/search/shipped-algorithms.ts";

const OF_HASH = /^search\/([0-9a-f]{64})$/;

export function algorithmNames(
  algorithm: Uint8Array,
  state: Pick<State, "algorithms">,
): readonly string[] {
  const hash = toHex(algorithm);
  const shipped = findShipped(hash);
  return [
    ...(shipped === undefined ? [] : [`search/${shipped.name}`]),
    `search/${hash}`,
    ...(isCertified(state, algorithm) ? ["search/certified"] : []),
  ];
}

/** Hashes of the modules that the owner allows one by one. */
export function hashesAllowed(allow: readonly string[]): string[] {
  return allow.flatMap((name) => OF_HASH.exec(name)?.[1] ?? []);
}
