/**
 * Links between endpoints in virtual time. Until the global stabilisation time (GST) messages are
 * lost, late and cut off by a partition; from then on they arrive within a bound.
 */
import type { ProposalMessage } from "../../chain/finality/round-state.ts";
import type { ValueId } from "../../chain/finality/vote.ts";
import type { Certificate } from "../../chain/types/block.ts";
import { VOTE_TYPES, type Vote } from "../../chain/types/vote.ts";
import type { Random } from "./random.ts";
import type { Timeline } from "./timeline.ts";

export interface FinalValue {
  readonly value: ValueId;
  readonly certificate: Certificate;
}

/** What travels: gossip (proposal, vote), and the requests of a node that does not move. */
export type Message =
  | { readonly kind: "proposal"; readonly proposal: ProposalMessage }
  | { readonly kind: "vote"; readonly vote: Vote }
  | { readonly kind: "ask-known" }
  | {
      readonly kind: "known";
      readonly height: number;
      readonly proposals: readonly ProposalMessage[];
      readonly votes: readonly Vote[];
    }
  | { readonly kind: "ask-blocks"; readonly from: number }
  | { readonly kind: "blocks"; readonly from: number; readonly blocks: readonly FinalValue[] };

/** One party on the network; a two-faced node has one endpoint for each face. */
export interface Endpoint {
  receive(from: number, message: Message): void;
}

/** By what is missed; `answers` are those to a node that asks. */
export interface Deafness {
  readonly proposal: number;
  readonly prevote: number;
  readonly precommit: number;
  readonly answers: number;
}

export interface NetworkOptions {
  /** Virtual milliseconds. */
  readonly gst: number;
  /** Share of messages lost before the GST. */
  readonly loss: number;
  /**
   * Chance that a message never reaches an endpoint by whatever way before the GST: as if an
   * adversary chose who learns what. It is what locks are for.
   */
  readonly deafness: Deafness;
  /** More that never arrives before the GST; addresses of honest nodes are their seats. */
  readonly isCensored?: (to: number, message: Message) => boolean;
  /** Longest delay before the GST. */
  readonly slowestMs: number;
  /** Side of each endpoint; before the GST no message crosses. Empty = no partition. */
  readonly sides: readonly number[];
}

const FASTEST_MS = 5;
const BOUND_MS = 60;

export class Network {
  readonly #options: NetworkOptions;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #endpoints: (Endpoint | undefined)[] = [];
  /** By endpoint and topic; decided when the first message of the topic comes. */
  readonly #deaf = new Map<string, boolean>();
  sent = 0;

  constructor(
    options: NetworkOptions,
    { timeline, random }: { timeline: Timeline; random: Random },
  ) {
    this.#options = options;
    this.#timeline = timeline;
    this.#random = random;
  }

  attach(address: number, endpoint: Endpoint): void {
    this.#endpoints[address] = endpoint;
  }

  send(from: number, to: number, message: Message): void {
    this.sent++;
    const { gst, slowestMs, sides } = this.#options;
    const isEarly = this.#timeline.now < gst;
    if (isEarly && (sides[from] !== sides[to] || this.#isLost(to, message))) return;
    const delay = this.#random.between(FASTEST_MS, isEarly ? slowestMs : BOUND_MS);
    this.#timeline.after(delay, () => this.#endpoints[to]?.receive(from, message));
  }

  #isLost(to: number, message: Message): boolean {
    if (this.#random.chance(this.#options.loss)) return true;
    if (this.#options.isCensored?.(to, message)) return true;
    const { kind, at } = topicOf(message);
    const chance = this.#options.deafness[kind];
    if (chance === 0) return false;
    const ear = `${to}/${kind}/${at}`;
    let isDeaf = this.#deaf.get(ear);
    if (isDeaf === undefined) {
      isDeaf = this.#random.chance(chance);
      this.#deaf.set(ear, isDeaf);
    }
    return isDeaf;
  }
}

function topicOf(message: Message): { kind: keyof Deafness; at: string } {
  switch (message.kind) {
    case "proposal":
      return { kind: "proposal", at: `${message.proposal.height}/${message.proposal.round}` };
    case "vote": {
      const { type, height, round, seat } = message.vote;
      return { kind: VOTE_TYPES[type] ?? "prevote", at: `${height}/${round}/${seat}` };
    }
    case "known":
      return { kind: "answers", at: `known/${message.height}` };
    case "blocks":
      return { kind: "answers", at: `blocks/${message.from}` };
    default:
      return { kind: "answers", at: message.kind };
  }
}
