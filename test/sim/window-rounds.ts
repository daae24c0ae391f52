/**
 * Windows over the chain's own rules for draws, committees and settlement, without blocks: what nodes claim, whom
 * they serve and what verifiers say is given, so that hundreds of windows of a whole strategy take a second.
 */
import { sealOf } from "../../chain/committee/seal.ts";
import { sha256, taggedHash, uint32Bytes } from "../../chain/crypto/hash.ts";
import { calledAgain, NO_APPEAL } from "../../chain/rating/appeal.ts";
import { disputed, drawChecks, drawCommittee } from "../../chain/rating/draw-checks.ts";
import { settleWindow } from "../../chain/rating/settle-window.ts";
import { MATCH, MISMATCH, NOT_SERVED, SEALED } from "../../chain/rating/verdict.ts";
import type { State } from "../../chain/state/state.ts";
import { accrueWorkReward } from "../../chain/supply/emission.ts";
import type { Parameters } from "../../chain/types/genesis.ts";
import { ZERO_HASH } from "../../chain/types/primitive.ts";
import type { AppealMember, Check, WindowClaim } from "../../chain/types/window.ts";
import { BareChain } from "./bare-chain.ts";

export interface Strategy {
  /** Segments that it claims in a window, by its number from 1; 0 = no claim. */
  readonly claims: number | ((window: number) => number);
  /** Share of them that it did not work. */
  readonly skips: number;
  /** Serves this segment to this verifier or member. @param isFalse it was not worked */
  serves(isFalse: boolean, isCommittee: boolean): boolean;
}

/** What a node that is not honest says of somebody else's segment. */
export type Lie = "match" | "mismatch" | "not-served" | "silent";

export interface RoundsOptions {
  readonly nodes: number;
  readonly parameters?: Partial<Parameters>;
  readonly seed: number;
  /** By node; the others claim and serve all they worked. */
  readonly strategies?: Readonly<Record<number, Strategy>>;
  /** By node: what it says about whom, when not the truth. */
  readonly lies?: Readonly<Record<number, (about: number) => Lie | undefined>>;
}

const HONEST: Strategy = { claims: 100, skips: 0, serves: () => true };
const DAY = 86_400_000n;

export class WindowRounds {
  readonly chain: BareChain;
  readonly #options: RoundsOptions;
  #number = 0;

  constructor(options: RoundsOptions) {
    this.#options = options;
    const parameters = { windowOffset: 100_000, ratingHalfLife: 7 * 86_400, ...options.parameters };
    this.chain = new BareChain(options.nodes, parameters, options.seed);
  }

  get state(): State {
    return this.chain.state;
  }

  /** A window a day. */
  run(windows: number): void {
    for (let i = 0; i < windows; i++) this.#window();
  }

  balance(node: number): bigint {
    return this.state.account(this.chain.person(node).address).balance;
  }

  #window(): void {
    const { state } = this;
    const { nodes, seed } = this.#options;
    this.#number += 1;
    const mix = taggedHash("poml/simulated-window", uint32Bytes(seed), uint32Bytes(this.#number));
    const time = state.meta.time + DAY;
    state.meta = { ...state.meta, mix, time };
    accrueWorkReward(state);
    const opens = state.height + 1;
    state.window = { ...state.window, number: this.#number, opens, openedAt: time - 120_000n };
    state.claims = Array.from({ length: nodes }, (_, node) => node).flatMap((node) => {
      const segments = this.#segmentsOf(node);
      return segments === 0 ? [] : [this.#claimOf(node, segments, time)];
    });
    drawChecks(state);
    state.claims = state.claims.map((claim) => this.#checked(claim));
    state.meta = { ...state.meta, mix: sha256(mix) };
    state.claims = state.claims.map((claim) =>
      disputed(claim) === undefined ? claim : this.#decided(claim),
    );
    settleWindow(state);
  }

  /** Committees hear a dispute until one comes to something, or there were enough of them. */
  #decided(claim: WindowClaim): WindowClaim {
    const { state } = this;
    const publicKeyOf = (node: number): Uint8Array => state.nodes.at(node).publicKey;
    let heard = this.#heard(drawCommittee(state, claim));
    for (;;) {
      const appeal = calledAgain(heard.appeal, state.height, publicKeyOf);
      if (appeal === undefined) return heard;
      state.meta = { ...state.meta, mix: sha256(state.meta.mix) };
      heard = this.#heard(drawCommittee(state, { ...heard, appeal }));
    }
  }

  #segmentsOf(node: number): number {
    const { claims } = this.#strategyOf(node);
    return typeof claims === "number" ? claims : claims(this.#number);
  }

  #claimOf(node: number, segments: number, claimed: bigint): WindowClaim {
    const lanes = [{ segments, checkpointRoot: ZERO_HASH }];
    const energy = { energyMillijoules: 0n, energySource: 0 };
    return { node, lanes, ...energy, claimed, checks: [], appeal: NO_APPEAL };
  }

  #strategyOf(node: number): Strategy {
    return this.#options.strategies?.[node] ?? HONEST;
  }

  /** The skipped segments are spread over the claim. */
  #isFalse(node: number, segment: number): boolean {
    const { skips } = this.#strategyOf(node);
    return Math.floor((segment + 1) * skips) > Math.floor(segment * skips);
  }

  #said(by: number, about: number, segment: number, isCommittee: boolean): Lie {
    const lie = this.#options.lies?.[by]?.(about);
    if (lie !== undefined) return lie;
    const isFalse = this.#isFalse(about, segment);
    if (!this.#strategyOf(about).serves(isFalse, isCommittee)) return "not-served";
    return isFalse ? "mismatch" : "match";
  }

  #checked(claim: WindowClaim): WindowClaim {
    const codes = { match: MATCH, mismatch: MISMATCH, "not-served": NOT_SERVED, silent: 0 };
    const checks = claim.checks.map((check): Check => {
      const said = this.#said(check.verifier, claim.node, check.segment, false);
      // A match proves itself: of a false segment nobody has one.
      const isLie = said === "match" && this.#isFalse(claim.node, check.segment);
      return { ...check, verdict: isLie ? 0 : codes[said] };
    });
    return { ...claim, checks };
  }

  #heard(claim: WindowClaim): WindowClaim {
    const { appeal, node } = claim;
    const claimed = taggedHash("poml/claimed-end", uint32Bytes(node), uint32Bytes(appeal.segment));
    const isFalse = this.#isFalse(node, appeal.segment);
    const honest = isFalse ? sha256(claimed) : claimed;
    const members = appeal.members.map((member): AppealMember => {
      const said = this.#said(member.verifier, node, appeal.segment, true);
      if (said === "silent") return member;
      if (said === "not-served") return { ...member, verdict: NOT_SERVED };
      // Liars agree among themselves on a state of their own.
      const isLiar = this.#options.lies?.[member.verifier]?.(node) !== undefined;
      const invented = said === "match" ? claimed : sha256(honest, claimed);
      const reached = isLiar ? invented : honest;
      const seal = sealOf(reached, this.state.nodes.at(member.verifier).publicKey);
      const isOther = reached !== claimed;
      return { ...member, verdict: SEALED, seal, reached: isOther ? reached : ZERO_HASH };
    });
    return { ...claim, appeal: { ...appeal, members, opened: claimed } };
  }
}

/** Micro-POML and micro-units; weight: the capacity behind the rating. */
export interface Ledger {
  readonly balance: number;
  readonly bond: number;
  readonly rating: number;
  readonly weight: number;
}

/** What a node has, for tables of tests. */
export function ledgerOf(rounds: WindowRounds, node: number): Ledger {
  const { bond, rating, capacity } = rounds.state.nodes.at(node);
  return {
    balance: Number(rounds.balance(node)),
    bond: Number(bond),
    rating: Number(rating),
    weight: Number(capacity),
  };
}
