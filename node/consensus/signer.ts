/**
 * The one place that signs for consensus. Everything is in the journal, on disk, before it can
 * leave; what was signed for a (height, round, step) is given back, never signed anew.
 */
import type { KeyPair } from "../../chain/crypto/keys.ts";
import {
  hashOf,
  proposalSigningRoot,
  type ValueId,
  type VoteType,
  voteSigningRoot,
  voteTypeIndex,
} from "../../chain/finality/vote.ts";
import type { Block, Proposal } from "../../chain/types/block.ts";
import type { Vote } from "../../chain/types/vote.ts";
import type { Journal, JournalEntry } from "./journal.ts";

export interface SignerOptions {
  readonly keys: KeyPair;
  readonly genesisRoot: Uint8Array;
}

export class Signer {
  readonly publicKey: Uint8Array;
  readonly #options: SignerOptions;
  readonly #journal: Journal;

  constructor(options: SignerOptions, { journal }: { readonly journal: Journal }) {
    this.publicKey = options.keys.publicKey;
    this.#options = options;
    this.#journal = journal;
  }

  /** Forgets heights below this one and returns what was signed, or kept, for it. */
  async begin(height: number): Promise<readonly JournalEntry[]> {
    await this.#journal.prune(height);
    return this.#journal.entries(height);
  }

  async vote(
    step: { type: VoteType; height: number; round: number; value: ValueId | null },
    seat: number,
  ): Promise<Vote> {
    const { height, round } = step;
    const type = voteTypeIndex(step.type);
    for (const entry of this.#journal.entries(height)) {
      if (entry.kind === "vote" && entry.vote.round === round && entry.vote.type === type) {
        return entry.vote;
      }
    }
    const unsigned = { height, round, type, blockHash: hashOf(step.value) };
    const signature = this.#sign(voteSigningRoot(this.#options.genesisRoot, unsigned));
    const vote = { ...unsigned, seat, signature };
    await this.#journal.append({ kind: "vote", vote });
    return vote;
  }

  /**
   * @param validRound -1 = none
   * @returns the proposal signed for this round, which may be of another block after a crash
   */
  async proposal(
    step: { height: number; round: number; validRound: number },
    block: Block,
    blockHash: Uint8Array,
  ): Promise<Proposal> {
    const { height, round } = step;
    for (const entry of this.#journal.entries(height)) {
      if (entry.kind === "proposal" && entry.proposal.round === round) return entry.proposal;
    }
    const validRound = step.validRound + 1;
    const wire = { height, round, validRound, blockHash };
    const signature = this.#sign(proposalSigningRoot(this.#options.genesisRoot, wire));
    const proposal = { height, round, validRound, block, signature };
    await this.#journal.append({ kind: "proposal", proposal });
    return proposal;
  }

  /** A block this node locks on must survive with the lock: nobody else may hold it after a crash. */
  async keep(proposal: Proposal): Promise<void> {
    const isKept = this.#journal
      .entries(proposal.height)
      .some((entry) => entry.kind === "proposal" && entry.proposal.round === proposal.round);
    if (!isKept) await this.#journal.append({ kind: "proposal", proposal });
  }

  #sign(root: Uint8Array): Uint8Array {
    return this.#options.keys.sign(root);
  }
}
