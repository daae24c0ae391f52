/**
 * Consensus messages between the wire and the driver: decode, cheap checks, signature, and only then the driver.
 * Messages of the next height are verified in the same way, and wait until it begins.
 */

import { blockHash } from "../../chain/apply-block.ts";
import { addressOf, formatAddress } from "../../chain/crypto/address.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { seatsAt } from "../../chain/draw/seats-at.ts";
import { turnsAt } from "../../chain/draw/turns.ts";
import { PomlError } from "../../chain/errors.ts";
import {
  isVoteForm,
  proposalSigningRoot,
  toValueId,
  voteSigningRoot,
} from "../../chain/finality/vote.ts";
import { Proposal } from "../../chain/types/block.ts";
import { Vote } from "../../chain/types/vote.ts";
import type { Verdict } from "../../p2p/topics/gossip.ts";
import { wrongPart } from "../chain/block-parts.ts";
import type { Chain } from "../chain/chain.ts";
import type { ConsensusDriver } from "../consensus/driver.ts";
import type { KeyWatch } from "../consensus/key-watch.ts";
import type { NodeLog } from "../telemetry/log.ts";
import { EarlyMessages } from "./early-messages.ts";

export interface ConsensusGossipModules {
  readonly chain: Pick<Chain, "genesisRoot" | "height" | "state" | "check" | "onBlock">;
  readonly driver: Pick<ConsensusDriver, "wantsVote" | "wantsProposal" | "onVote" | "onProposal">;
  readonly log: NodeLog;
  /** Called for every message with a valid signature. */
  readonly keyWatch?: Pick<KeyWatch, "vote" | "proposal">;
  /** Called when a peer is at a height that this node does not have. */
  behind(): void;
}

export class ConsensusGossip {
  readonly #modules: ConsensusGossipModules;
  readonly #early = new EarlyMessages();

  constructor(modules: ConsensusGossipModules) {
    this.#modules = modules;
    modules.chain.onBlock(() => setImmediate(() => this.#releaseEarly()));
  }

  async onVote(bytes: Uint8Array): Promise<Verdict> {
    return this.takeVote(decodeSsz("vote", Vote, bytes));
  }

  async onProposal(bytes: Uint8Array): Promise<Verdict> {
    return this.takeProposal(decodeSsz("proposal", Proposal, bytes));
  }

  async takeVote(vote: Vote): Promise<Verdict> {
    const { chain, driver } = this.#modules;
    const turn = this.#turnOf(vote);
    if (turn === undefined) return "ignore";
    if (!isVoteForm(vote)) return "reject";
    const taker = turn === "early" ? this.#early : driver;
    if (!taker.wantsVote(vote)) return "ignore";
    const seat = seatsAt(chain.state, vote.height)[vote.seat];
    if (seat === undefined) return "reject";
    const root = voteSigningRoot(chain.genesisRoot, vote);
    if (!(await verify(seat.publicKey, root, vote.signature))) return "reject";
    this.#modules.keyWatch?.vote(seat.publicKey, vote);
    if (this.#turnOf(vote) === "early") {
      this.#early.addVote(vote);
      return "ignore";
    }
    driver.onVote(vote);
    return "accept";
  }

  /** For the current height or the next one; undefined = the message is of no use. */
  #turnOf({ height }: { readonly height: number }): "current" | "early" | undefined {
    const ahead = height - (this.#modules.chain.height + 1);
    if (ahead > 1) this.#modules.behind();
    if (ahead === 1) return "early";
    return ahead === 0 ? "current" : undefined;
  }

  async takeProposal(proposal: Proposal): Promise<Verdict> {
    const { chain, driver } = this.#modules;
    const turn = this.#turnOf(proposal);
    if (turn === undefined) return "ignore";
    if (!isBuiltInTurn(proposal)) return "reject";
    if (turn === "early") return this.#takeEarlyProposal(proposal);
    const { height, round, block } = proposal;
    const { seats } = chain.state;
    const order = turnsAt(chain.state, height);
    const seat = order[round % order.length];
    const proposer = seats[seat ?? -1];
    if (seat === undefined || proposer === undefined) return "reject";
    const hash = blockHash(block.header);
    const value = toValueId(hash);
    if (!driver.wantsProposal(proposal, seat, value)) return "ignore";
    if (!(await this.#isSigned(proposal, proposer.publicKey))) return "reject";
    this.#modules.keyWatch?.proposal(proposer.publicKey, proposal);
    try {
      const applied = await chain.check(block);
      driver.onProposal(proposal, seat, value, applied);
      return "accept";
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      if (error.action !== "reject") return "ignore";
      // The proposer signed only the header, so the peer that passed this on may have changed the rest.
      if (wrongPart(block) !== undefined) return "reject";
      const name = formatAddress(addressOf(proposer.publicKey));
      this.#modules.log.warn("proposal does not apply", {
        height,
        proposer: name,
        code: error.code,
      });
      driver.onProposal(proposal, seat, value, undefined);
      return "ignore";
    }
  }

  /**
   * The turn at the next height follows from the block before it, which is missing here; but a fresh block names the
   * node that built and signed it. A block with a proof-of-lock does not, and shows that peers are at least a round
   * ahead.
   */
  async #takeEarlyProposal(proposal: Proposal): Promise<Verdict> {
    const { chain } = this.#modules;
    const { height, validRound, block } = proposal;
    if (validRound !== 0) {
      this.#modules.behind();
      return "ignore";
    }
    const { proposer } = block.header;
    const seats = seatsAt(chain.state, height);
    const seat = seats.findIndex(({ publicKey }) => equalBytes(publicKey, proposer));
    if (seat === -1) return "reject";
    if (!this.#early.wantsProposal(seat)) return "ignore";
    if (!(await this.#isSigned(proposal, proposer))) return "reject";
    this.#modules.keyWatch?.proposal(proposer, proposal);
    if (wrongPart(block) !== undefined) return "reject";
    if (this.#turnOf(proposal) !== "early") return this.takeProposal(proposal);
    this.#early.addProposal(seat, proposal);
    return "ignore";
  }

  #isSigned(
    { height, round, validRound, block, signature }: Proposal,
    publicKey: Uint8Array,
  ): Promise<boolean> {
    const summary = { height, round, validRound, blockHash: blockHash(block.header) };
    return verify(
      publicKey,
      proposalSigningRoot(this.#modules.chain.genesisRoot, summary),
      signature,
    );
  }

  #releaseEarly(): void {
    const { chain, driver } = this.#modules;
    const { votes, proposals } = this.#early.release(chain.height + 1);
    for (const proposal of proposals) {
      this.takeProposal(proposal).catch((error: unknown) => {
        this.#modules.log.debug("an early proposal was refused", { reason: String(error) });
      });
    }
    for (const vote of votes) driver.onVote(vote);
  }
}

/** A fresh block belongs to the proposal's round; a block with a proof-of-lock is from that round or an earlier one. */
function isBuiltInTurn({ round, validRound, block }: Proposal): boolean {
  const built = block.header.round;
  return validRound === 0 ? built === round : validRound <= round && built <= validRound - 1;
}
