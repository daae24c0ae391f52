/** The tree of one round of a search as a node needs it: who stands where, and what was signed of it. */
import type { Job } from "../../../chain/types/job.ts";
import { LeaseShares } from "./lease-shares.ts";
import { FAN_OUT, type FanOut, LeaseTree } from "./leases/tree.ts";

export interface RoundTree {
  readonly tree: LeaseTree;
  readonly shares: LeaseShares;
}

export interface RoundTreeModules {
  readonly genesisRoot: Uint8Array;
  /** The same on all nodes; a test lowers it. */
  readonly fanOut?: FanOut;
  /** Public key of a node. */
  keyOf(node: number): Uint8Array;
}

export function roundTree(
  { id, participants }: Pick<Job, "id" | "participants">,
  round: number,
  { genesisRoot, fanOut = FAN_OUT, keyOf }: RoundTreeModules,
): RoundTree {
  const tree = new LeaseTree({ participants: participants.map(({ node }) => node), round }, fanOut);
  return { tree, shares: new LeaseShares({ job: id, round, genesisRoot, tree, keyOf }) };
}
