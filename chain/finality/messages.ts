/** The input of the finality reducer (events) and what it asks its driver to do (effects). */
import type { Certificate } from "../types/block.ts";
import type { Amnesia, DuplicateVote } from "../types/evidence.ts";
import type { Vote } from "../types/vote.ts";
import type { ProposalMessage } from "./round-state.ts";
import type { ValueId, VoteType } from "./vote.ts";

export type TimerStep = "propose" | VoteType;

interface StartEvent {
  readonly kind: "start";
  readonly height: number;
}
/** A proposal with a valid signature whose block the driver has run through applyBlock (`valid`). */
export interface ProposalEvent extends ProposalMessage {
  readonly kind: "proposal";
  readonly valid: boolean;
}
/** A vote with a valid signature, from a peer or from this node. */
interface VoteEvent {
  readonly kind: "vote";
  readonly vote: Vote;
}
export interface TimeoutEvent {
  readonly kind: "timeout";
  readonly step: TimerStep;
  readonly height: number;
  readonly round: number;
}
/** The answer to a `build` effect: our own block is ready. */
interface BuiltEvent {
  readonly kind: "built";
  readonly height: number;
  readonly round: number;
  readonly value: ValueId;
}
/**
 * A block that did not come with a proposal: the answer to a `want` effect; or, after a restart, the journaled block of
 * this node's lock (passed in after its own votes).
 */
interface ValueEvent {
  readonly kind: "value";
  readonly height: number;
  readonly value: ValueId;
  readonly valid: boolean;
}
export type Event = StartEvent | ProposalEvent | VoteEvent | TimeoutEvent | BuiltEvent | ValueEvent;

/** It is this node's turn to propose, and it has no valid value: build a block and pass it back as `built`. */
interface BuildEffect {
  readonly kind: "build";
  readonly height: number;
  readonly round: number;
}
/** Sign, broadcast, and pass back as `proposal`. */
interface ProposeEffect {
  readonly kind: "propose";
  readonly height: number;
  readonly round: number;
  /** -1 = none. */
  readonly validRound: number;
  readonly value: ValueId;
}
/** Journal, sign, broadcast, and pass back as `vote`. */
interface VoteEffect {
  readonly kind: "vote";
  readonly type: VoteType;
  readonly height: number;
  readonly round: number;
  /** null = nil. */
  readonly value: ValueId | null;
  /** In a prevote for a block, the round named by its proposal; -1 = none. */
  readonly validRound: number;
}
/** Pass back as `timeout` after `timeoutMs`. */
interface TimerEffect {
  readonly kind: "timer";
  readonly step: TimerStep;
  readonly height: number;
  readonly round: number;
}
/** The block is final: store it with its certificate and start the next height. */
interface CommitEffect {
  readonly kind: "commit";
  readonly height: number;
  readonly round: number;
  readonly value: ValueId;
  readonly certificate: Certificate;
}
/** More than 2/3 voted for a block that this node does not have: fetch it and pass it back as `value` or `proposal`. */
interface WantEffect {
  readonly kind: "want";
  readonly height: number;
  readonly round: number;
  readonly value: ValueId;
}
/** A seat voted twice; the two signed votes prove it. */
interface DoubleVoteEffect {
  readonly kind: "double-vote";
  readonly proof: DuplicateVote;
}
/** A seat precommitted a block and later prevoted another one without a reason to give up its lock. */
interface AmnesiaEffect {
  readonly kind: "amnesia";
  readonly proof: Amnesia;
}
/** A proposer signed two proposals for one round. */
interface DoubleProposalEffect {
  readonly kind: "double-proposal";
  readonly first: ProposalMessage;
  readonly second: ProposalMessage;
}
export type Effect =
  | BuildEffect
  | ProposeEffect
  | VoteEffect
  | TimerEffect
  | CommitEffect
  | WantEffect
  | DoubleVoteEffect
  | AmnesiaEffect
  | DoubleProposalEffect;
