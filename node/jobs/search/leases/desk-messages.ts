/**
 * What goes into the desk at which leases are given out (events), and what it asks its driver to do (effects). The
 * active manager has one whose steps go through the team's log; a sub-manager has one over the leases that it holds
 * itself. All times are milliseconds of the driver's monotonic clock.
 */
import type { Span } from "./span.ts";
import type { Holder, LeaseStep } from "./step.ts";

/** A lane wants a lease. Asking again with the same number means the same lease. */
export interface AskEvent {
  readonly kind: "ask";
  readonly now: number;
  readonly holder: Holder;
  /** Counts up with every lease the lane asks for. */
  readonly request: number;
  /** Leases that the lane knows of; one that it was given and does not know is given again. */
  readonly holds: readonly number[];
  /** Round trip between the lane and here, as the driver measures it. */
  readonly rttMs: number;
  /** Sub-managers alone: how many lanes work under it. Default 1. */
  readonly lanes?: number;
}

/** The holder is alive and has searched its lease up to `at`, a unit. Min-nonces of these units were checked. */
export interface BeatEvent {
  readonly kind: "beat";
  readonly now: number;
  readonly holder: Holder;
  readonly lease: number;
  readonly at: number;
}

/**
 * Units of `lease` that `searcher` has searched: from a sub-manager that delivers what its children did, or from a
 * child itself whose parent is gone. The driver has checked that the searcher had them from the lease's holder.
 */
export interface DeliverEvent extends Span {
  readonly kind: "deliver";
  readonly now: number;
  /** Who delivers, and gets the answer. */
  readonly by: Holder;
  readonly searcher: Holder;
  readonly lease: number;
}

/**
 * A child whose parent is gone goes on with units `from..to` of the parent's lease under this manager. The driver has
 * checked the parent's signature under them. A sub-manager asks for the rest of a lease piece by piece.
 */
export interface OrphanEvent extends Span {
  readonly kind: "orphan";
  readonly now: number;
  readonly holder: Holder;
  readonly request: number;
  /** As in an ask. */
  readonly holds: readonly number[];
  readonly lease: number;
}

/** A nonce that meets the target; the driver has hashed it. */
export interface FoundEvent {
  readonly kind: "found";
  readonly now: number;
  readonly node: number;
  readonly nonce: bigint;
}

/** The answer to an `append` effect: more than half of the team holds the step. */
export interface HeldEvent {
  readonly kind: "held";
  readonly now: number;
  readonly id: number;
}

/** No more grants in this round: half of the phase is over, or there is a find and one is enough. */
export interface CloseEvent {
  readonly kind: "close";
  readonly now: number;
}

/**
 * turn: the round is over, and its log goes on in the next one. begin: the chain has reached the round of a log that
 * began before.
 */
export interface TurnEvent {
  readonly kind: "turn" | "begin";
  readonly now: number;
}

/** No more grants until the round turns: it has all that it can take, and the chain has not reached it. */
export interface PauseEvent {
  readonly kind: "pause";
  readonly now: number;
}

/** Feed one every half second or so. */
export interface DeskTickEvent {
  readonly kind: "tick";
  readonly now: number;
}

export type DeskEvent =
  | AskEvent
  | BeatEvent
  | DeliverEvent
  | OrphanEvent
  | FoundEvent
  | HeldEvent
  | CloseEvent
  | TurnEvent
  | PauseEvent
  | DeskTickEvent;

/** Write this step to the log; feed `held` with the id back once it is safe. */
export interface AppendEffect {
  readonly kind: "append";
  readonly id: number;
  readonly step: LeaseStep;
}

/** The answer to an ask: search these units, and beat. */
export interface LeaseEffect extends Span {
  readonly kind: "lease";
  readonly holder: Holder;
  readonly request: number;
  readonly lease: number;
  /** How long it should take. */
  readonly expectedMs: number;
}

/**
 * The answer to a beat or delivery. ack: these units of the holder are on the log, and it may claim them. stale: others
 * have searched them before; they are not to be claimed, nor sent again.
 */
export interface AckEffect extends Span {
  readonly kind: "ack" | "stale";
  /** Where the answer goes: the holder itself, or the sub-manager that delivered. */
  readonly by: Holder;
  readonly holder: Holder;
  readonly lease: number;
}

/** Tell the holder that its lease ends at `to`: it searches no further. */
export interface EndEffect {
  readonly kind: "end";
  readonly holder: Holder;
  readonly lease: number;
  readonly to: number;
}

/** Why there is no lease. */
export type WaitReason =
  /** All that is left is being searched; ask again. */
  | { readonly code: "NOTHING_FREE" }
  /** More of the lane's time went on asking and waiting than on hashing, over its last leases. */
  | {
      readonly code: "TOO_FAR";
      readonly rttMs: number;
      /** Of its time, that it did not search: 0 to 1. */
      readonly overhead: number;
      /** How long it searched for each of them, on average. */
      readonly leaseMs: number;
    }
  /** The lane lost leases without having searched a unit of them. */
  | { readonly code: "RESTING" }
  /** The round takes no more work: commit. */
  | { readonly code: "CLOSED" };

/** The answer to an ask when there is no lease. */
export interface WaitEffect {
  readonly kind: "wait";
  readonly holder: Holder;
  readonly request: number;
  readonly reason: WaitReason;
  /** Ask again after so long; the desk answers before when it has something. */
  readonly ms: number;
}

/** All units are searched, and as many of them twice as the order wants and those that are there can; said once. */
export interface CoveredEffect {
  readonly kind: "covered";
}

/** A find is on the log, safe from any single failure. */
export interface FindEffect {
  readonly kind: "find";
  readonly node: number;
  readonly nonce: bigint;
}

export type DeskEffect =
  | AppendEffect
  | LeaseEffect
  | AckEffect
  | EndEffect
  | WaitEffect
  | CoveredEffect
  | FindEffect;
