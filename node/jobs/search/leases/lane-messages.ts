/**
 * What goes into the state machine of one worker lane of a search (events), and what it asks its driver to do
 * (effects). The lane has a parent that gives it leases: the active manager, or a sub-manager.
 */
import type { Ancestry } from "./ancestry.ts";
import type { Span } from "./span.ts";

/** The answer to an ask. */
export interface LaneLeaseEvent extends Span {
  readonly kind: "lease";
  readonly now: number;
  readonly request: number;
  readonly lease: number;
  /** From a sub-manager: by which leases managers above it know these units. */
  readonly parents: Ancestry;
}
/** There is none; ask again after `ms`. */
export interface LaneWaitEvent {
  readonly kind: "wait";
  readonly now: number;
  readonly request: number;
  readonly ms: number;
}
/** Units of a lease are on the log. `stale`: they are another's. */
export interface LaneAckEvent extends Span {
  readonly kind: "ack" | "stale";
  readonly now: number;
  readonly lease: number;
}
/** The lease ends at `to`. */
export interface LaneEndEvent {
  readonly kind: "end";
  readonly now: number;
  readonly lease: number;
  readonly to: number;
}
/** The worker has searched all units of the lease before `at`. */
export interface SearchedEvent {
  readonly kind: "searched";
  readonly now: number;
  readonly lease: number;
  readonly at: number;
}
/** The parent answered something, if only the beat: it is alive. */
export interface LaneHeardEvent {
  readonly kind: "heard";
  readonly now: number;
}
/**
 * The lane has another parent from now on. Leases stay as they are, and what is not acknowledged is sent to it.
 * `isAbove`: the parent was a sub-manager, and this is the manager above it.
 */
export interface LaneManagerEvent {
  readonly kind: "manager";
  readonly now: number;
  readonly isAbove: boolean;
}
/** The worker searches no more of these units: all that it did was told. After the round is closed it must come. */
export interface StoppedEvent {
  readonly kind: "stopped";
  readonly now: number;
  readonly lease: number;
}
/** The round takes no more work. */
export interface LaneCloseEvent {
  readonly kind: "close";
  readonly now: number;
  /** The unit under way with what ended the round in it: it is searched to its end. */
  readonly last?: number;
}
/** Feed one every quarter of a second or so. */
export interface LaneTickEvent {
  readonly kind: "tick";
  readonly now: number;
}

export type LaneEvent =
  | LaneLeaseEvent
  | LaneWaitEvent
  | LaneAckEvent
  | LaneEndEvent
  | SearchedEvent
  | StoppedEvent
  | LaneHeardEvent
  | LaneManagerEvent
  | LaneCloseEvent
  | LaneTickEvent;

/** Ask the parent for a lease. */
export interface LaneAskEffect {
  readonly kind: "ask";
  readonly request: number;
  /** The lane's unsettled leases from this parent. If the lane holds another one there, the parent sends it again. */
  readonly holds: readonly number[];
}
/** Tell the parent how far the lease is. */
export interface LaneBeatEffect {
  readonly kind: "beat";
  readonly lease: number;
  readonly at: number;
}
/** To the manager above a parent that is gone: units of its lease that this lane has searched. */
export interface LaneDeliverEffect extends Span {
  readonly kind: "deliver";
  readonly lease: number;
}
/** To the same: this lane goes on with these units of the parent's lease, and asks for a lease of its own over them. */
export interface LaneOrphanEffect extends Span {
  readonly kind: "orphan";
  readonly request: number;
  /** As in an ask. */
  readonly holds: readonly number[];
  readonly lease: number;
}
/**
 * Have the worker search these units, in order. `lease` names them until they are searched or stopped, whatever
 * becomes of their lease meanwhile.
 */
export interface SearchEffect extends Span {
  readonly kind: "search";
  readonly lease: number;
}
/** Have the worker stop these units at `to`, or as soon as it can when it is past it. */
export interface StopEffect {
  readonly kind: "stop";
  readonly lease: number;
  readonly to: number;
}
/** These units may be claimed. */
export interface ClaimEffect extends Span {
  readonly kind: "claim";
  readonly lease: number;
}
/**
 * The parent has not answered for three beats, or answers and has kept this lane waiting for seven. Under a manager: ask the team who manages now, and feed `manager`. Under
 * a sub-manager: turn to the manager above it with `orphan` and `deliver`.
 */
export interface SeekEffect {
  readonly kind: "seek";
}

export type LaneEffect =
  | LaneAskEffect
  | LaneBeatEffect
  | LaneDeliverEffect
  | LaneOrphanEffect
  | SearchEffect
  | StopEffect
  | ClaimEffect
  | SeekEffect;
