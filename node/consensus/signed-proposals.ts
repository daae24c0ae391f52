/**
 * The signed proposals of the current height, by the names that the finality rules use. They are sent to peers that
 * lack them, and journaled with a lock; two of one round prove a fault.
 */
import { blockHash } from "../../chain/apply-block.ts";
import type { KnownProof } from "../../chain/evidence/check-evidence.ts";
import { makeDuplicateProposal } from "../../chain/evidence/duplicate-proposal.ts";
import type { ProposalMessage } from "../../chain/finality/round-state.ts";
import type { ValueId } from "../../chain/finality/vote.ts";
import type { Proposal } from "../../chain/types/block.ts";
import type { SignedProposalSummary } from "../../chain/types/evidence.ts";

export type ProposalName = Omit<ProposalMessage, "timely">;

/** A proposal in the form of the finality rules; on the wire `validRound` is one more. */
export function nameOf(
  { height, round, validRound }: Proposal,
  seat: number,
  value: ValueId,
): ProposalName {
  return { height, round, validRound: validRound - 1, value, seat };
}

export class SignedProposals {
  readonly #byName = new Map<string, Proposal>();

  add(name: ProposalName, proposal: Proposal): void {
    this.#byName.set(keyOf(name), proposal);
  }

  clear(): void {
    this.#byName.clear();
  }

  get(name: ProposalName): Proposal | undefined {
    return this.#byName.get(keyOf(name));
  }

  /** Any proposal of a block. */
  of(value: ValueId): Proposal | undefined {
    for (const [key, proposal] of this.#byName) if (key.endsWith(value)) return proposal;
    return undefined;
  }

  /** Proof that two proposals of one round differ, either in their blocks or in `validRound`. */
  contradiction(first: ProposalName, second: ProposalName): KnownProof | undefined {
    const [a, b] = [this.get(first), this.get(second)];
    if (a === undefined || b === undefined || keyOf(first) === keyOf(second)) return undefined;
    const value = makeDuplicateProposal(signedSummary(a), signedSummary(b));
    return { kind: "duplicate-proposal", value };
  }
}

function keyOf({ round, value, seat, validRound }: ProposalName): string {
  return `${round}/${seat}/${validRound}/${value}`;
}

function signedSummary({
  height,
  round,
  validRound,
  block,
  signature,
}: Proposal): SignedProposalSummary {
  const summary = { height, round, validRound, blockHash: blockHash(block.header) };
  return { summary, signature };
}
