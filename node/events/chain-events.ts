/** Turns final blocks and peer changes into events for the stream. */
import { toHex } from "../../chain/crypto/hash.ts";
import type { Host } from "../../p2p/host.ts";
import { encodeBlockSummary, encodeRatingChange } from "../api/encode/block.ts";
import { encodeJobSummary, encodeRound } from "../api/encode/job.ts";
import type { Chain, FinalBlock } from "../chain/chain.ts";
import type { EventHub } from "./event-hub.ts";

export interface ChainEventModules {
  readonly chain: Chain;
  readonly host: Host;
  readonly events: EventHub;
}

export class ChainEvents {
  readonly #modules: ChainEventModules;
  /** Phase and round last told, by job index. */
  readonly #told = new Map<number, string>();

  constructor(modules: ChainEventModules) {
    this.#modules = modules;
    for (const [index, job] of modules.chain.state.jobs.entries()) {
      this.#told.set(index, `${job.phase}/${job.round}`);
    }
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
    for (const [index, job] of state.jobs.entries()) {
      const now = `${job.phase}/${job.round}`;
      if (this.#told.get(index) === now) continue;
      this.#told.set(index, now);
      events.emit("job", encodeJobSummary(job));
    }
  }
}
