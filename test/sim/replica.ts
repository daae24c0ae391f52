/**
 * A node of the simulation: carries out the reducer's effects by the rules of the real driver
 * (journal before sending, relay what is new, ask one peer at a time when the height does not move).
 */
import { isNewsProposal, isNewsVote } from "../../chain/finality/admission.ts";
import { verifyCertificateWeight } from "../../chain/finality/certificate.ts";
import type { Effect, Event } from "../../chain/finality/messages.ts";
import { knownMessages } from "../../chain/finality/resend.ts";
import {
  type ProposalMessage,
  type RoundState,
  startHeight,
} from "../../chain/finality/round-state.ts";
import { step } from "../../chain/finality/tendermint.ts";
import { timeoutMs } from "../../chain/finality/timeouts.ts";
import { hashOf, type ValueId, voteTypeIndex } from "../../chain/finality/vote.ts";
import type { Amnesia, DuplicateVote } from "../../chain/types/evidence.ts";
import type { Vote } from "../../chain/types/vote.ts";
import type { Endpoint, FinalValue, Message } from "./network.ts";
import { isValidValue, timeOf } from "./values.ts";

export interface ReplicaOptions {
  readonly seat: number;
  readonly weights: readonly bigint[];
  /** Addresses it sends to. */
  readonly peers: readonly number[];
  /** Speed of its clock; 1 = exact. */
  readonly drift: number;
  /** Journals the block of every precommit, not only its own proposals. */
  readonly keepsBlocks: boolean;
  /** False breaks the liveness rule, as a control. */
  readonly asksPeers: boolean;
}

/** What the simulation provides and watches. */
export interface ReplicaWorld {
  after(ms: number, action: () => void): void;
  send(to: number, message: Message): void;
  orderOf(height: number): readonly number[];
  /** A new block of this node, later than `parentTime`. */
  makeValue(height: number, parentTime: number): ValueId;
  /** This node's wall clock, which may be wrong. */
  wallClock(): number;
  signed(vote: Vote): void;
  accused(proof: DuplicateVote): void;
  forgot(proof: Amnesia): void;
  accusedProposer(seat: number): void;
  decided(height: number, decision: FinalValue, round: number): void;
  /** True = the process dies here. */
  crashes(): boolean;
}

const BLOCK_INTERVAL_MS = 200;
const STUCK_MS = 1_500;
/** How far a fresh block's time may be from the clock of who prevotes it; grows with the round. */
const TIME_TOLERANCE_MS = 5_000;
const MAX_BUFFERED = 1024;
const MAX_ROUND_CHECKED = 1000;

export class Replica implements Endpoint {
  readonly #options: ReplicaOptions;
  readonly #world: ReplicaWorld;
  /** On disk: survives a crash. */
  readonly chain: FinalValue[] = [];
  #votes: Vote[] = [];
  #proposals: ProposalMessage[] = [];
  #blocks: ValueId[] = [];
  /** In memory: lost in a crash. */
  #state: RoundState | undefined;
  #buffer: { from: number; message: Message }[] = [];
  #asked = 0;
  /** Counts starts, so that timers of an earlier life do nothing. */
  #life = 0;

  constructor(options: ReplicaOptions, world: ReplicaWorld) {
    this.#options = options;
    this.#world = world;
    this.#asked = options.seat;
  }

  /** The height it works on. */
  get height(): number {
    return this.chain.length + 1;
  }

  get isUp(): boolean {
    return this.#state !== undefined;
  }

  start(): void {
    this.#life++;
    this.#begin();
  }

  crash(): void {
    this.#life++;
    this.#state = undefined;
    this.#buffer = [];
  }

  receive(from: number, message: Message): void {
    if (this.#state === undefined) return;
    switch (message.kind) {
      case "proposal":
        if (this.#isDue(message.proposal.height, from, message)) {
          this.#takeProposal(message.proposal, () => this.#publish(message, from));
        }
        return;
      case "vote":
        if (this.#isDue(message.vote.height, from, message)) {
          this.#takeVote(message.vote, () => this.#publish(message, from));
        }
        return;
      case "ask-known":
        this.#world.send(from, {
          kind: "known",
          height: this.height,
          ...knownMessages(this.#state),
        });
        return;
      case "known":
        if (message.height > this.height) this.#askBlocks(from);
        if (message.height !== this.height) return;
        for (const proposal of message.proposals) this.#takeProposal(proposal, () => {});
        for (const vote of message.votes) this.#takeVote(vote, () => {});
        return;
      case "ask-blocks": {
        const blocks = this.chain.slice(message.from - 1);
        this.#world.send(from, { kind: "blocks", from: message.from, blocks });
        return;
      }
      case "blocks":
        message.blocks.forEach((block, index) => {
          if (message.from + index === this.height) this.#import(block);
        });
        return;
      default:
        message satisfies never;
    }
  }

  #isDue(height: number, from: number, message: Message): boolean {
    const ahead = height - this.height;
    if (ahead > 1) this.#askBlocks(from);
    if (ahead === 1 && this.#buffer.length < MAX_BUFFERED) this.#buffer.push({ from, message });
    return ahead === 0;
  }

  #takeProposal(proposal: ProposalMessage, relay: () => void): void {
    if (this.#state === undefined || !isNewsProposal(this.#state, proposal)) return;
    const valid = isValidValue(proposal.value);
    if (valid) relay();
    this.#feed({ kind: "proposal", ...proposal, timely: this.#isTimely(proposal), valid });
  }

  #isTimely({ value, round }: ProposalMessage): boolean {
    const offset = Math.abs(timeOf(value) - this.#world.wallClock());
    return offset <= TIME_TOLERANCE_MS * (1 + round);
  }

  #parentTime(): number {
    const parent = this.chain.at(-1);
    return parent === undefined ? Number.NEGATIVE_INFINITY : timeOf(parent.value);
  }

  #takeVote(vote: Vote, relay: () => void): void {
    if (this.#state === undefined || !isNewsVote(this.#state, vote)) return;
    relay();
    this.#feed({ kind: "vote", vote });
  }

  #publish(message: Message, except = -1): void {
    for (const peer of this.#options.peers) if (peer !== except) this.#world.send(peer, message);
  }

  #askBlocks(peer: number): void {
    this.#world.send(peer, { kind: "ask-blocks", from: this.height });
  }

  #askNextPeer(): void {
    const { peers, asksPeers } = this.#options;
    if (!asksPeers) return;
    const peer = peers[this.#asked++ % Math.max(1, peers.length)];
    if (peer !== undefined) this.#world.send(peer, { kind: "ask-known" });
  }

  #begin(): void {
    const { seat: self, weights } = this.#options;
    const { height } = this;
    const order = this.#world.orderOf(height);
    const seats = weights.map((weight) => ({ weight }));
    this.#state = startHeight({ height, seats, self, order });
    for (const proposal of this.#proposals) {
      this.#feed({ kind: "proposal", ...proposal, valid: true });
    }
    for (const vote of this.#votes) this.#feed({ kind: "vote", vote });
    for (const value of this.#blocks) this.#feed({ kind: "value", height, value, valid: true });
    this.#later(BLOCK_INTERVAL_MS, () => this.#feed({ kind: "start", height }));
    this.#watch(height, STUCK_MS + BLOCK_INTERVAL_MS);
    const buffer = this.#buffer;
    this.#buffer = [];
    for (const { from, message } of buffer) this.receive(from, message);
  }

  /** Asks for help every so often until the height moves. */
  #watch(height: number, ms: number): void {
    this.#later(ms, () => {
      if (height !== this.height) return;
      this.#askNextPeer();
      this.#watch(height, STUCK_MS);
    });
  }

  #later(ms: number, action: () => void): void {
    const life = this.#life;
    this.#world.after(ms * this.#options.drift, () => {
      if (life === this.#life) action();
    });
  }

  #feed(event: Event): void {
    const events = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      if (this.#state === undefined) return;
      const { state, effects } = step(this.#state, next);
      this.#state = state;
      for (const effect of effects) {
        const follow = this.#carryOut(effect);
        if (this.#state === undefined) return;
        if (follow !== undefined) events.push(follow);
      }
    }
  }

  #carryOut(effect: Effect): Event | undefined {
    const { seat } = this.#options;
    switch (effect.kind) {
      case "timer": {
        const { step: timer, height, round } = effect;
        if (round > MAX_ROUND_CHECKED) throw new Error(`runaway: round ${round}`);
        this.#later(timeoutMs(effect, BLOCK_INTERVAL_MS), () =>
          this.#feed({ kind: "timeout", step: timer, height, round }),
        );
        return undefined;
      }
      case "build":
        return {
          ...effect,
          kind: "built",
          value: this.#world.makeValue(effect.height, this.#parentTime()),
        };
      case "propose":
        return this.#propose({ ...effect, seat, timely: true });
      case "vote": {
        const { type, height, round, value, validRound } = effect;
        const signature = new Uint8Array(64);
        const index = voteTypeIndex(type);
        const isLock = type === "precommit" && value !== null;
        if (isLock && this.#options.keepsBlocks) this.#blocks.push(value);
        return this.#vote({
          height,
          round,
          type: index,
          blockHash: hashOf(value),
          validRound: validRound + 1,
          seat,
          signature,
        });
      }
      case "commit":
        this.#commit(effect, effect.round);
        return undefined;
      case "want":
        this.#askNextPeer();
        return undefined;
      case "double-vote":
        this.#world.accused(effect.proof);
        return undefined;
      case "amnesia":
        this.#world.forgot(effect.proof);
        return undefined;
      case "double-proposal":
        this.#world.accusedProposer(effect.first.seat);
        return undefined;
      default:
        return effect satisfies never;
    }
  }

  #propose({ height, round, validRound, value, seat, timely }: ProposalMessage): Event | undefined {
    const proposal = { height, round, validRound, value, seat, timely };
    if (this.#crashesHere()) return undefined;
    this.#proposals.push(proposal);
    if (this.#crashesHere()) return undefined;
    this.#publish({ kind: "proposal", proposal });
    return { kind: "proposal", ...proposal, valid: true };
  }

  #vote(vote: Vote): Event | undefined {
    const { round, type } = vote;
    const known = this.#votes.find((other) => other.round === round && other.type === type);
    if (known === undefined) {
      if (this.#crashesHere()) return undefined;
      this.#votes.push(vote);
      if (this.#crashesHere()) return undefined;
    }
    const signed = known ?? vote;
    this.#world.signed(vote);
    this.#publish({ kind: "vote", vote: signed });
    return { kind: "vote", vote: signed };
  }

  #crashesHere(): boolean {
    if (!this.#world.crashes()) return false;
    this.crash();
    return true;
  }

  #import(block: FinalValue): void {
    const { certificate } = block;
    if (certificate.height !== this.height) throw new Error("a certificate of another height");
    this.#commit(block, certificate.round);
  }

  #commit({ value, certificate }: FinalValue, round: number): void {
    verifyCertificateWeight(
      certificate,
      this.#options.weights.map((weight) => ({ weight })),
    );
    this.#world.decided(this.height, { value, certificate }, round);
    this.chain.push({ value, certificate });
    this.#votes = [];
    this.#proposals = [];
    this.#blocks = [];
    this.#life++;
    this.#begin();
  }
}
