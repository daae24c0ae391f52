/** Nodes of a test chain that vote for two blocks of one height, and what it costs them. */

import type { State } from "../../chain/state/state.ts";
import type { Evidence } from "../../chain/types/evidence.ts";
import { totalWeight } from "../../chain/weight/weight.ts";
import type { Person, TestChain } from "./chain.ts";
import { doubleVote } from "./evidence.ts";

/** The first nodes whose votes together are more than this part. */
export function nodesWithVotes({ seats }: State, percent: number): number[] {
  const total = totalWeight(seats);
  let votes = 0n;
  return seats.flatMap(({ node, weight }) => {
    if (100n * votes > BigInt(percent) * total) return [];
    votes += weight;
    return [node];
  });
}

/** All the money that answers for these nodes, micro-POML. */
export function bondsOf({ nodes, unbondings }: State, of: readonly number[]): bigint {
  const bonds = of.reduce((sum, node) => sum + nodes.at(node).bond, 0n);
  return unbondings.reduce(
    (sum, { node, amount }) => (of.includes(node) ? sum + amount : sum),
    bonds,
  );
}

/** Brings a proof against each, in this order and so many a block. @returns micro-POML they lost */
export function convict(
  chain: TestChain,
  guilty: readonly number[],
  {
    each,
    height,
    proof = (who) => doubleVote(chain, who, height),
  }: { each: number; height: number; proof?: (who: Person) => Evidence },
): bigint {
  const before = bondsOf(chain.head.state, guilty);
  for (let i = 0; i < guilty.length; i += each) {
    const proofs = guilty.slice(i, i + each).map((node) => proof(chain.personOfNode(node)));
    const block = chain.build([], 0, 1_000_000, proofs);
    if (block.body.evidence.length !== proofs.length) throw new Error("a proof was left out");
    chain.take(block);
  }
  return before - bondsOf(chain.head.state, guilty);
}

/**
 * What the same proofs cost by the rule that stood before: `slashShare`, and everything only for those
 * whose proof came when more than a third of the weight of the day had been proven guilty.
 * @param weights of the guilty on the day of the proof, in the order of the proofs
 * @param bond micro-POML of each
 */
export function costBefore(
  weights: readonly bigint[],
  { bond, total, slashShare }: { bond: bigint; total: bigint; slashShare: number },
): bigint {
  let guilty = 0n;
  return weights.reduce((lost, weight) => {
    guilty += weight;
    const isAttack = 3n * guilty > total;
    return lost + (isAttack ? bond : (bond * BigInt(slashShare)) / 1_000_000n);
  }, 0n);
}

export const percent = (part: bigint, of: bigint): string =>
  `${(Number((part * 10_000n) / of) / 100).toFixed(1)} %`;
