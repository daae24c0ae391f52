/**
 * Links between endpoints in virtual time. Until the global stabilisation time (GST) messages are
 * lost, late and cut off by a partition; from then on they arrive within a bound.
 */
import type { ProposalMessage } from "../../chain/finality/round-state.ts";
import type { ValueId } from "../../chain/finality/vote.ts";
import type { Certificate, Vote } from "../../chain/types/block.ts";
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

export interface NetworkOptions {
  /** Virtual milliseconds. */
  readonly gst: number;
  /** Share of messages lost before the GST. */
  readonly loss: number;
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
    const { gst, loss, slowestMs, sides } = this.#options;
    const isEarly = this.#timeline.now < gst;
    if (isEarly && (sides[from] !== sides[to] || this.#random.chance(loss))) return;
    const delay = this.#random.between(FASTEST_MS, isEarly ? slowestMs : BOUND_MS);
    this.#timeline.after(delay, () => this.#endpoints[to]?.receive(from, message));
  }
}
