/**
 * A member of a search job's team keeps the lease log of a round together with the others. These are the messages that
 * members send each other, what goes into the state machine of one member (events), and what it asks its driver to do
 * (effects). The driver verifies signatures before it feeds a message, and carries effects out in order: what follows a
 * `journal` effect only once that is on the disk. Positions are those in the team as drawn.
 */
import type { SignedLeaseEntry, SignedLeasePromise } from "../../../../chain/types/lease.ts";
import type { Spans } from "./span.ts";
import type { LeaseStep } from "./step.ts";
import type { LogOrigin } from "./turned.ts";

/** Entries of one message, at most. */
export const ENTRIES_A_MESSAGE = 256;

/** Why a takeover is right: what more than half of the team promised. */
export interface TakeoverProof {
  readonly promises: readonly SignedLeasePromise[];
  /**
   * Two entries of a manager that wrote two logs: the new one goes on before the first of them, and what it granted
   * from there on is void.
   */
  readonly fork?: readonly [SignedLeaseEntry, SignedLeaseEntry];
}

/** An entry as members keep and send it. */
export interface LogEntry {
  readonly signed: SignedLeaseEntry;
  /** Of a `takeover`, and of nothing else. */
  readonly proof?: TakeoverProof;
}

/** From the manager of `view`, with or without entries; it counts as a heartbeat. */
export interface AppendMessage {
  readonly kind: "append";
  readonly view: number;
  /** Sequence of the entry before the first of these. */
  readonly after: number;
  readonly entries: readonly LogEntry[];
  /** More than half of the team holds the log up to this sequence. */
  readonly held: number;
}
/** The log of `view` is here up to `sequence`; with `lacks`, send what follows. */
export interface HoldsMessage {
  readonly kind: "holds" | "lacks";
  readonly view: number;
  readonly sequence: number;
}
/** A candidate asks for a promise. */
export interface CanvassMessage {
  readonly kind: "canvass";
  readonly view: number;
}
export interface PromiseMessage {
  readonly kind: "promise";
  readonly signed: SignedLeasePromise;
}
/** No promise for `view`. */
export interface DeclineMessage {
  readonly kind: "decline";
  readonly view: number;
  /**
   * view: it promised `known`, a higher one, or this one's turn is another's. alive: it hears the manager of `known`.
   * barred: the candidate submitted a find while there was no manager. expelled: it wrote two logs. forgetful: the
   * member asked has lost its log of this round, so it promises nothing.
   */
  readonly reason: "view" | "alive" | "barred" | "expelled" | "forgetful";
  readonly known: number;
}
/** Send entries after `after`. */
export interface FetchMessage {
  readonly kind: "fetch";
  readonly after: number;
}
export interface EntriesMessage {
  readonly kind: "entries";
  readonly after: number;
  readonly entries: readonly LogEntry[];
}

/** The last entry of the sender's log. */
export interface HeadMessage {
  readonly kind: "head";
  readonly view: number;
  readonly sequence: number;
  readonly root: Uint8Array;
}

export type MemberMessage =
  | AppendMessage
  | HoldsMessage
  | CanvassMessage
  | PromiseMessage
  | DeclineMessage
  | FetchMessage
  | EntriesMessage
  | HeadMessage;

/** A message whose signatures hold, from the member in position `from`. */
export interface MessageEvent {
  readonly kind: "message";
  readonly now: number;
  readonly from: number;
  readonly message: MemberMessage;
}
/** Feed one every quarter of a second or so. */
export interface MemberTickEvent {
  readonly kind: "tick";
  readonly now: number;
}
/** The desk's `append`: taken by the active manager alone. */
export interface WriteEvent {
  readonly kind: "write";
  readonly now: number;
  readonly id: number;
  readonly step: LeaseStep;
}
/**
 * The member in position `member` submitted a find, to this one or being this one. If there is no active manager now,
 * it is barred from the next takeovers of this round (paper 000, K5).
 */
export interface SubmitEvent {
  readonly kind: "submit";
  readonly now: number;
  readonly member: number;
}
/** The chain expelled the member in position `member`. */
export interface ExpelEvent {
  readonly kind: "expel";
  readonly now: number;
  readonly member: number;
}

/** The chain has reached the round of a log that began before; once. */
export interface ReachedEvent {
  readonly kind: "reached";
  readonly now: number;
  /** Units. */
  readonly open: Spans;
}

export type MemberEvent =
  | MessageEvent
  | MemberTickEvent
  | WriteEvent
  | SubmitEvent
  | ExpelEvent
  | ReachedEvent;

/** What a member must not forget: feed all of it to a new machine after a restart. */
export type JournalNote =
  | { readonly kind: "promise"; readonly view: number }
  /** Before all others: the log may go on from here. */
  | { readonly kind: "origin"; readonly origin: LogOrigin }
  /** Entries after `after` replace what was there. */
  | { readonly kind: "log"; readonly after: number; readonly entries: readonly LogEntry[] };

export interface JournalEffect {
  readonly kind: "journal";
  readonly note: JournalNote;
}
/** To one position, or to all others. */
export interface SendEffect {
  readonly kind: "send";
  readonly to: number | "others";
  readonly message: MemberMessage;
}
/** The step is held by more than half of the team: feed `held` to the desk. */
export interface WrittenEffect {
  readonly kind: "written";
  readonly id: number;
}
/** Entries that can no longer be lost, in order; for the lease table, on every member. */
export interface SafeEffect {
  readonly kind: "safe";
  readonly entries: readonly LogEntry[];
}
/** This member manages from now on: make a desk from the lease table of `log`, whole. */
export interface LeadEffect {
  readonly kind: "lead";
  readonly view: number;
  readonly log: readonly LogEntry[];
}
/** It no longer does: drop the desk; answers that it holds back are never given. */
export interface YieldEffect {
  readonly kind: "yield";
}
/** The manager in position `member` is the active one, as far as this member knows; undefined: there is none. */
export interface ManagerEffect {
  readonly kind: "manager";
  readonly view: number;
  readonly member: number | undefined;
}
/** The member in position `member` named entries in its promise of `view` that it did not show: it counts as not given. */
export interface UnprovenEffect {
  readonly kind: "unproven";
  readonly member: number;
  readonly view: number;
}
/** A manager signed both: evidence for the chain. It is out of the team here already. */
export interface ForkEffect {
  readonly kind: "fork";
  readonly member: number;
  readonly first: SignedLeaseEntry;
  readonly second: SignedLeaseEntry;
}

export type MemberEffect =
  | JournalEffect
  | SendEffect
  | WrittenEffect
  | SafeEffect
  | LeadEffect
  | YieldEffect
  | ManagerEffect
  | UnprovenEffect
  | ForkEffect;
