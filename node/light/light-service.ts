/**
 * What a node serves to light clients: blocks without bodies, a short route of blocks from one they trust, and proofs
 * of the contents of a block or of the newest state.
 */
import { equalBytes } from "../../chain/crypto/hash.ts";
import type { Head } from "../../chain/head.ts";
import {
  type BodyKind,
  proveInBody,
  proveInState,
  type StateKind,
} from "../../chain/light/inclusion.ts";
import { findRoute, type Route, type RouteSource } from "../../chain/light/route.ts";
import { trustGenesisHead } from "../../chain/light/trust-genesis.ts";
import { grown, type Trusted } from "../../chain/light/trusted.ts";
import type { State } from "../../chain/state/state.ts";
import type { CertifiedBlock } from "../../chain/types/block.ts";
import type { Job } from "../../chain/types/job.ts";
import type { InclusionProof, LightBlock } from "../../chain/types/light.ts";
import type { Seat } from "../../chain/types/node.ts";
import { Seats } from "../../chain/types/state.ts";

/** The part of the store that this service needs. */
export interface LightStore {
  block(height: number): Promise<CertifiedBlock | undefined>;
  seatChange(height: number, side: "upTo" | "from"): Promise<LightBlock | undefined>;
}

export interface LightModules {
  readonly store: LightStore;
  /** The head before block 1. */
  readonly genesis: Head;
  /** The record of a settled job; undefined when this node does not have it. */
  readonly settledJob: (index: number) => Promise<Job | undefined>;
  /** The newest state, and the seats that certified the newest block. */
  readonly head: () => { readonly state: State; readonly seats: readonly Seat[] };
}

/** A proof, together with the block whose header it refers to. */
export interface ProofUnderBlock {
  readonly proof: InclusionProof;
  readonly block: LightBlock;
}

/** The largest number of steps of a route; with the largest blocks this is about half a megabyte. */
const MAX_ROUTE = 32;
/** Limit of reads for one request; when it is reached the route is shorter, and the client continues from there. */
const MAX_READS = 128;

export class LightService {
  readonly #modules: Omit<LightModules, "genesis">;
  readonly #genesis: Trusted;

  constructor({ genesis, ...modules }: LightModules) {
    this.#modules = modules;
    this.#genesis = trustGenesisHead(genesis);
  }

  /** A final block without its body; undefined when this node does not have it. */
  async block(height: number): Promise<LightBlock | undefined> {
    const { store, head } = this.#modules;
    const change = await store.seatChange(height, "from");
    if (change?.header.height === height) return change;
    const certified = await store.block(height);
    if (certified === undefined) return undefined;
    const { header } = certified.block;
    const seats = [...(change?.seats ?? head().seats)];
    if (!equalBytes(Seats.hashTreeRoot(seats), header.seatsRoot)) return undefined;
    return { header, certificate: certified.certificate, seats, appointed: [] };
  }

  /**
   * Blocks that lead from one height to another; 0 is genesis.
   * @returns undefined when this node lacks one of the two ends
   */
  async route(from: number, to: number): Promise<Route | undefined> {
    const { store } = this.#modules;
    const target = await this.block(to);
    const start = await this.#start(from);
    if (target === undefined || start === undefined) return undefined;
    let reads = 0;
    const read = async (height: number, side: "upTo" | "from") =>
      ++reads > MAX_READS ? undefined : store.seatChange(height, side);
    const source: RouteSource = {
      changeUpTo: async (height, above) => {
        const change = await read(height, "upTo");
        return change !== undefined && change.header.height > above ? change : undefined;
      },
      changeAfter: (height) => read(height + 1, "from"),
    };
    return findRoute(start, target, { source, limit: MAX_ROUTE });
  }

  /** A record of the newest state; undefined before the first block, and when this node does not have the record. */
  async proveInState(kind: StateKind, index: number): Promise<ProofUnderBlock | undefined> {
    const { head, settledJob } = this.#modules;
    const isOpen = (): boolean => head().state.jobs.get(index) !== undefined;
    const settled = kind !== "job" || isOpen() ? undefined : await settledJob(index);
    const { state } = head();
    if (state.height === 0) return undefined;
    if (kind === "job" && settled === undefined && !isOpen()) return undefined;
    // Both at once, because the next block may replace the state while the block is being read.
    const proof = proveInState(state, kind, index, settled);
    const block = await this.block(state.height);
    return block === undefined ? undefined : { proof, block };
  }

  /** @returns undefined when this node does not have the block, or the block has no such entry */
  async proveInBody(
    kind: BodyKind,
    height: number,
    index: number,
  ): Promise<ProofUnderBlock | undefined> {
    const certified = await this.#modules.store.block(height);
    const block = await this.block(height);
    if (certified === undefined || block === undefined) return undefined;
    try {
      return { proof: proveInBody(certified.block.body, kind, index), block };
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  async #start(height: number): Promise<Trusted | undefined> {
    if (height === 0) return this.#genesis;
    const block = await this.block(height);
    if (block === undefined) return undefined;
    const before = { genesisRoot: this.#genesis.genesisRoot, appointed: [] };
    return grown(before, block, block.certificate.blockHash);
  }
}
