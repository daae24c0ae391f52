/**
 * Deterministic simulation of finality: nodes of random weight, a network that is bad until the
 * GST, crashes, and faulty seats. One seed is one run, to the last message.
 * Checks while it runs: honest seats never sign twice for one step and are never accused, and
 * what they commit is valid and certified.
 */
import { type ValueId, voteValue } from "../../chain/finality/vote.ts";
import type { Vote } from "../../chain/types/vote.ts";
import { Chaos } from "./chaos.ts";
import { type Deafness, type FinalValue, type Message, Network } from "./network.ts";
import { Random } from "./random.ts";
import { Replica, type ReplicaWorld } from "./replica.ts";
import { Timeline } from "./timeline.ts";
import { isValidValue, Values } from "./values.ts";

/**
 * two-faced: one honest node towards each half of the network. chaos: random contradictions.
 * withholding: sends to half of the nodes only. silent: sends nothing. equivocating: honest, but with
 * each of its votes it sends everyone a second that contradicts it.
 */
export const FAULTS = ["two-faced", "chaos", "withholding", "silent", "equivocating"] as const;
export type Fault = (typeof FAULTS)[number];

export interface Scenario {
  readonly seed: number;
  /** Weight of each seat. */
  readonly weights: readonly bigint[];
  /** Side of each seat, 0 or 1: how a partition cuts, and whom a two-faced node tells what. */
  readonly sides: readonly number[];
  /** By seat; the others are honest. */
  readonly faults: ReadonlyMap<number, Fault>;
  /** Messages cross from one side to the other only after the GST. */
  readonly isPartitioned: boolean;
  /** Chance that an honest node dies at each point around a signature, before the GST. */
  readonly crashChance: number;
  /** Error of each seat's wall clock, milliseconds; missing ones are right. */
  readonly skews: readonly number[];
  /** Nodes journal the block of every precommit, not only their own proposals. */
  readonly keepsBlocks: boolean;
  /** Nodes that do not move ask a peer for what it knows (the liveness rule). */
  readonly asksPeers: boolean;
  /** Virtual milliseconds. */
  readonly gst: number;
  /** This and the next two: see network.ts. */
  readonly loss: number;
  readonly deafness: Deafness;
  readonly isCensored?: (to: number, message: Message) => boolean;
  readonly slowestMs: number;
  /** Heights every honest node has to reach. */
  readonly heights: number;
  /** Virtual milliseconds after the GST in which they have to. */
  readonly patienceMs: number;
}

export interface Outcome {
  /** Heights at which two honest nodes committed different values. */
  readonly conflicts: number;
  /** An honest node did not reach the last height in time. */
  readonly isStuck: boolean;
  /** Virtual milliseconds from the GST to the end; 0 if all was done before. */
  readonly settledMs: number;
  /** Highest round in which a height was decided. */
  readonly highestRound: number;
  /** Heights decided by some honest node before the GST. */
  readonly decidedBeforeGst: number;
  readonly crashes: number;
  /** Faulty seats of which an honest node holds two conflicting votes or proposals. */
  readonly convicted: number;
  readonly messages: number;
}

export function simulate(scenario: Scenario): Outcome {
  return new Simulation(scenario).run();
}

const LONGEST_DOWN_MS = 3_000;

class Simulation {
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #timeline = new Timeline();
  readonly #network: Network;
  readonly #values = new Values();
  readonly #orders = new Map<number, readonly number[]>();
  /** By seat. */
  readonly #honest = new Map<number, Replica>();
  /** Own votes of honest seats by seat, height, round and type. */
  readonly #signed = new Map<string, string | null>();
  readonly #committed = new Map<number, Set<string>>();
  readonly #convicted = new Set<number>();
  #highestRound = 0;
  #decidedBeforeGst = 0;
  #crashes = 0;

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#random = new Random(scenario.seed);
    const { weights, sides, isPartitioned } = scenario;
    // Addresses 0..n-1 are the seats; n..2n-1 the second faces of two-faced seats.
    const first = sides.map((side, seat) => (scenario.faults.get(seat) === "two-faced" ? 0 : side));
    const bySide = isPartitioned ? [...first, ...weights.map(() => 1)] : [];
    this.#network = new Network(
      { ...scenario, sides: bySide },
      { timeline: this.#timeline, random: this.#random },
    );
  }

  run(): Outcome {
    const { weights, faults, gst, heights, patienceMs } = this.#scenario;
    for (const seat of weights.keys()) this.#place(seat, faults.get(seat));
    const isDone = (): boolean =>
      [...this.#honest.values()].every((replica) => replica.isUp && replica.height > heights);
    this.#timeline.run(gst + patienceMs, isDone);
    const conflicts = [...this.#committed.values()].filter((values) => values.size > 1).length;
    return {
      conflicts,
      isStuck: !isDone(),
      settledMs: Math.max(0, this.#timeline.now - gst),
      highestRound: this.#highestRound,
      decidedBeforeGst: this.#decidedBeforeGst,
      crashes: this.#crashes,
      convicted: this.#convicted.size,
      messages: this.#network.sent,
    };
  }

  #place(seat: number, fault: Fault | undefined): void {
    const { sides } = this.#scenario;
    const side = sides[seat] ?? 0;
    const everyone = this.#addresses(seat, side, () => true);
    switch (fault) {
      case undefined:
        this.#honest.set(seat, this.#addReplica(seat, seat, everyone));
        return;
      case "equivocating":
        this.#addReplica(seat, seat, everyone);
        return;
      case "two-faced":
        for (const face of [0, 1]) {
          const listeners = this.#addresses(seat, face, (other) => sides[other] === face);
          this.#addReplica(seat + face * sides.length, seat, listeners);
        }
        return;
      case "withholding":
        this.#addReplica(
          seat,
          seat,
          this.#addresses(seat, side, (other) => sides[other] === 0),
        );
        return;
      case "chaos":
        this.#network.attach(seat, new Chaos({ seat, peers: everyone }, this.#world(seat, seat)));
        return;
      case "silent":
        return;
      default:
        fault satisfies never;
    }
  }

  /** Addresses of the seats that `isHeard` accepts and, on this side, of the two-faced ones. */
  #addresses(seat: number, side: number, isHeard: (other: number) => boolean): number[] {
    const { weights, faults } = this.#scenario;
    return [...weights.keys()].flatMap((other) => {
      if (other === seat) return [];
      if (faults.get(other) === "two-faced") return [other + side * weights.length];
      return isHeard(other) ? [other] : [];
    });
  }

  #addReplica(address: number, seat: number, peers: readonly number[]): Replica {
    const { weights, asksPeers, keepsBlocks } = this.#scenario;
    const drift = 0.9 + 0.2 * this.#random.next();
    const habits = { drift, asksPeers, keepsBlocks };
    const replica = new Replica({ seat, weights, peers, ...habits }, this.#world(address, seat));
    this.#network.attach(address, replica);
    this.#timeline.after(this.#random.between(0, 500), () => replica.start());
    return replica;
  }

  #world(address: number, seat: number): ReplicaWorld & { readonly random: Random } {
    const isHonest = !this.#scenario.faults.has(seat);
    return {
      random: this.#random,
      after: (ms, action) => this.#timeline.after(ms, action),
      send: (to, message) => {
        this.#network.send(address, to, message);
        const isDouble = this.#scenario.faults.get(seat) === "equivocating";
        if (isDouble && message.kind === "vote" && message.vote.seat === seat) {
          this.#network.send(address, to, { kind: "vote", vote: contradiction(message.vote) });
        }
      },
      orderOf: (height) => this.#orderOf(height),
      wallClock: () => this.#wallClock(seat),
      makeValue: (height, parentTime, options?: { valid: boolean }) =>
        this.#values.make(height, Math.max(this.#wallClock(seat), parentTime + 1), options),
      signed: (vote) => {
        if (isHonest) this.#checkSigned(vote);
      },
      accused: ({ first }) => {
        if (!this.#scenario.faults.has(first.seat)) throw new Error("an honest seat is accused");
        if (isHonest) this.#convicted.add(first.seat);
      },
      forgot: ({ lock }) => {
        if (!this.#scenario.faults.has(lock.seat))
          throw new Error("an honest seat forgot its lock");
        if (isHonest) this.#convicted.add(lock.seat);
      },
      accusedProposer: (accused) => {
        if (!this.#scenario.faults.has(accused)) throw new Error("an honest proposer is accused");
        if (isHonest) this.#convicted.add(accused);
      },
      decided: (height, final, round) => {
        if (isHonest) this.#checkDecided(height, final, round);
      },
      crashes: () => isHonest && this.#crash(seat),
    };
  }

  #wallClock(seat: number): number {
    return this.#timeline.now + (this.#scenario.skews[seat] ?? 0);
  }

  #orderOf(height: number): readonly number[] {
    let order = this.#orders.get(height);
    if (order === undefined) {
      const seats = [...this.#scenario.weights.keys()];
      order = new Random(this.#scenario.seed * 31 + height).shuffle(seats);
      this.#orders.set(height, order);
    }
    return order;
  }

  #checkSigned({ seat, height, round, type, blockHash }: Vote): void {
    const slot = `${seat}/${height}/${round}/${type}`;
    const value = voteValue(blockHash);
    const earlier = this.#signed.get(slot);
    if (earlier !== undefined && earlier !== value) throw new Error(`signed twice: ${slot}`);
    this.#signed.set(slot, value);
  }

  #checkDecided(height: number, { value, certificate }: FinalValue, round: number): void {
    if (!isValidValue(value)) throw new Error(`committed an invalid value at height ${height}`);
    if (voteValue(certificate.blockHash) !== value || certificate.height !== height) {
      throw new Error(`the certificate at height ${height} is for something else`);
    }
    const values = this.#committed.get(height) ?? new Set<ValueId>();
    this.#committed.set(height, values.add(value));
    this.#highestRound = Math.max(this.#highestRound, round);
    if (this.#timeline.now < this.#scenario.gst) this.#decidedBeforeGst = this.#committed.size;
  }

  #crash(seat: number): boolean {
    const { crashChance, gst } = this.#scenario;
    if (this.#timeline.now >= gst || !this.#random.chance(crashChance)) return false;
    this.#crashes++;
    const downMs = this.#random.between(50, LONGEST_DOWN_MS);
    this.#timeline.after(downMs, () => this.#honest.get(seat)?.start());
    return true;
  }
}

/** The same vote for something else. */
function contradiction(vote: Vote): Vote {
  const isNil = voteValue(vote.blockHash) === null;
  return { ...vote, blockHash: new Uint8Array(32).fill(isNil ? 0x77 : 0), validRound: 0 };
}
