/**
 * The messages of this node: a vote or a proposal is signed and journaled, then sent, and only then counted here.
 * Without room on the disk nothing can be recorded, so nothing is signed. After a crash a signed message counts again;
 * it is never signed a second time.
 */
import { type AppliedBlock, blockHash } from "../../chain/apply-block.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { PomlError } from "../../chain/errors.ts";
import type { Effect, Event } from "../../chain/finality/messages.ts";
import { toValueId } from "../../chain/finality/vote.ts";
import { Proposal } from "../../chain/types/block.ts";
import { Vote } from "../../chain/types/vote.ts";
import type { Chain } from "../chain/chain.ts";
import { crashPoint } from "../crash-points.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { JournalEntry } from "./journal-file.ts";
import { nameOf, type SignedProposals } from "./signed-proposals.ts";
import type { Signer } from "./signer.ts";

export interface OwnMessagesModules {
  readonly chain: Pick<Chain, "check">;
  readonly signer: Signer;
  readonly proposals: SignedProposals;
  readonly log: NodeLog;
  publish(topic: "proposals" | "votes", message: Uint8Array): Promise<unknown>;
  /** Whether the disk has room, and no other node signs with this node's key. */
  maySign(): boolean;
}

/** An own message as it is passed to the finality rules; for a proposal, with its block. */
export interface Said {
  readonly event: Event;
  readonly applied?: AppliedBlock;
}

export class OwnMessages {
  readonly #modules: OwnMessagesModules;

  constructor(modules: OwnMessagesModules) {
    this.#modules = modules;
  }

  /**
   * @param seat of this node
   * @param applied the block of the effect's value
   * @returns what is passed to the finality rules; undefined when nothing was signed
   */
  async propose(
    effect: Extract<Effect, { kind: "propose" }>,
    seat: number,
    applied: AppliedBlock,
  ): Promise<Event | undefined> {
    const { signer, proposals, log, maySign } = this.#modules;
    if (!maySign()) return undefined;
    const proposal = await signer.proposal(effect, applied.block, applied.hash);
    if (!equalBytes(blockHash(proposal.block.header), applied.hash)) {
      log.warn("another block was signed for this round before a restart", { round: effect.round });
      return undefined;
    }
    const message = { ...nameOf(proposal, seat, effect.value), timely: true };
    proposals.add(message, proposal);
    this.#send("proposals", Proposal.serialize(proposal));
    crashPoint("proposal-sent");
    return { kind: "proposal", ...message, valid: true };
  }

  /** @param seat of this node */
  async vote(effect: Extract<Effect, { kind: "vote" }>, seat: number): Promise<Event | undefined> {
    const { signer, proposals, maySign } = this.#modules;
    if (!maySign()) return undefined;
    const { type, value } = effect;
    const locked = type === "precommit" && value !== null ? proposals.of(value) : undefined;
    if (locked !== undefined) await signer.keep(locked);
    const vote = await signer.vote(effect, seat);
    this.#send("votes", Vote.serialize(vote));
    crashPoint(`${effect.type}-sent`);
    return { kind: "vote", vote };
  }

  /**
   * @param seatOf the seat whose turn a round is
   * @returns undefined for a proposal whose block does not apply any more
   */
  async recall(entry: JournalEntry, seatOf: (round: number) => number): Promise<Said | undefined> {
    if (entry.kind === "vote") return { event: { kind: "vote", vote: entry.vote } };
    const { proposal } = entry;
    const applied = await this.#check(proposal);
    if (applied === undefined) return undefined;
    const name = nameOf(proposal, seatOf(proposal.round), toValueId(applied.hash));
    const message = { ...name, timely: true };
    this.#modules.proposals.add(message, proposal);
    return { event: { kind: "proposal", ...message, valid: true }, applied };
  }

  async #check({ block }: Proposal): Promise<AppliedBlock | undefined> {
    try {
      return await this.#modules.chain.check(block);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      this.#modules.log.warn("a journaled proposal does not apply any more", { code: error.code });
      return undefined;
    }
  }

  #send(topic: "proposals" | "votes", message: Uint8Array): void {
    this.#modules.publish(topic, message).catch((error: unknown) => {
      this.#modules.log.warn("could not gossip", { topic, reason: String(error) });
    });
  }
}
