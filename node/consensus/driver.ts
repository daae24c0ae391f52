/**
 * Runs the finality rules on this node: feeds the pure reducer with verified messages and timers,
 * and carries out what it asks for, one thing after another. Owns no rule; journals before it sends.
 */
import { type AppliedBlock, blockHash } from "../../chain/apply-block.ts";
import { equalBytes } from "../../chain/crypto/hash.ts";
import { proposerOrder } from "../../chain/draw/mix.ts";
import { PomlError } from "../../chain/errors.ts";
import type { KnownProof } from "../../chain/evidence/check-evidence.ts";
import { isNewsProposal, isNewsVote } from "../../chain/finality/admission.ts";
import { inspectRoundState, type RoundStateReport } from "../../chain/finality/inspect.ts";
import type { Effect, Event } from "../../chain/finality/messages.ts";
import { knownMessages } from "../../chain/finality/resend.ts";
import { proposerSeat, type RoundState, startHeight } from "../../chain/finality/round-state.ts";
import { step } from "../../chain/finality/tendermint.ts";
import { timeoutMs } from "../../chain/finality/timeouts.ts";
import { toValueId, type ValueId } from "../../chain/finality/vote.ts";
import { Proposal } from "../../chain/types/block.ts";
import { type Vote, Vote as VoteType } from "../../chain/types/vote.ts";
import type { Chain } from "../chain/chain.ts";
import type { Clock } from "../clock.ts";
import { crashPoint } from "../crash-points.ts";
import { SerialQueue } from "../serial-queue.ts";
import type { NodeLog } from "../telemetry/log.ts";
import type { BlockBuilder } from "./block-builder.ts";
import { FaultCounts } from "./fault-counts.ts";
import type { JournalEntry } from "./journal-file.ts";
import { nameOf, SignedProposals } from "./signed-proposals.ts";
import type { Signer } from "./signer.ts";

export interface DriverModules {
  readonly chain: Chain;
  readonly signer: Signer;
  readonly builder: BlockBuilder;
  readonly clock: Clock;
  readonly log: NodeLog;
  publish(topic: "proposals" | "votes", message: Uint8Array): Promise<unknown>;
  /** Runs what transactions have to wait for. */
  urgent<T>(work: () => Promise<T>): Promise<T>;
  /** The height does not move although peers may have what is missing. */
  stuck(): void;
  /** Whether the disk has room; without it nothing can be signed, for nothing can be recorded. */
  mayWrite(): boolean;
  /** A key signed two messages where one is allowed. */
  fault(publicKey: Uint8Array, proof: KnownProof): void;
}

/** Proposals whose time is further from the local clock are prevoted nil. */
const TIME_TOLERANCE_MS = 5_000;
/** Without progress for so long, peers are asked for what they know. */
const STUCK_MS = 1_500;

export class ConsensusDriver {
  readonly faults = new FaultCounts();
  readonly #modules: DriverModules;
  readonly #queue = new SerialQueue();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #candidates = new Map<ValueId, AppliedBlock>();
  readonly #proposals = new SignedProposals();
  #state: RoundState | undefined;
  #stopped = true;
  #stuckTimer: NodeJS.Timeout | undefined;
  #unsubscribe: () => void = () => {};

  constructor(modules: DriverModules) {
    this.#modules = modules;
  }

  start(): void {
    this.#stopped = false;
    this.#unsubscribe = this.#modules.chain.onBlock(() => this.#restart());
    this.#restart();
  }

  /** Takes the height up anew from the journal, as after a restart: the disk refused something on the way. */
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
    this.#clearTimers();
  }

  get round(): number {
    return this.#state?.round ?? 0;
  }

  report(): RoundStateReport | undefined {
    return this.#state === undefined ? undefined : inspectRoundState(this.#state);
  }

  /** Votes and signed proposals a peer at the same height may lack. */
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
    const now = BigInt(this.#modules.clock.now());
    const ahead = proposal.block.header.time - now;
    const tolerance = BigInt(TIME_TOLERANCE_MS * (1 + proposal.round));
    const timely = ahead <= tolerance && ahead >= -tolerance;
    this.faults.proposalOffsetMs = Number(ahead);
    if (!timely) {
      this.faults.untimelyProposals++;
      const { height, round } = proposal;
      this.#modules.log.warn("a proposal's time is far from this clock", {
        height,
        round,
        offsetMs: Number(ahead),
      });
    }
    const message = { ...nameOf(proposal, seat, value), timely };
    this.#proposals.add(message, proposal);
    this.#feed({ kind: "proposal", ...message, valid: applied !== undefined });
  }

  #isCurrent(applied: AppliedBlock): boolean {
    return equalBytes(applied.block.header.parent, this.#modules.chain.head.hash);
  }

  #restart(): void {
    this.#clearTimers();
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
      order: proposerOrder(meta.mix, height, seats),
    });
    for (const entry of await signer.begin(height)) {
      await this.#replay(entry);
      crashPoint("start-replayed");
    }
    const due = Number(meta.time) + parameters.blockIntervalMs - clock.now();
    const wait = Math.max(0, Math.min(due, parameters.blockIntervalMs));
    this.#after(wait, () => this.#feed({ kind: "start", height }));
    this.#watch(parameters.blockIntervalMs + wait);
  }

  /** After a crash, what was signed counts again; it is never signed anew. */
  async #replay(entry: JournalEntry): Promise<void> {
    if (entry.kind === "vote") {
      await this.#take({ kind: "vote", vote: entry.vote });
      return;
    }
    const { proposal } = entry;
    const applied = await this.#checkJournaled(proposal);
    const state = this.#state;
    if (applied === undefined || state === undefined) return;
    const value = toValueId(applied.hash);
    const seat = proposerSeat(state, proposal.round);
    this.#candidates.set(value, applied);
    const message = { ...nameOf(proposal, seat, value), timely: true };
    this.#proposals.add(message, proposal);
    await this.#take({ kind: "proposal", ...message, valid: true });
  }

  async #checkJournaled(proposal: Proposal): Promise<AppliedBlock | undefined> {
    try {
      return await this.#modules.chain.check(proposal.block);
    } catch (error) {
      if (!(error instanceof PomlError)) throw error;
      this.#modules.log.warn("a journaled proposal does not apply any more", { code: error.code });
      return undefined;
    }
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
    if (applied === undefined || seat === null || !this.#modules.mayWrite()) return undefined;
    const { signer, log } = this.#modules;
    const proposal = await signer.proposal(effect, applied.block, applied.hash);
    if (!equalBytes(blockHash(proposal.block.header), applied.hash)) {
      log.warn("another block was signed for this round before a restart", { round: effect.round });
      return undefined;
    }
    const message = { ...nameOf(proposal, seat, effect.value), timely: true };
    this.#proposals.add(message, proposal);
    this.#send("proposals", Proposal.serialize(proposal));
    crashPoint("proposal-sent");
    return { kind: "proposal", ...message, valid: true };
  }

  async #vote(effect: Extract<Effect, { kind: "vote" }>): Promise<Event | undefined> {
    const seat = this.#state?.self ?? null;
    if (seat === null || !this.#modules.mayWrite()) return undefined;
    const { signer } = this.#modules;
    const { type, value } = effect;
    const locked = type === "precommit" && value !== null ? this.#proposals.of(value) : undefined;
    if (locked !== undefined) await signer.keep(locked);
    const vote = await signer.vote(effect, seat);
    this.#send("votes", VoteType.serialize(vote));
    crashPoint(`${effect.type}-sent`);
    return { kind: "vote", vote };
  }

  async #commit({ value, certificate }: Extract<Effect, { kind: "commit" }>): Promise<void> {
    const applied = this.#candidates.get(value);
    if (applied === undefined) {
      this.#modules.stuck();
      return;
    }
    await this.#modules.chain.commit(applied, certificate);
  }

  #send(topic: "proposals" | "votes", message: Uint8Array): void {
    this.#modules.publish(topic, message).catch((error: unknown) => {
      this.#modules.log.warn("could not gossip", { topic, reason: String(error) });
    });
  }

  #after(ms: number, action: () => void): void {
    if (this.#stopped) return;
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      action();
    }, ms);
    this.#timers.add(timer);
  }

  /** Asks for help every so often until the height moves. */
  #watch(extraMs: number): void {
    if (this.#stopped) return;
    this.#stuckTimer = setTimeout(() => {
      this.#modules.stuck();
      this.#watch(0);
    }, STUCK_MS + extraMs);
  }

  #clearTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    clearTimeout(this.#stuckTimer);
  }

  #fail(error: unknown): void {
    const code = error instanceof PomlError ? error.code : undefined;
    const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#modules.log.error("consensus step failed", { code, reason });
  }
}
