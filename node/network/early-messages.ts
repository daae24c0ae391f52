/**
 * Verified messages of the height after the current one, kept until it begins, because peers finish a height moments
 * apart. Every seat has its own places, so that a seat that signs many messages takes no places from others.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import type { Proposal } from "../../chain/types/block.ts";
import type { Vote } from "../../chain/types/vote.ts";

/** Two for each round: more rounds than peers are ever ahead. */
export const VOTES_PER_SEAT = 8;
/** One for each seat; each may be as large as a block. */
export const MAX_PROPOSALS = 4;

interface EarlyProposal {
  readonly seat: number;
  readonly proposal: Proposal;
}

export class EarlyMessages {
  #votes: Vote[] = [];
  #proposals: EarlyProposal[] = [];

  /** False for a vote that is here already, or that exceeds the limit of its seat. */
  wantsVote(vote: Vote): boolean {
    const ofSeat = this.#votes.filter(({ seat }) => seat === vote.seat);
    return ofSeat.length < VOTES_PER_SEAT && !ofSeat.some((known) => isSameVote(known, vote));
  }

  addVote(vote: Vote): void {
    if (this.wantsVote(vote)) this.#votes.push(vote);
  }

  wantsProposal(seat: number): boolean {
    const isKnown = this.#proposals.some((known) => known.seat === seat);
    return this.#proposals.length < MAX_PROPOSALS && !isKnown;
  }

  /** @param seat whose key signed it */
  addProposal(seat: number, proposal: Proposal): void {
    if (this.wantsProposal(seat)) this.#proposals.push({ seat, proposal });
  }

  /** Removes and returns the messages of a height that begins, and forgets those of earlier heights. */
  release(height: number): { votes: Vote[]; proposals: Proposal[] } {
    const votes = this.#votes.filter((vote) => vote.height === height);
    const proposals = this.#proposals.map(({ proposal }) => proposal);
    this.#votes = this.#votes.filter((vote) => vote.height > height);
    this.#proposals = this.#proposals.filter(({ proposal }) => proposal.height > height);
    return { votes, proposals: proposals.filter((proposal) => proposal.height === height) };
  }
}

function isSameVote(a: Vote, b: Vote): boolean {
  const isSameCast = a.height === b.height && a.round === b.round && a.type === b.type;
  return isSameCast && equalBytes(a.blockHash, b.blockHash) && a.validRound === b.validRound;
}
