/** Whose turn it is to manage when the active manager is gone, and whether a takeover is right. */
import { equalBytes } from "../../../../chain/crypto/hash.ts";
import type { LeaseEntry, LeasePromise, SignedLeaseEntry } from "../../../../chain/types/lease.ts";
import { ZERO_HASH } from "../../../../chain/types/primitive.ts";
import { contradicts, leaseRoot } from "../../../../chain/workload/search/lease-log.ts";
import type { TakeoverProof } from "./member-messages.ts";
import { BEAT_MS, MANAGER_MISSES } from "./timing.ts";

/** How far a log goes. Logs of later views are further, of one view the longer one. */
export interface LogHead {
  readonly view: number;
  readonly sequence: number;
  readonly root: Uint8Array;
}

export const EMPTY_HEAD: LogHead = { view: 0, sequence: 0, root: ZERO_HASH };

export function headOf(entry: LeaseEntry | undefined): LogHead {
  if (entry === undefined) return EMPTY_HEAD;
  return { view: entry.view, sequence: entry.sequence, root: leaseRoot(entry) };
}

export function headOfPromise({ lastView, lastSequence, lastRoot }: LeasePromise): LogHead {
  return { view: lastView, sequence: lastSequence, root: lastRoot };
}

export function isFurther(a: LogHead, b: LogHead): boolean {
  return a.view > b.view || (a.view === b.view && a.sequence > b.sequence);
}

export interface TeamShape {
  /** Node indexes in drawn order. */
  readonly team: readonly number[];
  /** From 1. */
  readonly round: number;
}

/** Position in the team whose turn a view is. */
export function turnOf({ team, round }: TeamShape, view: number): number {
  return (round - 1 + view) % team.length;
}

/** More than half. */
export function majorityOf({ team }: TeamShape): number {
  return Math.floor(team.length / 2) + 1;
}

/**
 * The next view after `view` that is this member's, and how many others come before it; members that may not manage are
 * passed over.
 */
export function nextTurn(
  shape: TeamShape,
  view: number,
  member: number,
  isOut: (member: number) => boolean,
): { readonly view: number; readonly before: number } | undefined {
  let before = 0;
  for (let next = view + 1; next <= view + shape.team.length; next++) {
    const whose = turnOf(shape, next);
    if (isOut(whose)) continue;
    if (whose === member) return { view: next, before };
    before++;
  }
  return undefined;
}

/** How long the manager must have been silent before the member with so many others before it asks for the turn. */
export function patienceMs(before: number): number {
  return (MANAGER_MISSES + 2 * before) * BEAT_MS;
}

/**
 * Whether more than half of the team gave the writer of a takeover its turn, and it follows the furthest of their logs.
 * The signatures were checked by whoever calls.
 */
export function isRightTakeover(
  entry: LeaseEntry,
  proof: TakeoverProof,
  shape: TeamShape,
): boolean {
  const members = new Set<number>();
  let furthest = EMPTY_HEAD;
  for (const { promise } of proof.promises) {
    const isOfIt =
      promise.view === entry.view &&
      promise.round === entry.round &&
      equalBytes(promise.job, entry.job) &&
      shape.team.includes(promise.member);
    if (!isOfIt) return false;
    members.add(promise.member);
    const head = headOfPromise(promise);
    if (isFurther(head, furthest)) furthest = head;
  }
  if (members.size < majorityOf(shape)) return false;
  const limit = proof.fork === undefined ? undefined : forkOf(proof.fork);
  if (limit !== undefined && limit.view === furthest.view && limit.sequence <= furthest.sequence) {
    // Which of the two logs is meant follows from the chain: they are one before the fork.
    return entry.sequence === limit.sequence;
  }
  if (entry.sequence !== furthest.sequence + 1) return false;
  // What a first entry goes on from is none of the promises' business.
  return furthest.sequence === 0 || equalBytes(entry.previous, furthest.root);
}

/** Where two logs of one manager part; undefined when the entries do not show that there are two. */
export function forkOf([first, second]: readonly [SignedLeaseEntry, SignedLeaseEntry]):
  | { readonly view: number; readonly sequence: number }
  | undefined {
  const [a, b] = [first.entry, second.entry];
  if (!contradicts(a, b)) return undefined;
  return { view: a.view, sequence: Math.min(a.sequence, b.sequence) };
}
