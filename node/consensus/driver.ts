/**
 * Runs the finality rules on this node: it passes verified messages and timers to the pure reducer, and carries out the
 * reducer's effects one after another. It contains no rules itself.
 */
import type { AppliedBlock } from "../../chain/apply-block.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { turnsAt } from "../../chain/draw/turns.ts";
import { PomlError } from "../../chain/errors.ts";
import type { KnownProof } from "../../chain/evidence/check-evidence.ts";
import { isNewsProposal, isNewsVote } from "../../chain/finality/admission.ts";
import {
  inspectRoundState,
  type RoundStateReport,
} from "../../chain/finality/inspect-round-state.ts";
import type { Effect, Event } from "../../chain/finality/messages.ts";
import { knownMessages } from "../../chain/finality/resend.ts";
import { proposerSeat, type RoundState, startHeight } from "../../chain/finality/round-state.ts";
import { step } from "../../chain/finality/tendermint.ts";
import { timeoutMs } from "../../chain/finality/timeouts.ts";
import { toValueId, type ValueId } from "../../chain/finality/vote.ts";
import type { Proposal } from "../../chain/types/block.ts";
import type { Vote } from "../../chain/types/vote.ts";
import type { Chain } from "../chain/chain.ts";
import type { Clock } from "../clock.ts";
import { crashPoint } from "../crash-points.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { BlockBuilder } from "./block-builder.ts";
import { FaultCounts } from "./fault-counts.ts";
import { HeightTimers } from "./height-timers.ts";
import type { JournalEntry } from "./journal-file.ts";
import { OwnMessages } from "./own-messages.ts";
import { PastPrevotes } from "./past-prevotes.ts";
import { nameOf, SignedProposals } from "./signed-proposals.ts";
import type { Signer } from "./signer.ts";

export interface DriverModules {
  readonly chain: Chain;
  readonly signer: Signer;
  readonly builder: BlockBuilder;
  readonly clock: Clock;
  readonly log: NodeLog;
  publish(topic: "proposals" | "votes", message: Uint8Array): Promise<unknown>;
  /** Runs work for which transactions have to wait. */
  urgent<T>(work: () => Promise<T>): Promise<T>;
  /** Called when the height makes no progress although peers may have what is missing. */
  stuck(): void;
  /** Whether the disk has room, and no other node signs with this node's key. */
  maySign(): boolean;
  /** Called when a key has signed two messages of which only one is allowed. */
  fault(publicKey: Uint8Array, proof: KnownProof): void;
}

/** A proposal whose time differs from the local clock by more than this gets a nil prevote. */
const TIME_TOLERANCE_MS = 5_000;

export class ConsensusDriver {
  readonly faults = new FaultCounts();
  readonly past = new PastPrevotes();
  readonly #modules: DriverModules;
  readonly #queue = new SerialQueue();
  readonly #timers: HeightTimers;
  readonly #candidates = new Map<ValueId, AppliedBlock>();
  readonly #proposals = new SignedProposals();
  readonly #own: OwnMessages;
  #state: RoundState | undefined;
  #stopped = true;
  #unsubscribe: () => void = () => {};

  constructor(modules: DriverModules) {
    this.#modules = modules;
    this.#timers = new HeightTimers(modules.stuck);
    this.#own = new OwnMessages({ ...modules, proposals: this.#proposals });
  }

  start(): void {
    this.#stopped = false;
    this.#unsubscribe = this.#modules.chain.onBlock(() => this.#restart());
    this.#restart();
  }

  /** Starts the height again from the journal, as after a restart, because a write to the disk failed. */
  resume(): void {
    void this.#queue
      .run(async () => {
        this.#state = undefined;
      })
      .then(() => this.#restart());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    await this.#queue.idle();
    this.#timers.clear();
  }

  get round(): number {
    return this.#state?.round ?? 0;
  }

  report(): RoundStateReport | undefined {
    return this.#state === undefined ? undefined : inspectRoundState(this.#state);
  }

  /** Votes and signed proposals that a peer at the same height may not have. */
  known(): { votes: readonly Vote[]; proposals: readonly Proposal[] } {
    if (this.#state === undefined) return { votes: [], proposals: [] };
    const { votes, proposals } = knownMessages(this.#state);
    const signed = proposals.flatMap((p) => this.#proposals.get(p) ?? []);
    return { votes, proposals: signed };
  }

  wantsVote(vote: Vote): boolean {
    return this.#state !== undefined && isNewsVote(this.#state, vote);
  }

  wantsProposal(proposal: Proposal, seat: number, value: ValueId): boolean {
    if (this.#state === undefined) return false;
    return isNewsProposal(this.#state, nameOf(proposal, seat, value));
  }

  /** A vote whose signature has been verified. */
  onVote(vote: Vote): void {
    this.#feed({ kind: "vote", vote });
  }

  /**
   * A proposal whose signature has been verified.
   * @param applied undefined when its block does not apply to the head
   */
  onProposal(
    proposal: Proposal,
    seat: number,
    value: ValueId,
    applied: AppliedBlock | undefined,
  ): void {
    if (applied !== undefined && this.#isCurrent(applied)) this.#candidates.set(value, applied);
    const timely = this.#isTimely(proposal);
    const message = { ...nameOf(proposal, seat, value), timely };
    this.#proposals.add(message, proposal);
    this.#feed({ kind: "proposal", ...message, valid: applied !== undefined });
  }

  #isTimely({ height, round, block }: Proposal): boolean {
    const offsetMs = Number(block.header.time - BigInt(this.#modules.clock.now()));
    this.faults.proposalOffsetMs = offsetMs;
    if (Math.abs(offsetMs) <= TIME_TOLERANCE_MS * (1 + round)) return true;
    this.faults.untimelyProposals++;
    const facts = { height, round, offsetMs };
    this.#modules.log.warn("a proposal's time differs much from the clock of this node", facts);
    return false;
  }

  #isCurrent(applied: AppliedBlock): boolean {
    return equalBytes(applied.block.header.parent, this.#modules.chain.head.hash);
  }

  #restart(): void {
    this.#timers.clear();
    if (this.#stopped) return;
    void this.#queue
      .run(() => this.#modules.urgent(() => this.#begin()))
      .catch((error: unknown) => this.#fail(error));
  }

  async #begin(): Promise<void> {
    const { chain, signer, clock } = this.#modules;
    const height = chain.height + 1;
    if (this.#stopped || this.#state?.height === height) return;
    this.#candidates.clear();
    this.#proposals.clear();
    const { seats, meta, parameters } = chain.state;
    const self = seats.findIndex((seat) =>
      equalBytes(seat.publicKey, this.#modules.signer.publicKey),
    );
    this.#state = startHeight({
      height,
      seats,
      self: self === -1 || !signer.maySign(height) ? null : self,
      order: turnsAt(chain.state, height),
    });
    for (const entry of await signer.begin(height)) {
      await this.#replay(entry);
      crashPoint("start-replayed");
    }
    const due = Number(meta.time) + parameters.blockIntervalMs - clock.now();
    const wait = Math.max(0, Math.min(due, parameters.blockIntervalMs));
    this.#after(wait, () => this.#feed({ kind: "start", height }));
    if (!this.#stopped) this.#timers.watch(parameters.blockIntervalMs + wait);
  }

  async #replay(entry: JournalEntry): Promise<void> {
    const state = this.#state;
    if (state === undefined) return;
    const said = await this.#own.recall(entry, (round) => proposerSeat(state, round));
    if (said === undefined) return;
    const { event, applied } = said;
    if (applied !== undefined) this.#candidates.set(toValueId(applied.hash), applied);
    await this.#take(event);
  }

  #feed(event: Event): void {
    if (this.#stopped) return;
    void this.#queue
      .run(() => this.#modules.urgent(() => this.#take(event)))
      .catch((error: unknown) => this.#fail(error));
  }

  async #take(event: Event): Promise<void> {
    const events = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      if (this.#state === undefined || this.#stopped) return;
      const { state, effects } = step(this.#state, next);
      this.#state = state;
      for (const effect of effects) {
        const follow = await this.#carryOut(effect);
        if (follow !== undefined) events.push(follow);
      }
    }
  }

  async #carryOut(effect: Effect): Promise<Event | undefined> {
    switch (effect.kind) {
      case "timer":
        this.#setTimer(effect);
        return undefined;
      case "build":
        return this.#build(effect);
      case "propose":
        return this.#propose(effect);
      case "vote":
        return this.#vote(effect);
      case "commit":
        await this.#commit(effect);
        return undefined;
      case "want":
        this.#modules.stuck();
        return undefined;
      case "double-vote":
        this.faults.doubleVotes++;
        this.#accuse(effect.proof.first.seat, { kind: "duplicate-vote", value: effect.proof });
        return undefined;
      case "amnesia":
        this.faults.amnesia++;
        this.#accuse(effect.proof.lock.seat, { kind: "amnesia", value: effect.proof });
        return undefined;
      case "double-proposal":
        this.faults.doubleProposals++;
        this.#accuse(effect.first.seat, this.#proposals.contradiction(effect.first, effect.second));
        return undefined;
      default:
        return effect satisfies never;
    }
  }

  #accuse(seat: number, proof: KnownProof | undefined): void {
    const holder = this.#modules.chain.state.seats[seat];
    if (holder !== undefined && proof !== undefined) this.#modules.fault(holder.publicKey, proof);
  }

  #setTimer(effect: Extract<Effect, { kind: "timer" }>): void {
    const { blockIntervalMs } = this.#modules.chain.state.parameters;
    const { height, round } = effect;
    this.#after(timeoutMs(effect, blockIntervalMs), () => {
      this.#feed({ kind: "timeout", step: effect.step, height, round });
    });
  }

  #build({ height, round }: Extract<Effect, { kind: "build" }>): Event | undefined {
    const applied = this.#modules.builder.build(height, round);
    if (applied === undefined) return undefined;
    const value = toValueId(applied.hash);
    this.#candidates.set(value, applied);
    return { kind: "built", height, round, value };
  }

  async #propose(effect: Extract<Effect, { kind: "propose" }>): Promise<Event | undefined> {
    const applied = this.#candidates.get(effect.value);
    const seat = this.#state?.self ?? null;
    return applied === undefined || seat === null
      ? undefined
      : this.#own.propose(effect, seat, applied);
  }

  async #vote(effect: Extract<Effect, { kind: "vote" }>): Promise<Event | undefined> {
    const seat = this.#state?.self ?? null;
    return seat === null ? undefined : this.#own.vote(effect, seat);
  }

  async #commit({ value, certificate }: Extract<Effect, { kind: "commit" }>): Promise<void> {
    const applied = this.#candidates.get(value);
    if (applied === undefined) {
      this.#modules.stuck();
      return;
    }
    if (this.#state !== undefined) this.past.keep(this.#state);
    await this.#modules.chain.commit(applied, certificate);
  }

  #after(ms: number, action: () => void): void {
    if (!this.#stopped) this.#timers.after(ms, action);
  }

  #fail(error: unknown): void {
    const code = error instanceof PomlError ? error.code : undefined;
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#modules.log.error("consensus step failed", { code, reason });
  }
}
