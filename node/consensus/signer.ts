/**
 * The only place that signs for consensus. Everything is in the journal, on disk, before it can be sent. For a (height,
 * round, step) that was signed before, the earlier signature is returned; nothing is signed twice.
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
import { crashPoint } from "../crash-points.ts";
import type { Journal } from "./journal.ts";
import { heightOf, type JournalEntry } from "./journal-file.ts";

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

  /**
   * Forgets heights below this one.
   * @returns what was signed, or kept, for this height
   */
  async begin(height: number): Promise<readonly JournalEntry[]> {
    await this.#journal.prune(height);
    return this.#journal.entries(height);
  }

  /** False where this node may have signed without a record: it then follows without voting. */
  maySign(height: number): boolean {
    return this.#journal.maySign(height);
  }

  async vote(
    step: {
      type: VoteType;
      height: number;
      round: number;
      value: ValueId | null;
      /** -1 = none. */
      validRound: number;
    },
    seat: number,
  ): Promise<Vote> {
    const { height, round } = step;
    const type = voteTypeIndex(step.type);
    for (const entry of this.#journal.entries(height)) {
      if (entry.kind === "vote" && entry.vote.round === round && entry.vote.type === type) {
        return entry.vote;
      }
    }
    const validRound = step.validRound + 1;
    const unsigned = { height, round, type, blockHash: hashOf(step.value), validRound };
    const signature = this.#sign(voteSigningRoot(this.#options.genesisRoot, unsigned));
    const vote = { ...unsigned, seat, signature };
    crashPoint(`${step.type}-signed`);
    await this.#append({ kind: "vote", vote });
    crashPoint(`${step.type}-journaled`);
    return vote;
  }

  /**
   * @param validRound -1 = none
   * @returns the proposal signed for this round; after a crash it may be for another block
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
    crashPoint("proposal-signed");
    await this.#append({ kind: "proposal", proposal });
    crashPoint("proposal-journaled");
    return proposal;
  }

  /**
   * The block on which this node locks must survive together with the lock, because after a crash no other node may
   * have it.
   */
  async keep(proposal: Proposal): Promise<void> {
    const isKept = this.#journal
      .entries(proposal.height)
      .some((entry) => entry.kind === "proposal" && entry.proposal.round === proposal.round);
    crashPoint("lock-decided");
    if (!isKept) await this.#append({ kind: "proposal", proposal });
    crashPoint("lock-kept");
  }

  /** The last check before a signature can be sent: nothing passes at a height that is not fully known. */
  async #append(entry: JournalEntry): Promise<void> {
    const height = heightOf(entry);
    if (!this.maySign(height))
      throw new RangeError(
        `a signature was requested at height ${height}, where signing is forbidden`,
      );
    await this.#journal.append(entry);
  }

  #sign(root: Uint8Array): Uint8Array {
    return this.#options.keys.sign(root);
  }
}
