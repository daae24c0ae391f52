/** Turns final blocks and changes of peers into events for the stream. */
import { toHex } from "../../chain/crypto/hash.ts";
import { phaseOf } from "../../chain/job/phase.ts";
import type { Job } from "../../chain/types/job.ts";
import type { Host } from "../../p2p/host.ts";
import type { Chain, FinalBlock } from "../chain/chain.ts";
import { JobWatch } from "../chain/job-watch.ts";
import type { EventHub } from "../events/event-hub.ts";
import { encodeBlockSummary, encodeRatingChange } from "./encode/block.ts";
import { encodeJobSummary, encodeRound } from "./encode/jobs/job.ts";

export interface ChainEventModules {
  readonly chain: Chain;
  readonly host: Host;
  readonly events: EventHub;
}

export class ChainEvents {
  readonly #modules: ChainEventModules;
  readonly #jobs: JobWatch;
  /** Phase and round in the last event, by index of the unsettled job. */
  readonly #told = new Map<number, string>();

  constructor(modules: ChainEventModules) {
    this.#modules = modules;
    this.#jobs = new JobWatch(modules.chain);
    this.#news();
    modules.chain.onBlock((final) => this.#onBlock(final));
    modules.host.onPeer(({ type, peer }) => {
      modules.events.emit("peer", {
        publicKey: toHex(peer.publicKey),
        address: peer.address,
        connected: type === "connect",
      });
    });
  }

  #onBlock({ block, certificate, hash }: FinalBlock): void {
    const { chain, events } = this.#modules;
    const { state } = chain;
    const { height } = block.header;
    events.emit("block", encodeBlockSummary(state, { block, certificate }));
    for (const record of block.body.records) {
      events.emit("round", encodeRound(state, { height, blockHash: hash, record }));
    }
    for (const change of block.body.ratingChanges) {
      events.emit("rating", { ...encodeRatingChange(state, change), height });
    }
    for (const job of this.#news()) events.emit("job", encodeJobSummary(job));
  }

  /** The jobs whose phase or round differs from their last event. */
  #news(): Job[] {
    return this.#jobs.take().flatMap(([index, job]) => {
      const now = `${job.phase}/${job.round}`;
      const isNews = this.#told.get(index) !== now;
      if (phaseOf(job) === "settled") this.#told.delete(index);
      else this.#told.set(index, now);
      return isNews ? [job] : [];
    });
  }
}
