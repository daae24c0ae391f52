/**
 * Consensus messages between the wire and the driver: decode, cheap checks, signature, and only then
 * the driver. Messages of the next height wait in a small buffer, since peers finish a height
 * moments apart.
 */

import { blockHash } from "../../chain/apply-block.ts";
import { addressOf, formatAddress } from "../../chain/crypto/address.ts";
import { verify } from "../../chain/crypto/keys.ts";
import { decodeSsz } from "../../chain/decode.ts";
import { proposerOrder } from "../../chain/draw/mix.ts";
import { PomlError } from "../../chain/errors.ts";
import { proposalSigningRoot, toValueId, voteSigningRoot } from "../../chain/finality/vote.ts";
import { Proposal } from "../../chain/types/block.ts";
import { Vote } from "../../chain/types/vote.ts";
import type { Verdict } from "../../p2p/topics/gossip.ts";
import type { Chain } from "../chain/chain.ts";
import type { ConsensusDriver } from "../consensus/driver.ts";
import type { NodeLog } from "../telemetry/log.ts";

const MAX_BUFFERED_PER_SEAT = 8;
const MAX_BUFFERED_PROPOSALS = 4;

export interface ConsensusGossipModules {
  readonly chain: Chain;
  readonly driver: ConsensusDriver;
  readonly log: NodeLog;
  /** A peer is at a height we do not have. */
  behind(): void;
}

export class ConsensusGossip {
  readonly #modules: ConsensusGossipModules;
  #votes: Vote[] = [];
  #proposals: Proposal[] = [];

  constructor(modules: ConsensusGossipModules) {
    this.#modules = modules;
    modules.chain.onBlock(() => setImmediate(() => this.#releaseBuffer()));
  }

  async onVote(bytes: Uint8Array): Promise<Verdict> {
    return this.takeVote(decodeSsz("vote", Vote, bytes));
  }

  async onProposal(bytes: Uint8Array): Promise<Verdict> {
    return this.takeProposal(decodeSsz("proposal", Proposal, bytes));
  }

  async takeVote(vote: Vote): Promise<Verdict> {
    const { chain, driver } = this.#modules;
    const ahead = vote.height - (chain.height + 1);
    if (ahead < 0) return "ignore";
    if (ahead > 0) {
      if (ahead === 1) this.#bufferVote(vote);
      else this.#modules.behind();
      return "ignore";
    }
    if (!driver.wantsVote(vote)) return "ignore";
    const seat = chain.state.seats[vote.seat];
    if (seat === undefined) return "reject";
    const root = voteSigningRoot(chain.genesisRoot, vote);
    if (!(await verify(seat.publicKey, root, vote.signature))) return "reject";
    driver.onVote(vote);
    return "accept";
  }

  /** A few per seat, so that one sender cannot crowd out the others. */
  #bufferVote(vote: Vote): void {
    const ofSeat = this.#votes.filter(({ seat }) => seat === vote.seat).length;
    if (ofSeat < MAX_BUFFERED_PER_SEAT) this.#votes.push(vote);
  }

  async takeProposal(proposal: Proposal): Promise<Verdict> {
    const { chain, driver } = this.#modules;
    const ahead = proposal.height - (chain.height + 1);
    if (ahead < 0) return "ignore";
    if (ahead > 0) {
      if (ahead === 1 && this.#proposals.length < MAX_BUFFERED_PROPOSALS)
        this.#proposals.push(proposal);
      else this.#modules.behind();
      return "ignore";
    }
    const { height, round, validRound, block, signature } = proposal;
    if (!isBuiltInTurn(proposal)) return "reject";
    const { seats, meta } = chain.state;
    const order = proposerOrder(meta.mix, height, seats);
    const seat = order[round % order.length];
    const proposer = seats[seat ?? -1];
    if (seat === undefined || proposer === undefined) return "reject";
    const hash = blockHash(block.header);
    const value = toValueId(hash);
    if (!driver.wantsProposal(proposal, seat, value)) return "ignore";
    const root = proposalSigningRoot(chain.genesisRoot, {
      height,
      round,
      validRound,
      blockHash: hash,
    });
    if (!(await verify(proposer.publicKey, root, signature))) return "reject";
    try {
      const applied = await chain.check(block);
      driver.onProposal(proposal, seat, value, applied);
      return "accept";
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      if (error.action !== "reject") return "ignore";
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

  #releaseBuffer(): void {
    const [votes, proposals] = [this.#votes, this.#proposals];
    this.#votes = [];
    this.#proposals = [];
    for (const proposal of proposals) this.#retry(() => this.takeProposal(proposal));
    for (const vote of votes) this.#retry(() => this.takeVote(vote));
  }

  #retry(take: () => Promise<Verdict>): void {
    take().catch((error: unknown) => {
      this.#modules.log.debug("a buffered message was refused", { reason: String(error) });
    });
  }
}

/** A fresh block is of the proposal's round; one with a proof-of-lock is not younger than it. */
function isBuiltInTurn({ round, validRound, block }: Proposal): boolean {
  const built = block.header.round;
  return validRound === 0 ? built === round : validRound <= round && built <= validRound - 1;
}
