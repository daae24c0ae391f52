/** What an entry of the lease log says, as the lease table reads it, and the way from one form to the other. */
import { LEASE_ENTRIES, type LeaseEntry } from "../../../../chain/types/lease.ts";
import { leaseEntryKind } from "../../../../chain/workload/search/lease-log.ts";
import type { Span } from "./span.ts";

/** Worker lanes of one node in one search, at most: numbered from 0. */
export const MAX_LANES = 256;
/** The number by which a node holds leases for those below it in the tree. */
export const SUB_LANE = MAX_LANES;

/** The number by which a node delivers what it has searched of leases of the round before. */
export const TURNED_LANE: number = SUB_LANE + 1;

/** A lane of a node, or the sub-manager that it is: who holds a lease, and who asks for one. */
export interface Holder {
  /** Node index. */
  readonly node: number;
  readonly lane: number;
}

/** A new lease. Its number is one more than the last one's. */
export interface GrantStep extends Holder, Span {
  readonly kind: "grant" | "race" | "repeat" | "pass";
  readonly lease: number;
}
/** The holder has searched its lease up to `to`. */
export interface ProgressStep {
  readonly kind: "progress";
  readonly lease: number;
  readonly to: number;
}
/** A node has searched units of a lease that is another's, or that was cut. */
export interface PartStep extends Holder, Span {
  readonly kind: "part";
  readonly lease: number;
}
/** The lease ends at `to`. */
export interface CutStep {
  readonly kind: "cut";
  readonly lease: number;
  readonly to: number;
}
export interface FindStep {
  readonly kind: "find";
  readonly node: number;
  readonly nonce: bigint;
}
export interface TakeoverStep {
  readonly kind: "takeover";
}
/** close: no more grants. turn: nothing more. begin: the chain has reached the round. */
export interface RoundStep {
  readonly kind: "close" | "turn" | "begin";
}

export type LeaseStep =
  | GrantStep
  | ProgressStep
  | PartStep
  | CutStep
  | FindStep
  | TakeoverStep
  | RoundStep;

type SaidByStep = Pick<LeaseEntry, "kind" | "lease" | "node" | "lane" | "from" | "to">;

/** The fields of an entry that a step decides. */
export function fieldsOf(step: LeaseStep): SaidByStep {
  const none = { lease: 0, node: 0, lane: 0, from: 0n, to: 0n };
  const kind = LEASE_ENTRIES.indexOf(step.kind);
  switch (step.kind) {
    case "grant":
    case "race":
    case "repeat":
    case "pass":
    case "part": {
      const { lease, node, lane, from, to } = step;
      return { kind, lease, node, lane, from: BigInt(from), to: BigInt(to) };
    }
    case "progress":
    case "cut":
      return { ...none, kind, lease: step.lease, to: BigInt(step.to) };
    case "find":
      return { ...none, kind, node: step.node, from: step.nonce };
    case "takeover":
    case "close":
    case "turn":
    case "begin":
      return { ...none, kind };
    default:
      return step satisfies never;
  }
}

/** @throws RangeError for an entry of no known kind, or with units past 2^53 */
export function stepOf(entry: LeaseEntry): LeaseStep {
  const kind = leaseEntryKind(entry);
  const { lease, node, lane } = entry;
  switch (kind) {
    case "grant":
    case "race":
    case "repeat":
    case "pass":
      return { kind, lease, node, lane, from: unit(entry.from), to: unit(entry.to) };
    case "part":
      return { kind, lease, node, lane, from: unit(entry.from), to: unit(entry.to) };
    case "progress":
    case "cut":
      return { kind, lease, to: unit(entry.to) };
    case "find":
      return { kind, node, nonce: entry.from };
    case "takeover":
    case "close":
    case "turn":
    case "begin":
      return { kind };
    default:
      return kind satisfies never;
  }
}

function unit(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new RangeError(`there is no unit ${value}`);
  return Number(value);
}
