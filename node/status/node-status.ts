/** The status that a running node reports. */
import type { BootstrapPeer } from "../../p2p/peers/bootstrap.ts";
import type { RefusedPeer } from "../../p2p/peers/reputation.ts";
import type { WaitingTransaction } from "../chain/transaction-status.ts";
import type { HeardElsewhere } from "../consensus/key-watch.ts";
import type { SearchTrouble } from "../jobs/search/search-troubles.ts";
import type { PeerHeights } from "../network/peer-heights.ts";
import type { WindowWork } from "../rating/window-service.ts";
import type { JoiningProgress } from "../snapshots/joining.ts";
import type { WorkerStatus } from "../workers/worker-status.ts";

export interface NodeStatus {
  readonly version: string;
  readonly network: string;
  readonly genesisRoot: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly name: string;
  readonly height: number;
  readonly headHash: Uint8Array;
  /** Lowest height whose block is stored here. */
  readonly lowestBlock: number;
  /** Blocks damaged on this node's disk that wait for a peer. */
  readonly damagedBlocks: number;
  /** False: the disk is nearly full, and the node neither votes nor takes blocks. */
  readonly hasDiskRoom: boolean;
  /** False: the disk has less room than files of jobs must leave to the chain, so none is accepted. */
  readonly hasJobRoom: boolean;
  /** The node does not vote up to this height, because it may have voted there without a record. */
  readonly abstainsThrough: number | undefined;
  /** This node's key signs elsewhere, so this node signs nothing. */
  readonly keyElsewhere: HeardElsewhere | undefined;
  /** Unix milliseconds of the last block. */
  readonly headTime: number;
  /** Current consensus round at height + 1. */
  readonly round: number;
  readonly syncing: boolean;
  /** How far the chain is according to the peers. */
  readonly peerHeights: PeerHeights;
  /** Milliseconds during which a peer has claimed blocks that this node lacks, and none has arrived. */
  readonly idleMs: number;
  /** The progress of a node that started from a snapshot, or looks for one. */
  readonly joining: JoiningProgress;
  readonly peers: readonly PeerStatus[];
  /** The state of each configured bootstrap address. */
  readonly bootstrap: readonly BootstrapPeer[];
  /** Peers that this node refuses because of their behaviour. */
  readonly refusedPeers: readonly RefusedPeer[];
  readonly mempool: { readonly transactions: number; readonly bytes: number };
  /** In nonce order. */
  readonly ownTransactions: readonly WaitingTransaction[];
  readonly workers: readonly WorkerStatus[];
  /** What this process did in its last benchmark window. */
  readonly lastWindow: WindowWork | undefined;
  /** Where a fault of this node was proven: it is out for good. */
  readonly slashedAt: number | undefined;
  /** What keeps this node's workers from searching. */
  readonly searchTroubles: readonly SearchTrouble[];
  readonly uptimeSeconds: number;
  readonly rssBytes: number;
  readonly listen: { readonly p2p: readonly string[]; readonly torrent: string };
}

export interface PeerStatus {
  readonly publicKey: Uint8Array;
  readonly address: string;
  readonly latencyMs: number | undefined;
  readonly score: number;
}
