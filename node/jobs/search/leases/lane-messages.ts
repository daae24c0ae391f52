/**
 * What goes into the state machine of one worker lane of a search (events), and what it asks its driver to do
 * (effects). The lane has a parent that gives it leases: the active manager, or a sub-manager.
 */
import type { Span } from "./span.ts";

/** The answer to an ask. */
export interface LaneLeaseEvent extends Span {
  readonly kind: "lease";
  readonly now: number;
  readonly request: number;
  readonly lease: number;
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
/** Another manager took over; leases stay as they are, what is not acknowledged is sent to it. */
export interface LaneManagerEvent {
  readonly kind: "manager";
  readonly now: number;
}
/** The round takes no more work. */
export interface LaneCloseEvent {
  readonly kind: "close";
  readonly now: number;
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
  | LaneManagerEvent
  | LaneCloseEvent
  | LaneTickEvent;

/** Ask the parent for a lease. */
export interface LaneAskEffect {
  readonly kind: "ask";
  readonly request: number;
}
/** Tell the parent how far the lease is. */
export interface LaneBeatEffect {
  readonly kind: "beat";
  readonly lease: number;
  readonly at: number;
}
/** Have the worker search these units, in order. */
export interface SearchEffect extends Span {
  readonly kind: "search";
  readonly lease: number;
}
/** Have the worker stop this lease at `to`, or as soon as it can when it is past it. */
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
 * The parent has not answered for three beats. Under a manager: ask the team who manages now, and feed `manager`. Under
 * a sub-manager: turn to the manager above it with `orphan` and `deliver`.
 */
export interface SeekEffect {
  readonly kind: "seek";
}

export type LaneEffect =
  | LaneAskEffect
  | LaneBeatEffect
  | SearchEffect
  | StopEffect
  | ClaimEffect
  | SeekEffect;
