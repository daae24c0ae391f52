/**
 * Verified messages of the height after the one under way, kept until it begins: peers finish a height
 * moments apart. Every seat has places of its own, so that whoever signs many takes nobody else's.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import type { Proposal } from "../../chain/types/block.ts";
import type { Vote } from "../../chain/types/vote.ts";

/** Two a round: more rounds than peers are ever ahead. */
export const VOTES_PER_SEAT = 8;
/** Of one seat one; each may be as large as a block. */
export const MAX_PROPOSALS = 4;

interface EarlyProposal {
  readonly seat: number;
  readonly proposal: Proposal;
}

export class EarlyMessages {
  #votes: Vote[] = [];
  #proposals: EarlyProposal[] = [];

  /** False for a vote that is there already, or one too many of its seat. */
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

  /** Takes out the messages of a height that begins, and forgets those of heights before it. */
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
