/**
 * What goes into a sub-manager (events), and what it asks its driver to do (effects). It is a participant that holds
 * leases for its children: towards them it is a desk, towards the manager above a holder.
 */
import type { Ancestry, ParentLease } from "./ancestry.ts";
import type { DeskEffect, DeskEvent } from "./desk-messages.ts";
import type {
  LaneAskEffect,
  LaneBeatEffect,
  LaneManagerEvent,
  LaneOrphanEffect,
  SeekEffect,
} from "./lane-messages.ts";
import type { Span } from "./span.ts";
import type { Holder } from "./step.ts";

/** From a child. */
export interface ChildEvent {
  readonly kind: "child";
  readonly now: number;
  readonly event: Extract<DeskEvent, { kind: "ask" | "beat" | "deliver" | "orphan" }>;
}
/** From above: the answer to an ask. */
export interface SubLeaseEvent extends ParentLease {
  readonly kind: "lease";
  readonly now: number;
  readonly request: number;
  /** By which leases managers above the one that gave it know these units. */
  readonly parents: Ancestry;
}
export interface SubWaitEvent {
  readonly kind: "wait";
  readonly now: number;
  readonly request: number;
  readonly ms: number;
}
/** From above: units of a child are on the log, or are another's. */
export interface SubAckEvent extends Span {
  readonly kind: "ack" | "stale";
  readonly now: number;
  readonly searcher: Holder;
}
/** From above: the lease ends at `to`. */
export interface SubEndEvent {
  readonly kind: "end";
  readonly now: number;
  readonly lease: number;
  readonly to: number;
}
/** heard: the manager above answered something. close: the round takes no more work; the driver tells the children. */
export interface SubNewsEvent {
  readonly kind: "heard" | "close" | "tick";
  readonly now: number;
}
export type SubEvent =
  | ChildEvent
  | SubLeaseEvent
  | SubWaitEvent
  | SubAckEvent
  | SubEndEvent
  | LaneManagerEvent
  | SubNewsEvent;

/** An ask to the manager above, as `ask` of a desk. */
export interface SubAskEffect extends LaneAskEffect {
  readonly lanes: number;
}
/** To the manager above: what a child has searched. */
export interface SubDeliverEffect extends Span {
  readonly kind: "deliver";
  readonly lease: number;
  readonly searcher: Holder;
}
/** To a child. With a lease goes by which leases managers above know its units. */
export interface ToChildEffect {
  readonly kind: "to-child";
  readonly effect: Extract<DeskEffect, { kind: "lease" | "ack" | "stale" | "wait" | "end" }>;
  readonly parents: Ancestry;
  /** Which of this sub-manager's leases they are part of: what it signs. */
  readonly parts: readonly LeasePart[];
}
export interface LeasePart extends ParentLease {
  /** How many managers above its parent the one stands that gave it the lease. */
  readonly level: number;
}
export type SubEffect =
  | SubAskEffect
  | LaneBeatEffect
  | LaneOrphanEffect
  | SubDeliverEffect
  | ToChildEffect
  | SeekEffect;
