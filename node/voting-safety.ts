/**
 * Explains in words what the voting weights mean for a chain's safety: which nodes it cannot do without, and which
 * could betray it.
 */

export interface Voter {
  readonly name: string;
  readonly weight: bigint;
}

export interface VotingSafety {
  /**
   * one-decides: a voter has more than 2/3 of the weight. one-can-stop: a voter has a third or more.
   * shared: no single voter can stop the chain.
   */
  readonly level: "one-decides" | "one-can-stop" | "shared";
  readonly explanation: string;
}

/** @param voters of the current epoch */
export function votingSafety(voters: readonly Voter[]): VotingSafety {
  const total = voters.reduce((sum, { weight }) => sum + weight, 0n);
  const [first, ...others] = [...voters].sort((a, b) => (b.weight > a.weight ? 1 : -1));
  if (first === undefined || total === 0n) {
    return { level: "one-decides", explanation: "No node votes in this epoch." };
  }
  const share = percentOf(first.weight, total);
  if (others.length === 0) {
    const explanation = `${first.name} is the only voter: when it stops, the chain stops, and its owner could sign two histories.`;
    return { level: "one-decides", explanation };
  }
  if (3n * first.weight > 2n * total) {
    const explanation = `${first.name} has ${share} of the voting weight, and more than 2/3 makes blocks final: it needs nobody. When it stops, the chain stops, and its owner could sign two histories.`;
    return { level: "one-decides", explanation };
  }
  if (3n * first.weight >= total) {
    const explanation = `${first.name} has ${share} of the voting weight: when it stops, no block becomes final until it is back. From four nodes on no voter has a third.`;
    return { level: "one-can-stop", explanation };
  }
  const spare = howManyMayStop([first, ...others], total);
  const explanation = `More than 2/3 of the weight makes a block final: any ${spare === 1 ? "one" : spare} of the ${voters.length} voters may stop and the chain goes on.`;
  return { level: "shared", explanation };
}

/** The largest first: so many may be offline while the others still have more than 2/3. */
function howManyMayStop(voters: readonly Voter[], total: bigint): number {
  let away = 0n;
  const index = voters.findIndex(({ weight }) => {
    away += weight;
    return 3n * (total - away) <= 2n * total;
  });
  return index === -1 ? voters.length : index;
}

function percentOf(part: bigint, total: bigint): string {
  return `${Number((1000n * part) / total) / 10} %`;
}
