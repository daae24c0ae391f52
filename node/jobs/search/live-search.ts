/**
 * What a node sees of a search while a round is under way. A member of the team sees the whole round in its log of
 * leases; a participant sees its own part. Nothing of it is on the chain, and nothing of it is secret.
 */
import type { Spans } from "./leases/span.ts";

/** Who sees: a member of the team all nodes, a participant itself. */
export const SEEN_BY = ["team", "participant"] as const;

export interface LiveSearch {
  readonly seenBy: (typeof SEEN_BY)[number];
  /** The node that gives out the leases of the round, as far as this node knows; undefined while there is none. */
  readonly manager?: LiveManager | undefined;
  /** Units that were searched in this round. */
  readonly searched: Spans;
  /** Units that are held, and not searched yet. */
  readonly leased: Spans;
  readonly nodes: readonly LiveNode[];
}

export interface LiveManager {
  readonly node: number;
  /** 0 under the first manager of the round; higher after each takeover. */
  readonly view: number;
}

export interface LiveNode {
  readonly node: number;
  /** Units of the round that it may claim. */
  readonly units: number;
  readonly unitsPerSecond: number;
}

export interface LiveSource {
  live(): LiveSearch;
}
