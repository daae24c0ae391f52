/** What goes into the finality reducer (events) and what it asks its driver to do (effects). */
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
/** A proposal with a good signature whose block the driver has run through applyBlock (`valid`). */
export interface ProposalEvent extends ProposalMessage {
  readonly kind: "proposal";
  readonly valid: boolean;
}
/** A vote with a good signature, from a peer or from ourselves. */
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
 * A block that did not come with a proposal: the answer to a `want` effect, or after a restart the
 * journaled block of our lock (fed after our votes).
 */
interface ValueEvent {
  readonly kind: "value";
  readonly height: number;
  readonly value: ValueId;
  readonly valid: boolean;
}
export type Event = StartEvent | ProposalEvent | VoteEvent | TimeoutEvent | BuiltEvent | ValueEvent;

/** We are to propose and have no valid value: build a block and feed it back as `built`. */
interface BuildEffect {
  readonly kind: "build";
  readonly height: number;
  readonly round: number;
}
/** Sign, broadcast, and feed back as `proposal`. */
interface ProposeEffect {
  readonly kind: "propose";
  readonly height: number;
  readonly round: number;
  /** -1 = none. */
  readonly validRound: number;
  readonly value: ValueId;
}
/** Journal, sign, broadcast, and feed back as `vote`. */
interface VoteEffect {
  readonly kind: "vote";
  readonly type: VoteType;
  readonly height: number;
  readonly round: number;
  /** null = nil. */
  readonly value: ValueId | null;
  /** Of a prevote for a block that of its proposal; -1 = none. */
  readonly validRound: number;
}
/** Feed back as `timeout` after `timeoutMs`. */
interface TimerEffect {
  readonly kind: "timer";
  readonly step: TimerStep;
  readonly height: number;
  readonly round: number;
}
/** Final: store the block with its certificate and start the next height. */
interface CommitEffect {
  readonly kind: "commit";
  readonly height: number;
  readonly round: number;
  readonly value: ValueId;
  readonly certificate: Certificate;
}
/** More than 2/3 voted for a block we lack: fetch it and feed it back as `value` or `proposal`. */
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
/** A seat precommitted a block and later prevoted another without a reason to give up its lock. */
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
