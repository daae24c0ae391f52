/** What searches hash with, and the votes on it, in the contract's form. */
import { fromHex, toHex } from "../../../chain/crypto/hash.ts";
import { algorithmTallies, isCertified } from "../../../chain/governance/count-algorithms.ts";
import { electorateOf } from "../../../chain/governance/count-votes.ts";
import { epochEnd } from "../../../chain/schedule/epoch-of.ts";
import type { State } from "../../../chain/state/state.ts";
import { findShipped, SHIPPED } from "../../../ml/search/shipped-algorithms.ts";
import { algorithmNames, hashesAllowed } from "../../jobs/search/algorithm-names.ts";
import type { AlgorithmJson, AlgorithmList } from "../contract/algorithm.ts";
import { named } from "./jobs/frame.ts";

/** @param allow what the owner of this node allows (`jobs.allow`) */
export function encodeAlgorithms(state: State, allow: readonly string[]): AlgorithmList {
  const electorate = electorateOf(state);
  const hashes = new Set([
    ...SHIPPED.map(({ hash }) => hash),
    ...state.algorithms.map(toHex),
    ...hashesAllowed(allow),
  ]);
  return {
    algorithms: [...hashes].map((hash) => encodeOne(hash, state, allow)),
    totalWeight: electorate.total.toString(),
    votes: algorithmTallies(state, electorate).map(({ algorithm, nodes, weight }) => ({
      algorithm: toHex(algorithm),
      ...named("name", findShipped(toHex(algorithm))?.name),
      wants: isCertified(state, algorithm) ? "remove" : "certify",
      nodes: [...nodes],
      weight: weight.toString(),
      against: (electorate.total - weight).toString(),
    })),
    countedAt: epochEnd(state.height + 1, state.parameters),
  };
}

function encodeOne(hash: string, state: State, allow: readonly string[]): AlgorithmJson {
  const shipped = findShipped(hash);
  const algorithm = fromHex(hash);
  const names = algorithmNames(algorithm, state);
  return {
    hash,
    ...named("name", shipped?.name),
    ...named("digest", shipped?.digest),
    shipped: shipped !== undefined,
    certified: isCertified(state, algorithm),
    allowed: names.some((name) => allow.includes(name)),
  };
}
